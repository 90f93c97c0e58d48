# SPDX-License-Identifier: MIT
"""`diff`: what a change of spec/ means for C programs.

diff_*/ holds two folders like spec/, old and new, beside what is said of them.
"""

import json
import subprocess
from pathlib import Path

import pytest
from features import HERE

from codegen.changes import ABI, COMPATIBLE, SOURCE, Change, compare, proposed_version
from codegen.cli import main, run
from codegen.surface import surface_of

CASES = sorted(HERE.glob("diff_*"))


def _name(folder: Path) -> str:
    return folder.name


@pytest.mark.parametrize("form", ["txt", "json"])
@pytest.mark.parametrize("folder", CASES, ids=_name)
def test_difference_is_as_expected(
    folder: Path, form: str, accept: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["diff", str(folder / "old"), str(folder / "new"), "--version", "0.4.2"]
    assert main(arguments + (["--json"] if form == "json" else [])) == 0
    said = capsys.readouterr().out
    expected = folder / f"expected.{form}"
    if accept:
        expected.write_text(said, encoding="utf-8")
        return
    assert said == expected.read_text(encoding="utf-8")
    if form == "json":
        assert json.loads(said)["version"]["old"] == "0.4.2"


@pytest.mark.parametrize("folder", CASES, ids=_name)
def test_folder_does_not_differ_from_itself(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["diff", str(folder / "new"), str(folder / "new"), "--version", "1.0.0"])
        == 0
    )
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "version: 1.0.0 -> 1.0.0"
    assert len(said) == 2


@pytest.mark.parametrize("folder", CASES, ids=_name)
def test_back_again_removes_what_was_added(folder: Path) -> None:
    old, new = (surface_of(run(folder / side).texts) for side in ("old", "new"))
    assert set(old.symbols) != set(new.symbols) or old.symbols != new.symbols


def test_git_revisions_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
        subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True
        )

    case = HERE / "diff_compatible"
    git("init", "-q")
    for side in ("old", "new"):
        (tmp_path / "spec").mkdir(exist_ok=True)
        for path in (case / side).iterdir():
            (tmp_path / "spec" / path.name).write_bytes(path.read_bytes())
        git("add", "spec")
        git("commit", "-q", "-m", side)
    monkeypatch.chdir(tmp_path)
    assert main(["diff", "HEAD~1", "HEAD", "--version", "0.4.2"]) == 0
    assert capsys.readouterr().out == (case / "expected.txt").read_text(
        encoding="utf-8"
    )
    assert main(["diff", "HEAD~1", "spec", "--version", "0.4.2"]) == 0
    assert capsys.readouterr().out == (case / "expected.txt").read_text(
        encoding="utf-8"
    )
    assert main(["diff", "nonsense", "HEAD"]) == 2
    assert "'nonsense' is no folder and no git revision" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("current", "effects", "expected"),
    [
        ("0.4.2", [SOURCE], "0.5.0"),
        ("0.4.2", [ABI], "0.5.0"),
        ("0.4.2", [COMPATIBLE], "0.4.3"),
        ("0.4.2", [], "0.4.2"),
        ("1.4.2", [SOURCE, ABI, COMPATIBLE], "2.0.0"),
        ("1.4.2", [ABI, COMPATIBLE], "1.5.0"),
        ("1.4.2", [COMPATIBLE], "1.5.0"),
        ("1.4.2", [], "1.4.2"),
    ],
)
def test_version_follows_from_the_worst_change(
    current: str, effects: list[str], expected: str
) -> None:
    changes = [
        Change(effect, "demo_x", "", "function", "changed") for effect in effects
    ]
    assert proposed_version(current, changes) == expected


def test_surface_is_what_a_header_declares() -> None:
    header = """
/** typedef struct not_this { int a; } not_this; */
#ifndef A_H
#define A_H
#include <b.h>
UVREST_BEGIN_DECLS
typedef struct a_client a_client;
typedef enum a_kind { A_KIND_UNSET = 0, A_KIND_NULL, A_KIND_X, /* "x" */ } a_kind;
typedef struct a_thing {
    const char *title; /* required; of a thing */
    const char *const *names;
    struct { int inner; } value;
} a_thing;
typedef void a_thing_fn(const a_thing *value, void *user);
UVREST_API UVREST_MUST_USE uvrest_status a_get(a_client *client,
    a_thing_fn *done);
UVREST_MUST_USE static inline int a_new(int x)
{
    if (x) { return 1; }
    return 2;
}
UVREST_API void a_free(a_client *client);
UVREST_END_DECLS
#endif
"""
    surface = surface_of({"include/a/a.h": header, "src/a.c": "int hidden(void);"})
    assert {name: symbol.kind for name, symbol in surface.symbols.items()} == {
        "a_client": "struct",
        "a_kind": "enum",
        "a_thing": "struct",
        "a_thing_fn": "callback",
        "a_get": "function",
        "a_new": "function",
        "a_free": "function",
    }
    assert surface.symbols["a_kind"].parts == (
        ("A_KIND_UNSET", "0"),
        ("A_KIND_NULL", "1"),
        ("A_KIND_X", "2"),
    )
    assert surface.symbols["a_thing"].parts == (
        ("title", "const char *"),
        ("names", "const char *const *"),
        ("value.inner", "int"),
    )
    assert surface.symbols["a_new"].parts == (("", "int (int x)"),)
    assert surface.includes == {"a/a.h": {"b.h"}}


def test_surface_of_the_library_misses_no_exported_function() -> None:
    texts = run(HERE.parents[1] / "spec").texts
    declared = set(surface_of(texts).symbols)
    defined = set()
    for path, text in texts.items():
        if path.endswith(".h") and path.startswith("include/"):
            defined |= {
                line.split("(")[0].split()[-1].lstrip("*")
                for line in text.splitlines()
                if line.startswith("UVREST_API")
            }
    assert len(defined) > 1500
    assert defined - declared == set()


def test_type_that_leaves_a_header_is_a_break_unless_the_header_brings_it_along() -> (
    None
):
    body = "typedef struct a_thing { int x; } a_thing;\n"
    here = {"include/a/one.h": body, "include/a/two.h": ""}
    there = {"include/a/one.h": "#include <a/two.h>\n", "include/a/two.h": body}
    lost = {"include/a/one.h": "", "include/a/two.h": body}
    assert compare(surface_of(here), surface_of(there)) == []
    changes = compare(surface_of(here), surface_of(lost))
    assert [(c.effect, c.symbol, c.what) for c in changes] == [
        (SOURCE, "a_thing", "moved from a/one.h to a/two.h")
    ]
