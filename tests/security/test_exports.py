# SPDX-License-Identifier: MIT
"""Security requirement 24: what the libraries export is what their headers declare, and stays.

ICONIK_BUILD names the build's folder.
"""
import os
import platform
import subprocess
from pathlib import Path

import pytest
import surface

BUILD = Path(os.environ.get("ICONIK_BUILD", surface.ROOT / "build" / "asan"))


def exported(library):
    path = BUILD / f"lib{library}.so"
    if not path.exists():
        pytest.skip(f"no {path}")
    out = subprocess.run(
        ["nm", "-D", "--defined-only", path], check=True, capture_output=True, text=True
    ).stdout
    names = {line.split()[-1] for line in out.splitlines()}
    return {name for name in names if not name.startswith(("__asan", "__odr_asan"))}


@pytest.mark.parametrize("library, least", [("uvrest", 50), ("iconik", 1500)])
def test_sec_24_exported_is_what_the_headers_declare(library, least):
    names = exported(library)
    promised = surface.declared(library)
    if library != "uvrest":
        promised -= surface.declared("uvrest")
    assert len(promised) > least
    assert sorted(names - promised) == [], "exported, and in no public header"
    assert sorted(promised - names) == [], "declared, and not in the library"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the sizes are x86-64's")
def test_sec_24_the_hand_written_library_keeps_its_abi():
    before, now = surface.stored(), surface.current()
    assert len(before) > 100
    assert surface.breaks(before, now) == []
    new = [f"{kind} {name}" for kind, name in surface.additions(before, now)]
    assert new == [], "new: python3 tests/security/surface.py --write"


def test_sec_24_breaks_of_the_abi_are_told_from_additions():
    before = {("symbol", "a"): 0, ("struct", "s"): 16, ("constant", "c"): 1}
    assert surface.breaks(before, {**before, ("symbol", "b"): 0}) == []
    assert surface.breaks(before, {**before, ("struct", "s"): 24}) == []
    assert surface.additions(before, {**before, ("struct", "s"): 24}) == [
        ("struct", "s")
    ]
    assert "shrinks" in surface.breaks(before, {**before, ("struct", "s"): 8})[0]
    assert "frozen" in surface.breaks(before, {**before, ("constant", "c"): 2})[0]
    del before[("symbol", "a")]
    gone = surface.breaks({("symbol", "a"): 0}, before)
    assert gone == ["symbol a is gone: programs that use it break"]
