# SPDX-License-Identifier: MIT
"""`diff OLD NEW`: what a change of spec/ means for C programs, and the version it asks for."""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from codegen.changes import EFFECTS, Change, compare, compare_behaviour, in_order
from codegen.changes import proposed_version
from codegen.ir import Api
from codegen.problems import Problems
from codegen.surface import surface_of


class Made(Protocol):
    """What a run of the generator makes of a folder."""

    @property
    def api(self) -> Api | None:
        """The API."""

    @property
    def texts(self) -> dict[str, str]:
        """The library's files."""

    @property
    def problems(self) -> Problems:
        """Why there are none."""


Generate = Callable[[Path], Made]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    for name in ("old", "new"):
        command.add_argument(
            name, metavar=name.upper(), help="a folder like spec/, or a git revision"
        )
    command.add_argument("--spec", default="spec", help="the folder in a git revision")
    command.add_argument("--json", action="store_true", help="for programs")
    command.add_argument(
        "--version", help="of the old library; default: of project() in CMakeLists.txt"
    )


def run_diff(options: argparse.Namespace, generate: Generate) -> int:
    """Prints what changed. 0: printed, whatever it is."""
    current = options.version or _current_version(Path("CMakeLists.txt"))
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", current):
        print(f"codegen: '{current}' is no version; --version 1.2.3", file=sys.stderr)
        return 2
    with _folder(options.old, options.spec) as old:
        with _folder(options.new, options.spec) as new:
            made = [generate(old), generate(new)]
    for name, one in zip((options.old, options.new), made):
        if len(one.problems):
            for problem in one.problems.sorted():
                print(f"{name}: {problem}", file=sys.stderr)
            return 1
    changes = changes_between(*made)
    version = proposed_version(current, changes)
    print(
        as_json(changes, current, version)
        if options.json
        else as_text(changes, current, version),
        end="",
    )
    return 0


def changes_between(old: Made, new: Made) -> list[Change]:
    """What the headers and the operations of two libraries say."""
    changes = compare(surface_of(old.texts), surface_of(new.texts))
    if old.api is not None and new.api is not None:
        changes += compare_behaviour(old.api, new.api)
    return in_order(changes)


def as_text(changes: list[Change], current: str, version: str) -> str:
    """A line a change, then the sums, then the version."""
    lines = [str(change) for change in changes]
    sums = [
        f"{sum(change.effect == effect for change in changes)} {effect}"
        for effect in EFFECTS
    ]
    lines += ["changes: " + ", ".join(sums), f"version: {current} -> {version}"]
    return "".join(f"{line}\n" for line in lines)


def as_json(changes: list[Change], current: str, version: str) -> str:
    """The same for programs."""
    value = {
        "changes": [asdict(change) for change in changes],
        "version": {"old": current, "proposed": version},
    }
    return json.dumps(value, indent=2) + "\n"


def _current_version(path: Path) -> str:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    match = re.search(r"^project\([^)]*VERSION ([0-9.]+)", text, re.MULTILINE)
    return match.group(1) if match is not None else "0.0.0"


@contextmanager
def _folder(name: str, spec: str) -> Iterator[Path]:
    """The folder of that name, or the files of a git revision in one that goes away."""
    if Path(name).is_dir():
        yield Path(name)
        return
    if name.startswith("-"):
        raise FileNotFoundError(f"'{name}' is no folder and no git revision")
    done = subprocess.run(
        ["git", "archive", "--format=tar", f"{name}^{{tree}}", spec],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        why = done.stderr.decode("utf-8", "replace").strip().replace("\n", "; ")
        raise FileNotFoundError(f"'{name}' is no folder and no git revision: {why}")
    with tempfile.TemporaryDirectory(prefix="codegen-") as temporary:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            for member in archive.getmembers():
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None and Path(member.name).parent == Path(spec):
                    (Path(temporary) / Path(member.name).name).write_bytes(file.read())
        yield Path(temporary)
