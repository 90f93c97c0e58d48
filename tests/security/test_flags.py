# SPDX-License-Identifier: MIT
"""Security requirements 16 and 17: how sources are compiled and linked; what the analyser says.

A folder of its own is configured and not built, so this holds in builds with sanitizers too.
"""
import json
import re
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPILER_FLAGS = """
    -Wall -Wextra -Wformat=2 -Wconversion -Wvla -Werror=format-security
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
    -fstack-protector-strong -fstack-clash-protection -fPIC -fvisibility=hidden
""".split()
LINKER_FLAGS = "-Wl,-z,relro,-z,now,-z,noexecstack,-z,defs,--as-needed"
OPTIMISED = {
    "-O2",
    "-O3",
    "-Os",
}  # each is enough for _FORTIFY_SOURCE; the last one counts
REVERSED = re.compile(
    r"-fno-stack-(protector|clash)|-fcf-protection=(none|branch|return)"
    r"|-ftrivial-auto-var-init=(uninit|pattern)|-fvisibility=default|-w|-Wno-.*|-O[01g]|-Ofast"
)

# What the analyser of gcc 12 says and does not hold, each with the reason.
UNFOUNDED = {
    (
        "runtime/json/decode.c",
        "-Wanalyzer-null-dereference",
    ): "a place is NULL if it is not behind its value, which is compared as numbers",
    (
        "runtime/json/extra.c",
        "-Wanalyzer-null-argument",
    ): "only what is beyond the last member has no name",
    (
        "runtime/json/number.c",
        "-Wanalyzer-use-of-uninitialized-value",
    ): "as many digits are read as were printed, which a loop over powers counts",
}


@pytest.fixture(
    scope="module",
    params=[
        (kind, compiler)
        for kind in ("Release", "RelWithDebInfo")
        for compiler in ("gcc", "clang")
    ],
    ids=lambda param: "-".join(param),
)
def configured(request, tmp_path_factory):
    """(compiler, folder) of a configured build of the two libraries."""
    kind, compiler = request.param
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    folder = tmp_path_factory.mktemp("flags")
    options = {
        "CMAKE_BUILD_TYPE": kind,
        "CMAKE_C_COMPILER": compiler,
        "UVREST_TESTS": "OFF",
        "UVREST_EXAMPLES": "OFF",
    }
    subprocess.run(
        ["cmake", "-G", "Ninja", "-S", ROOT, "-B", folder]
        + [f"-D{name}={value}" for name, value in options.items()],
        check=True,
        capture_output=True,
    )
    return compiler, folder


def machine_flags(compiler):
    wanted = []
    if compiler == "gcc":
        wanted.append("-ftrivial-auto-var-init=zero")
    if subprocess.run(["uname", "-m"], capture_output=True).stdout.strip() == b"x86_64":
        wanted.append("-fcf-protection=full")
    return wanted


def test_sec_16_each_source_is_compiled_with_each_flag(configured):
    compiler, folder = configured
    commands = json.loads((folder / "compile_commands.json").read_text())
    compiled = {Path(one["file"]).relative_to(ROOT).as_posix() for one in commands}
    sources = {
        path.relative_to(ROOT).as_posix()
        for pattern in ("runtime/*/*.c", "generated/**/*.c")
        for path in ROOT.glob(pattern)
    }
    assert compiled == sources
    for one in commands:
        words = shlex.split(one["command"])
        missing = [
            flag
            for flag in COMPILER_FLAGS + machine_flags(compiler)
            if flag not in words
        ]
        assert missing == [], one["file"]
        assert [w for w in words if REVERSED.fullmatch(w)] == [], one["file"]
        assert [w for w in words if w.startswith("-O")][-1] in OPTIMISED, one["file"]
        assert words.index("-U_FORTIFY_SOURCE") < words.index("-D_FORTIFY_SOURCE=3")


def test_sec_16_both_libraries_are_linked_with_each_flag(configured):
    _, folder = configured
    rules = re.split(r"\n(?=build )", (folder / "build.ninja").read_text())
    linked = {
        match[1]: rule
        for rule in rules
        if (
            match := re.match(
                r"build lib(\w+)\.so[.\d]+: C_SHARED_LIBRARY_LINKER", rule
            )
        )
    }
    assert set(linked) == {"uvrest", "iconik"}
    for library, rule in linked.items():
        flags = re.search(r"^  LINK_FLAGS = (.*)$", rule, re.M)[1]
        assert LINKER_FLAGS in flags.split(), library


@pytest.mark.parametrize("configured", [("Release", "gcc")], indirect=True)
def test_sec_17_the_analyser_finds_nothing(configured):
    _, folder = configured
    commands = json.loads((folder / "compile_commands.json").read_text())

    def findings(one):
        words = shlex.split(one["command"])
        words[words.index("-o") + 1] = "/dev/null"
        source = Path(one["file"]).relative_to(ROOT).as_posix()
        run = subprocess.run(
            words + ["-fanalyzer", "-fdiagnostics-plain-output"],
            cwd=one["directory"],
            capture_output=True,
            text=True,
        )
        said = re.findall(r"^.*\[(-W[\w-]+)\]$", run.stderr, re.M)
        assert run.returncode == 0 or said, run.stderr
        return {(source, name): run.stderr for name in said}

    with ThreadPoolExecutor(2) as pool:
        found = {
            key: text
            for one in pool.map(findings, commands)
            for key, text in one.items()
        }
    assert [text for key, text in found.items() if key not in UNFOUNDED] == []
    assert set(UNFOUNDED) - set(found) == set()
