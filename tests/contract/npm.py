# SPDX-License-Identifier: MIT
"""Finds the tools that `npm ci` installs beside this file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPEC = HERE.parents[1] / "spec"


class Missing(Exception):
    """A tool is not installed; the text says what to do."""


def tool(name: str) -> str:
    """The path of a command of node_modules."""
    folder = Path(os.environ.get("ICONIK_NODE_MODULES", HERE / "node_modules"))
    if shutil.which("node") is None:
        raise Missing("there is no node (18.20.1 or newer): install nodejs and npm")
    path = folder / ".bin" / name
    if not path.exists():
        raise Missing(f"{path} is missing: run `npm ci` in {HERE}")
    return str(path)
