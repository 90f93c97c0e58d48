#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what a build consists of as CycloneDX 1.5 JSON to standard output.

    sbom.py BUILD_DIR

Components are the libraries that the built libuvrest.so and libiconik.so ask for, so one that is
not linked is not named, and one that this script does not know stops it. Versions are those
pkg-config told the build; the package that a library comes from is named where dpkg knows it.
What the generator needs is there too, as not part of what is delivered ("excluded"). The same
build gives the same bytes; the time in it is SOURCE_DATE_EPOCH, or that of the commit.
"""
import datetime
import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What a shared library is called: (name, its variable in the cache of CMake, licence).
LIBRARIES = {
    "libcurl": ("libcurl", "LIBCURL", "curl"),
    "libuv": ("libuv", "LIBUV", "MIT"),
    "libcjson": ("cJSON", "LIBCJSON", "MIT"),
    "libcrypto": ("libcrypto", "LIBCRYPTO", "Apache-2.0"),
    "libhiredis": ("hiredis", "HIREDIS", "BSD-3-Clause"),
    "libc": ("glibc", None, "LGPL-2.1-or-later"),
}
PARTS_OF_LIBC = re.compile(r"(ld-linux\b.*|libm|libpthread|libdl|librt)$")
OURS = {"libuvrest", "libiconik"}
SANITIZERS = re.compile(r"lib(asan|ubsan|tsan|lsan)$")
GENERATOR = {"Jinja2": "BSD-3-Clause", "MarkupSafe": "BSD-3-Clause", "PyYAML": "MIT"}


def output_of(*command):
    """What a command prints, or None if it is not there or fails."""
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout


def read_cache(build):
    text = (build / "CMakeCache.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\w+):\w+=(.*)$", text, re.M))


def stem_of(name):
    """What LIBRARIES calls a shared library: "libcurl" of libcurl.so.4."""
    stem = name.split(".so")[0]
    return "libc" if PARTS_OF_LIBC.match(stem) else stem


def needed(build):
    """{"libcurl": "/usr/lib/…/libcurl.so.4"}: what the built libraries ask for and where it is."""
    found, places = {}, {}
    for library in sorted(OURS):
        path = build / f"{library}.so"
        if not path.exists():
            sys.exit(f"sbom: no {path}; build it first")
        dynamic = subprocess.run(
            ["readelf", "-d", path], check=True, capture_output=True, text=True
        ).stdout
        places |= dict(re.findall(r"(\S+) => (\S+)", output_of("ldd", path) or ""))
        for name in re.findall(r"NEEDED.*\[(.+)\]", dynamic):
            stem = stem_of(name)
            if stem not in OURS and not SANITIZERS.match(stem):
                found[stem] = found.get(stem) or places.get(name)
    return found


def package_of(path):
    """(name, version) of the Debian package that a file is from, or None."""
    for place in (path, os.path.realpath(path), str(path).removeprefix("/usr")):
        owner = output_of("dpkg", "-S", place)
        if owner:
            name = owner.split(":")[0]
            version = output_of("dpkg-query", "-W", "-f", "${Version}\n", name)
            return name, version.splitlines()[0]
    return None


def library_component(stem, path, cache):
    if stem not in LIBRARIES:
        sys.exit(
            f"sbom: {stem} is linked and unknown: add it and its licence to {__file__}"
        )
    name, variable, licence = LIBRARIES[stem]
    version = cache.get(f"{variable}_VERSION") if variable else None
    if version is None:
        version = os.confstr("CS_GNU_LIBC_VERSION").split()[-1]
    component = {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": version,
        "licenses": [{"license": {"id": licence}}],
        "scope": "required",
    }
    package = package_of(path) if path else None
    if package:
        component["purl"] = f"pkg:deb/debian/{package[0]}@{package[1]}"
    return component


def generator_component(name, licence):
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        sys.exit(f"sbom: {name}, which the generator needs, is not installed")
    return {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": version,
        "licenses": [{"license": {"id": licence}}],
        "scope": "excluded",
        "purl": f"pkg:pypi/{name.lower()}@{version}",
    }


def timestamp():
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    if seconds is None:
        seconds = output_of("git", "-C", str(ROOT), "log", "-1", "--format=%ct") or "0"
    moment = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def make(build):
    cache = read_cache(build)
    version = cache["CMAKE_PROJECT_VERSION"]
    linked = [
        library_component(stem, path, cache)
        for stem, path in sorted(needed(build).items())
    ]
    tools = [generator_component(*item) for item in sorted(GENERATOR.items())]
    subject = {
        "type": "library",
        "bom-ref": "libiconik",
        "name": "libiconik",
        "version": version,
        "licenses": [{"license": {"id": "MIT"}}],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"timestamp": timestamp(), "component": subject},
        "components": linked + tools,
        "dependencies": [
            {"ref": "libiconik", "dependsOn": [one["bom-ref"] for one in linked]}
        ],
    }


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    json.dump(make(Path(sys.argv[1])), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
