# SPDX-License-Identifier: MIT
"""Checks that runtime/call_path.ld names functions that are there.

A name that is no function of its file any more would be passed over by the linker without a word.
"""
import re
import sys
from pathlib import Path

WHOLE = (".text", ".text.unlikely")  # of a source
RUNTIME = Path(__file__).resolve().parents[1] / "runtime"


def entries(script: str) -> dict[str, list[str]]:
    """Sections named, by source file."""
    code = re.sub(r"/\*.*?\*/", "", script, flags=re.S)
    found = re.findall(r"\*(\w+/\w+\.c)\.o\(([^)]*)\)", code)
    return {source: sections.split() for source, sections in found}


def missing(source: str, sections: list[str]) -> list[str]:
    path = RUNTIME / source
    if not path.exists():
        return [f"{source}: no such file"]
    text = path.read_text(encoding="utf-8")
    names = [name.removeprefix(".text.").rstrip("*") for name in sections if name not in WHOLE]
    defined = {name for name in names if re.search(rf"^\w[^;\n]*\b{name}\(", text, re.M)}
    return [f"{source}: no function {name}" for name in names if name not in defined]


def main() -> int:
    listed = entries((RUNTIME / "call_path.ld").read_text(encoding="utf-8"))
    wrong = [line for source, sections in listed.items() for line in missing(source, sections)]
    if len(listed) < 20:
        wrong.append(f"only {len(listed)} files are listed")
    for line in wrong:
        print(f"runtime/call_path.ld: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
