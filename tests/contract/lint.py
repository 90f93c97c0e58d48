#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs Spectral over spec/ with the rules of spectral.yaml. What it says is a failure.

Exceptions stand in spectral.yaml with their reason. One that nothing needs any more is
refused here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from urllib.parse import unquote

import yaml

from npm import HERE, SPEC, Missing, tool

RULES = HERE / "spectral.yaml"
NOT_OPENAPI = ("sdk.yaml",)  # spec/'s own table; codegen checks it


def main() -> int:
    files = sorted(p for p in SPEC.glob("*.yaml") if p.name not in NOT_OPENAPI)
    stale = stale_exceptions()
    for text in stale:
        print(f"{RULES.name}: {text}", file=sys.stderr)
    try:
        command = [tool("spectral"), "lint", "--ruleset", str(RULES)]
    except Missing as missing:
        print(f"lint: {missing}", file=sys.stderr)
        return 1
    command += ["--fail-severity", "hint", "--format", "text", "--quiet"]
    done = subprocess.run([*command, *map(str, files)], check=False)
    if done.returncode == 0 and not stale:
        print(f"{len(files)} documents, nothing to say")
    return 1 if stale else done.returncode


def stale_exceptions() -> list[str]:
    """Exceptions for equal path shapes that do not name such a path."""
    found = []
    for override in yaml.safe_load(RULES.read_text(encoding="utf-8"))["overrides"]:
        for entry in override["files"]:
            name, _, pointer = entry.partition("#/paths/")
            path = unquote(pointer).replace("~1", "/").replace("~0", "~")
            document = yaml.load(
                (RULES.parent / name).read_text(encoding="utf-8"), yaml.CSafeLoader
            )
            shapes = [shape(p) for p in document["paths"]]
            if path not in document["paths"] or shapes.count(shape(path)) < 2:
                found.append(f"nothing needs the exception {entry}; remove it")
    return found


def shape(path: str) -> str:
    """The path without the names of its parameters."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


if __name__ == "__main__":
    sys.exit(main())
