# SPDX-License-Identifier: MIT
"""What the generator makes of each feature, to the byte, and that compilers take it."""

import difflib
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from features import FEATURES, REFUSALS, ROOT, generate, shown, texts_of

FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-fsyntax-only"]
COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]


def _name(folder: Path) -> str:
    return folder.name


def _difference(expected: str, made: str, name: str) -> str:
    lines = difflib.unified_diff(
        expected.splitlines(),
        made.splitlines(),
        f"expected {name}",
        f"made {name}",
        lineterm="",
    )
    return "\n".join(lines)


@pytest.mark.parametrize("folder", FEATURES, ids=_name)
def test_output_is_as_expected(folder: Path, accept: bool) -> None:
    texts = {
        p.rsplit("/", 1)[-1]: t for p, t in texts_of(folder).items() if shown(folder, p)
    }
    kept = {
        p.name: p
        for p in folder.iterdir()
        if p.suffix in (".c", ".h", ".inc", ".cmake", ".md")
    }
    if accept:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        for name in set(kept) - set(texts):
            kept[name].unlink()
        return
    assert sorted(kept) == sorted(texts)
    differences = [
        _difference(kept[name].read_text(encoding="utf-8"), text, name)
        for name, text in texts.items()
    ]
    assert [d for d in differences if d] == []


def _write(texts: dict[str, str], folder: Path) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _compile(compiler: str, folder: Path, language: str, source: str) -> None:
    command = [compiler, *FLAGS, *_language(language)]
    for include in ("include", "."):
        command.append(f"-I{folder / include}")
    command.append(f"-I{ROOT / 'runtime/include'}")
    done = subprocess.run(
        [*command, "-"],
        input=source,
        capture_output=True,
        text=True,
        cwd=folder / "src",
    )
    assert (done.stderr, done.returncode) == ("", 0)


def _language(language: str) -> Iterable[str]:
    return [
        "-x",
        "c++" if language.startswith("c++") else "c",
        f"-std={language}",
        "-I.",
    ]


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("folder", FEATURES, ids=_name)
def test_output_compiles(folder: Path, compiler: str, tmp_path: Path) -> None:
    texts = texts_of(folder)
    _write(texts, tmp_path)
    for name in texts:
        if name.endswith(".c"):
            _compile(compiler, tmp_path, "c11", f'#include "{Path(name).name}"\n')
        elif name.startswith("include/"):
            line = f"#include <{name.removeprefix('include/')}>\n"
            _compile(compiler, tmp_path, "c11", line)
            _compile(compiler, tmp_path, "c++17", line)


@pytest.mark.parametrize("folder", REFUSALS, ids=_name)
def test_refusal_says_where_what_and_what_to_do(folder: Path, accept: bool) -> None:
    result = generate(folder)
    assert result.texts == {}
    said = "".join(f"{problem}\n" for problem in result.problems.sorted())
    assert said != ""
    error = folder / "error.txt"
    if accept:
        error.write_text(said, encoding="utf-8")
        return
    assert error.read_text(encoding="utf-8") == said
