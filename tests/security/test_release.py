# SPDX-License-Identifier: MIT
"""Security requirement 22: what a build consists of, and an archive that anyone can make again.

ICONIK_BUILD names the build's folder.
"""
import importlib
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ICONIK_BUILD", ROOT / "build" / "asan"))
SBOM = ROOT / "tools" / "release" / "sbom.py"
ARCHIVE = ROOT / "tools" / "release" / "archive"


def made(build, **environment):
    return subprocess.run(
        [sys.executable, SBOM, build],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def sbom():
    if not (BUILD / "libiconik.so").exists():
        pytest.skip(f"no libraries in {BUILD}")
    done = made(BUILD, SOURCE_DATE_EPOCH="1700000000")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sec_22_components_are_what_is_linked(sbom):
    bom = json.loads(sbom)
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == (
        "CycloneDX",
        "1.5",
        1,
    )
    assert bom["metadata"]["component"]["name"] == "libiconik"
    assert bom["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    linked = {c["name"] for c in bom["components"] if c["scope"] == "required"}
    dynamic = subprocess.run(
        ["readelf", "-d", BUILD / "libuvrest.so"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert {"libcurl", "libuv", "cJSON", "libcrypto", "glibc"} <= linked
    assert ("hiredis" in linked) == ("libhiredis" in dynamic)
    tools = {c["name"] for c in bom["components"] if c["scope"] == "excluded"}
    assert tools == {"Jinja2", "MarkupSafe", "PyYAML"}
    for component in bom["components"]:
        assert re.match(r"\d+\.\d+", component["version"]), component
        assert component["licenses"][0]["license"]["id"], component
    (depends,) = bom["dependencies"]
    assert set(depends["dependsOn"]) == linked


def test_sec_22_versions_are_those_of_the_machine(sbom):
    components = {c["name"]: c for c in json.loads(sbom)["components"]}
    for name in ("libcurl", "libuv"):
        told = subprocess.run(
            ["pkg-config", "--modversion", name],
            check=True,
            capture_output=True,
            text=True,
        )
        assert components[name]["version"] == told.stdout.strip()
    if 'VERSION_ID="12"' in Path("/etc/os-release").read_text():
        assert re.fullmatch(
            r"pkg:deb/debian/libcurl4@7\.88\.1-.+", components["libcurl"]["purl"]
        )


def test_sec_22_the_loader_is_a_part_of_libc(monkeypatch):
    """An optimised build asks for it by its own name."""
    monkeypatch.syspath_prepend(SBOM.parent)
    stem_of = importlib.import_module("sbom").stem_of
    assert {stem_of(n) for n in ("ld-linux-x86-64.so.2", "libm.so.6", "libc.so.6")} == {
        "libc"
    }
    assert stem_of("libhiredis.so.0.14") == "libhiredis"
    assert stem_of("libmagic.so.1") == "libmagic"


def test_sec_22_the_same_build_gives_the_same_list(sbom):
    again = made(
        BUILD, SOURCE_DATE_EPOCH="1700000000", PYTHONHASHSEED="7", TZ="Asia/Tokyo"
    )
    assert again.stdout == sbom


def test_sec_22_a_folder_without_a_build_has_no_list(tmp_path):
    (tmp_path / "CMakeCache.txt").write_text("CMAKE_PROJECT_VERSION:STATIC=1.0.0\n")
    done = made(tmp_path)
    assert (
        done.returncode != 0 and "build it first" in done.stderr and done.stdout == ""
    )


def archive(folder, **environment):
    subprocess.run(
        [
            "bash",
            "-c",
            f'umask {environment.pop("umask")}; exec "$@"',
            "-",
            ARCHIVE,
            folder,
        ],
        check=True,
        capture_output=True,
        env={**os.environ, **environment},
    )
    (packed,) = folder.glob("*.tar.gz")
    return packed


def test_sec_22_two_archives_are_the_same(tmp_path):
    inside = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True
    )
    if inside.returncode != 0:
        pytest.skip("no git repository: this is an archive already")
    first = archive(tmp_path / "a", umask="022", TZ="UTC", LC_ALL="C")
    second = archive(tmp_path / "b", umask="077", TZ="Asia/Tokyo", LC_ALL="C.UTF-8")
    assert first.read_bytes() == second.read_bytes()
    for packed in (first, second):
        done = subprocess.run(
            ["sha256sum", "--check", packed.name + ".sha256"],
            cwd=packed.parent,
            capture_output=True,
        )
        assert done.returncode == 0
    with tarfile.open(first) as tar:
        members = tar.getmembers()
    files = [m.name for m in members if m.isfile()]
    assert len(files) > 400 and files == sorted(files)
    assert len({m.mtime for m in members}) == 1
    assert {(m.uid, m.gid) for m in members} == {(0, 0)}
    assert {m.mode for m in members} == {0o644, 0o755}
    (top,) = {name.split("/")[0] for name in files}
    assert f"{top}/run" in files and not any("/build/" in name for name in files)
