# SPDX-License-Identifier: MIT
"""What a C program sees of a library: the declarations of its generated headers.

Read from the headers' text and not from what they are made of, so that nothing a compiler
would notice is missed. Comments are no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INCLUDE = re.compile(r'#include [<"]([^>"]+)[>"]')
_MARKS = re.compile(
    r"\b(UVREST_API|UVREST_MUST_USE|UVREST_BEGIN_DECLS|UVREST_END_DECLS)\b"
)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declared name. parts: members and their types, enumerators and their values, or
    the one signature of a function or callback."""

    kind: str  # function, callback, struct, enum, type
    header: str
    parts: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Surface:
    """All symbols by name, and which headers a header brings with it."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    includes: dict[str, set[str]] = field(default_factory=dict)

    def reaches(self, header: str, other: str) -> bool:
        """Whether a program that includes a header has the other one, too."""
        seen: set[str] = set()
        todo = [header]
        while todo:
            name = todo.pop()
            if name == other:
                return True
            if name not in seen:
                seen.add(name)
                todo += self.includes.get(name, set())
        return False


def surface_of(texts: dict[str, str]) -> Surface:
    """The surface of a library, from its files by path."""
    surface = Surface()
    for path, text in sorted(texts.items()):
        if not path.startswith("include/"):
            continue
        header = path.removeprefix("include/")
        surface.includes[header] = set(_INCLUDE.findall(text))
        for name, symbol in _declared(header, text):
            known = surface.symbols.get(name)
            if known is None or not known.parts:
                surface.symbols[name] = symbol
    return surface


def _declared(header: str, text: str) -> Iterator[tuple[str, Symbol]]:
    text = _COMMENT.sub(" ", text)
    text = re.sub(r'^ *#include "?<?(\S+\.inc)>?$', r"include \1;", text, flags=re.M)
    text = re.sub(r'^#.*$|extern "C" \{', "", text, flags=re.M)
    for statement in _statements(_MARKS.sub(" ", text)):
        found = _symbol(header, statement)
        if found is not None:
            yield found


def _statements(text: str) -> Iterator[str]:
    """Declarations, without the `;` or the body of a function."""
    depth, start = 0, 0
    for index, char in enumerate(text):
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            head = text[start:index]
            if depth == 0 and "(" in head.partition("{")[0]:
                yield _tidy(head.partition("{")[0])
                start = index + 1
        elif char == ";" and depth == 0:
            yield _tidy(text[start:index])
            start = index + 1


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _symbol(header: str, text: str) -> tuple[str, Symbol] | None:
    match = re.match(r"typedef (struct|enum) \w+ \{(.*)\} (\w+)$", text)
    if match:
        kind, body, name = match.groups()
        parts = _members(body) if kind == "struct" else _enumerators(body)
        return name, Symbol(kind, header, tuple(parts))
    match = re.match(r"typedef struct (\w+) (\w+)$", text)
    if match:
        return match.group(2), Symbol("struct", header, ())
    match = re.match(r"typedef (.*?)(\w+)\((.*)\)$", text)
    if match:
        kind, name = "callback", match.group(2)
        return name, Symbol(kind, header, (("", _signature(match)),))
    match = re.match(r"typedef (.*?)(\w+)$", text)
    if match:
        return match.group(2), Symbol("type", header, (("", match.group(1).strip()),))
    match = re.match(r"(.*?)(\w+)\((.*)\)$", text)
    if match:
        return match.group(2), Symbol("function", header, (("", _signature(match)),))
    return None


def _signature(match: re.Match[str]) -> str:
    result = match.group(1).replace("static inline", "").strip()
    return f"{result} ({_tidy(match.group(3))})"


def _members(body: str) -> Iterator[tuple[str, str]]:
    for text in _split(body):
        match = re.match(r"(struct|union) \{(.*)\} (\w+)$", text)
        if match:
            for name, kind in _members(match.group(2)):
                yield f"{match.group(3)}.{name}", kind
            continue
        match = re.match(r"(.*?)(\w+)$", text)
        if match:
            yield match.group(2), match.group(1).strip()
        elif text:
            yield text, ""


def _split(body: str) -> Iterator[str]:
    depth, start = 0, 0
    for index, char in enumerate(body):
        depth += (char == "{") - (char == "}")
        if char == ";" and depth == 0:
            yield _tidy(body[start:index])
            start = index + 1


def _enumerators(body: str) -> Iterator[tuple[str, str]]:
    value = 0
    for text in body.split(","):
        name, _, given = _tidy(text).partition("=")
        if not name:
            continue
        number = given.strip()
        if number and not re.fullmatch(r"-?[0-9]+", number):
            yield name.strip(), number
            continue
        value = int(number) if number else value
        yield name.strip(), str(value)
        value += 1
