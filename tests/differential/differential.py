# SPDX-License-Identifier: MIT
"""The codec against Python's json, and against cJSON where that is right, over documents made here.

Each document goes through a decode and an encode (differential.c). Python says whether it is JSON
at all and whether what was written says the same, number by number as exact decimals. cJSON reads
both texts too; its numbers are doubles, it ends texts at a NUL and refuses lone surrogates, so
documents with those are not held against it.
"""

import io
import json
import random
import subprocess
import sys

SEED = 8259
N_DOCUMENTS = 6000
DEPTH_MAX = 512
MAX_OF_DOUBLE = 308

NUMBERS = """0 -0 1 -1 7 42 2147483647 -2147483648 2147483648 9007199254740993 -9007199254740993
9223372036854775807 -9223372036854775808 9223372036854775808 18446744073709551615 1e2
1E+2 5.0 0.1 -0.0 12.50 1e400 -1e400 1e-400 5e-324 1.7976931348623157e308
1.7976931348623159e308 0.30000000000000004 2.2250738585072011e-308 123456789.123456789
1e23 0.1000000000000000055511151231257827021181583404541015625
100000000000000000000000000 1e999999999999 0e99999
1.00000000000000011102230246251565404236316680908203125 9.5e-7 1e21 1e22
123456789012345680000""".split()
WORDS = [
    "",
    "a",
    "plain text",
    "2024-05-17T10:20:30.123456+00:00",
    "0123456789abcdef",
    "0123456789abcde",
    "x" * 100,
]
ESCAPES = [
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\ud83d\\ude00",
    "\\n",
    '\\"',
    "\\\\",
    "\\/",
    "\\u00e9",
    "\\b\\f\\r\\t",
]
FOREIGN = ["é", "東京", "\U0001f600", "\u2028", "\x7f", "\ufeff", "\ufffe"]
COLOURS = ["red", "green", 'deep \\"red\\"', "mauve"]
NASTY = [
    "",
    " ",
    "{",
    "}",
    "[]",
    "null",
    '"x"',
    "{}{}",
    '{"a":1,}',
    "{'a':1}",
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":-Infinity}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":0x1}',
    '{"a":"\t"}',
    '{"a":"\\x41"}',
    '{"a":tru}',
    '{"":{"":{"":null}}}',
    '{"a":1}\x00',
    '{"a":1} x',
    '{"a":' + "[" * 511 + "]" * 511 + "}",
    '{"a":' + "[" * 512 + "]" * 512 + "}",
    '{"a":' * 512 + "1" + "}" * 512,
    '{"a":' * 513 + "1" + "}" * 513,
    "{" + ",".join('"a":%d' % i for i in range(200)) + "}",
    "{" + ",".join('"m%d":%d' % (i, i) for i in range(2000)) + "}",
]


class Number(str):
    """A number's exact value as text: digits without zeros at their ends, and a power of ten."""

    def __new__(cls, text):
        mantissa, _, exponent = text.lower().partition("e")
        whole, _, fraction = mantissa.lstrip("-").partition(".")
        digits = (whole + fraction).lstrip("0")
        tens = int(exponent or 0) - len(fraction)
        stripped = digits.rstrip("0")
        tens += len(digits) - len(stripped)
        if not stripped:
            return str.__new__(cls, "0")
        return str.__new__(cls, f"{'-' if mantissa[0] == '-' else ''}{stripped}e{tens}")

    def is_double(self):
        digits, _, tens = self.lstrip("-").partition("e")
        return not tens or -MAX_OF_DOUBLE < int(tens) + len(digits) < MAX_OF_DOUBLE


class Maker:
    """Makes documents for the members of a model."""

    def __init__(self, random_source, members):
        self.random = random_source
        self.members = members

    def space(self):
        return self.random.choice(
            ["", "", "", "", "", " ", "\n    ", "\r\n\t", " " * 20]
        )

    def text(self):
        kind = self.random.randrange(8)
        if kind == 0:
            return f'"{self.random.choice(COLOURS)}"'
        if kind < 4:
            return f'"{self.random.choice(WORDS)}"'
        parts = [
            self.random.choice([WORDS, ESCAPES, FOREIGN][self.random.randrange(3)])
            for _ in range(kind)
        ]
        return (
            '"'
            + "".join(
                self.random.choice(part) if isinstance(part, list) else part
                for part in parts
            )
            + '"'
        )

    def number(self):
        if self.random.random() < 0.6:
            return self.random.choice(NUMBERS)
        digits = str(self.random.randrange(10 ** self.random.randrange(1, 22)))
        fraction = (
            "." + str(self.random.randrange(10**12))
            if self.random.random() < 0.5
            else ""
        )
        exponent = (
            f"e{self.random.randrange(-330, 330)}" if self.random.random() < 0.3 else ""
        )
        return self.random.choice(["", "-"]) + digits + fraction + exponent

    def value(self, depth):
        kind = self.random.randrange(8 if depth < 6 else 5)
        if kind == 0:
            return self.random.choice(["true", "false", "null"])
        if kind <= 2:
            return self.number()
        if kind <= 4:
            return self.text()
        if kind == 5:
            items = [
                self.space() + self.value(depth + 1) + self.space()
                for _ in range(self.random.randrange(4))
            ]
            return "[" + ",".join(items) + "]"
        return self.object(depth + 1)

    def member(self, depth):
        if self.random.random() < 0.75:
            name = json.dumps(self.random.choice(self.members))
        else:
            name = self.text()
        return (
            self.space()
            + name
            + self.space()
            + ":"
            + self.space()
            + self.value(depth)
            + self.space()
        )

    def object(self, depth=0):
        most = 20 if depth == 0 else 4
        return (
            "{"
            + ",".join(self.member(depth) for _ in range(self.random.randrange(most)))
            + "}"
        )

    def broken(self, document):
        """A document with one thing changed, which may break it."""
        at = self.random.randrange(len(document))
        kind = self.random.randrange(4)
        if kind == 0:
            return document[:at]
        if kind == 1:
            return document[:at] + document[at + 1 :]
        byte = bytes(
            [
                self.random.choice(
                    b'{}[]:,"\\0123456789-+.eEtfn \n\t\x00\x1f\x80\xc3\xed\xff'
                )
            ]
        )
        return document[:at] + byte + document[at + (kind == 3) :]


def parse(document):
    """The value as Python sees it and what is odd about it; None if it is no JSON."""
    odd = {"duplicates": False, "beyond": False}

    def pairs(members):
        odd["duplicates"] = odd["duplicates"] or len(dict(members)) < len(members)
        return {"members": dict(members)}

    def number(text):
        value = Number(text)
        odd["beyond"] = odd["beyond"] or not value.is_double()
        return (value,)

    def constant(text):
        raise ValueError(text)

    try:
        text = document.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_int=number,
            parse_float=number,
            parse_constant=constant,
        )
    except (ValueError, RecursionError):
        return None
    return value, odd


def depth_of(document):
    deepest = depth = 0
    quoted = escaped = False
    for byte in document:
        if quoted:
            quoted = escaped or byte != 0x22
            escaped = not escaped and byte == 0x5C
        elif byte == 0x22:
            quoted = True
        elif byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def due(document, parsed):
    """The status that decoding the document must have."""
    if parsed is None:
        return "UVREST_E_DECODE"
    if depth_of(document) > DEPTH_MAX:
        return "UVREST_E_LIMIT"
    return "UVREST_OK" if isinstance(parsed[0], dict) else "UVREST_E_SCHEMA"


def cjson_is_right(document, odd):
    texts = document.decode("utf-8", "replace").lower()
    return (
        not odd["duplicates"]
        and not odd["beyond"]
        and "\\u0000" not in texts
        and "\\ud" not in texts
    )


def ask(program, documents):
    """The program's answer to each document: status, cJSON's opinion, what was written."""
    sent = b"".join(b"%d\n%s" % (len(document), document) for document in documents)
    got = io.BytesIO(
        subprocess.run([program], input=sent, stdout=subprocess.PIPE, check=True).stdout
    )
    for document in documents:
        status, opinion, length = got.readline().decode().split()
        yield document, status, opinion, got.read(int(length))


def make_documents(members):
    maker = Maker(random.Random(SEED), members)
    documents = [text.encode() for text in NASTY]
    while len(documents) < N_DOCUMENTS:
        document = maker.object().encode()
        documents.append(document)
        if maker.random.random() < 0.5:
            documents.append(maker.broken(document))
    return documents


def main():
    program = sys.argv[1]
    listed = subprocess.run(
        [program, "members"], stdout=subprocess.PIPE, check=True
    ).stdout.decode("utf-8")
    members = [line.split(" ", 1)[1] for line in listed.splitlines()]
    sys.setrecursionlimit(10000)
    failures, counts, compared = [], {}, 0
    for document, status, opinion, written in ask(program, make_documents(members)):
        parsed = parse(document)
        counts[status] = counts.get(status, 0) + 1
        if status != due(document, parsed):
            failures.append(
                (f"{status} instead of {due(document, parsed)}", document, written)
            )
        elif status == "UVREST_OK":
            again = parse(written)
            if again is None or again[0] != parsed[0]:
                failures.append(("not the same", document, written))
            if opinion != "deep" and cjson_is_right(document, parsed[1]):
                compared += 1
                if opinion != "same":
                    failures.append((f"cJSON: {opinion}", document, written))
    for what, document, written in failures[:20]:
        print(f"{what}\n  read    {document[:400]!r}\n  written {written[:400]!r}")
    print(f"{sum(counts.values())} documents: {counts}, {compared} held against cJSON")
    print(f"{len(failures)} failures")
    # A run that compares next to nothing proves nothing.
    enough = (
        counts.get("UVREST_OK", 0) > N_DOCUMENTS // 2 and compared > N_DOCUMENTS // 20
    )
    return (
        0
        if not failures
        and enough
        and counts.get("UVREST_E_DECODE", 0) > N_DOCUMENTS // 10
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())
