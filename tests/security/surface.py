# SPDX-License-Identifier: MIT
"""What the public headers promise to programs that are already linked: exported names, sizes of
structs, values of constants; and the list of it that tests/security/abi.txt keeps.

    surface.py --write    stores what is new; says what is gone or smaller, and fails
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STORED = HERE / "abi.txt"
INCLUDES = {"uvrest": ROOT / "runtime/include", "iconik": ROOT / "generated/include"}
FLAGS = ["-std=c11", *(f"-I{path}" for path in INCLUDES.values())]
EXPORT = '__attribute__((visibility("default")))'
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
HEADING = """# What libuvrest promises to programs: exported names, sizes of structs, constants.
# `python3 tests/security/surface.py --write` adds what is new; what is here stays.
"""


def source_including(library):
    names = sorted(p.name for p in (INCLUDES[library] / library).glob("*.h"))
    return "".join(f"#include <{library}/{name}>\n" for name in names)


def preprocessed(library):
    """All public headers of a library as the compiler sees them."""
    return subprocess.run(
        ["cc", *FLAGS, "-E", "-P", "-"],
        input=source_including(library),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def declared(library):
    """Names of the functions and data that the headers declare as exported."""
    text = ATTRIBUTE.sub(" ", preprocessed(library).replace(EXPORT, "@EXPORT "))
    return {
        re.search(r"(\w+)\s*(?=[(\[]|$)", declaration)[1]
        for declaration in re.findall(r"@EXPORT\s([^;]+);", text)
    }


def measured():
    """{name: size} of the structs, {name: value} of the constants of the hand-written library."""
    text = preprocessed("uvrest")
    structs = sorted(set(re.findall(r"typedef struct (uvrest_\w+)\s*\{", text)))
    bodies = re.findall(r"\benum (?:uvrest_\w+)?\s*\{([^}]*)\}", text)
    constants = sorted(set(re.findall(r"\bUVREST_\w+", " ".join(bodies))))
    lines = [f'printf("struct {s} %zu\\n", sizeof({s}));' for s in structs]
    lines += [f'printf("constant {c} %lld\\n", (long long){c});' for c in constants]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "sizes"
        subprocess.run(
            ["cc", *FLAGS, "-x", "c", "-", "-o", program],
            input="#include <stdio.h>\n"
            + source_including("uvrest")
            + "int main(void)\n{\n"
            + "\n".join(lines)
            + "\n}\n",
            check=True,
            text=True,
        )
        return subprocess.run(
            [program], check=True, capture_output=True, text=True
        ).stdout.splitlines()


def current():
    """{(kind, name): number}; a name that is exported has the number 0."""
    found = {("symbol", name): 0 for name in declared("uvrest")}
    for line in measured():
        kind, name, number = line.split()
        found[kind, name] = int(number)
    return found


def stored():
    found = {}
    for line in STORED.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, name, *number = line.split()
            found[kind, name] = int(number[0]) if number else 0
    return found


def breaks(before, now):
    """What a program that was linked before would miss, in sentences."""
    said = []
    for (kind, name), number in sorted(before.items()):
        new = now.get((kind, name))
        if new is None:
            said.append(f"{kind} {name} is gone: programs that use it break")
        elif kind == "struct" and new < number:
            said.append(
                f"struct {name} shrinks from {number} to {new} bytes: fields may only be appended"
            )
        elif kind == "constant" and new != number:
            said.append(f"constant {name} changes from {number} to {new}: it is frozen")
    return said


def additions(before, now):
    return sorted(
        key
        for key in now
        if key not in before or key[0] == "struct" and now[key] > before[key]
    )


def main():
    now = current()
    before = stored() if STORED.exists() else {}
    said = breaks(before, now)
    for sentence in said:
        print(sentence)
    if said or sys.argv[1:] != ["--write"]:
        return 1 if said or additions(before, now) else 0
    lines = [
        f"{kind} {name}" + (f" {number}" if kind != "symbol" else "")
        for (kind, name), number in sorted(now.items())
    ]
    STORED.write_text(HEADING + "\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
