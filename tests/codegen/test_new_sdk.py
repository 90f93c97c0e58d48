# SPDX-License-Identifier: MIT
"""A new SDK from a document of somebody else's: import, look, check, generate, compile.

That what comes out of it can be called is shown in tests/second_api/harbour.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from codegen.cli import main, problems_of, run
from codegen.import_command import begin_with
from codegen.load import load_text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCUMENTS = (
    HERE / "foreign/everything.yaml",
    HERE / "foreign/errands.yaml",
    HERE.parent / "second_api/harbour/harbour.yaml",
)
FLAGS = [
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Werror",
]
COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]
Tree = dict[str, Any]


def _settle(spec: Path) -> None:
    """Removes the marks, as docs/regeneration.md says."""
    for path in spec.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(
            re.sub(r"(?m)^ *x-proposed: true\n", "", text), encoding="utf-8"
        )


def _document(tmp_path: Path, **paths: Tree) -> Path:
    """A document with one operation a keyword: its path, and what stands there."""
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Small", "version": "1"},
        "servers": [{"url": "https://small.example"}],
        "paths": {f"/{name}": {"post": operation} for name, operation in paths.items()},
    }
    path = tmp_path / "small.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _sdk(path: Path, tmp_path: Path) -> Tree:
    texts = begin_with([path], None, False, problems_of).texts
    plain = load_text("sdk.yaml", texts["sdk.yaml"]).root.plain()
    assert isinstance(plain, dict)
    return plain


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_whole_way(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = tmp_path / "spec", tmp_path / "generated"
    where = ["--spec", str(spec), "--out", str(out)]
    assert main(["import", "--spec", str(spec), str(path)]) == 0
    said = capsys.readouterr().out
    marks = sum(p.read_text().count("x-proposed: true") for p in spec.iterdir())
    assert said.count("x-proposed") == marks > 0
    assert "sdk.yaml:2: #: what stands here is proposed" in said
    assert main(["generate", *where]) == 0
    assert main(["check", *where]) == 1  # as long as there is a mark
    _settle(spec)
    assert main(["check", *where]) == 0
    for compiler in COMPILERS:
        for source in sorted(out.rglob("*.c")):
            includes = [out / "include", out, ROOT / "runtime/include"]
            command = [compiler, *FLAGS, "-fsyntax-only", *(f"-I{i}" for i in includes)]
            done = subprocess.run(
                [*command, str(source)], capture_output=True, text=True
            )
            assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_same_document_again_changes_nothing(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "spec"
    assert main(["import", "--spec", str(spec), str(path)]) == 0
    _settle(spec)
    before = {p.name: p.read_text() for p in spec.iterdir()}
    capsys.readouterr()
    assert main(["import", "--spec", str(spec), "--service", "api", str(path)]) == 0
    said = capsys.readouterr().out
    assert [
        line for line in said.splitlines() if line.startswith(("  new", "  changed"))
    ] == []
    assert {p.name: p.read_text() for p in spec.iterdir()} == before


def test_what_is_added_later_goes_into_the_groups_there_are(tmp_path: Path) -> None:
    spec, path = tmp_path / "spec", HERE / "foreign/errands.yaml"
    assert main(["import", "--spec", str(spec), str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    later = (
        "  /later:\n    get: {tags: [people], responses: {'200': {description: ok}}}\n"
    )
    added = f"{later}components:"
    newer = tmp_path / "newer.yaml"
    newer.write_text(text.replace("components:", added), encoding="utf-8")
    assert main(["import", "--spec", str(spec), str(newer)]) == 0
    assert "operationId: people_later_get" in (spec / "api.yaml").read_text()
    assert [str(p) for p in run(spec).problems.sorted()] == []


def test_sdk_is_proposed_from_what_the_document_says(tmp_path: Path) -> None:
    sdk = _sdk(HERE / "foreign/errands.yaml", tmp_path)
    assert sdk["prefix"] == "chores"
    assert sdk["server"] == "https://api.chores.example"
    assert sdk["error_member"] == "message"
    assert [(c["option"], c["required"]) for c in sdk["credentials"]] == [
        ("bearer", True)
    ]
    assert sorted(sdk["groups"]) == ["errands", "people"]
    assert sdk["models"]["api"] == {"Error": "error", "Errand": "errand"}


def test_what_has_no_form_in_c_becomes_a_known_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {"200": {"description": "Yes."}}
    many = "album/" + "/".join(f"{{p{number}}}" for number in range(17))
    path = _document(
        tmp_path, **{many: {"responses": answers}, "picture": {"responses": answers}}
    )
    spec = tmp_path / "spec"
    assert main(["import", "--spec", str(spec), str(path)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^all +1 +0 +1$", said, re.MULTILINE)
    assert "refused   album_create: more parameters than a call can take." in said
    sdk = _sdk(path, tmp_path)
    assert sdk["known_gaps"] == [
        {"operation": "album_create", "reason": "more parameters than a call can take."}
    ]
    assert sorted(sdk["groups"]) == ["picture"]


def test_names_are_within_what_linkers_take(tmp_path: Path) -> None:
    """However long paths and operationIds are, and however many are called alike."""
    answers = {"200": {"description": "Yes."}}
    names = [
        "a" * 90,
        "/".join(["word"] * 40),
        "x-y",
        "x_y",
        "x.y",
        "{id}/x-y",
        "diff",
        "int",
    ]
    operations = {
        name: {"operationId": "o" * 200, "tags": [tag], "responses": answers}
        for name in names
        for tag in [f"A tag of some more words than {len(name)}"]
    }
    path = _document(tmp_path, **operations)
    result = begin_with([path], None, False, problems_of)
    ids = re.findall(r"operationId: (\w+)", result.texts["api.yaml"])
    assert len(set(ids)) == len(names)
    assert all(len(f"small_{identity}") <= 63 for identity in ids)
    assert "known_gaps" not in result.texts["sdk.yaml"]


def _large(n_schemas: int, n_members: int, reached: int) -> Tree:
    """An answer that refers to so many of the schemas, and an enum in each."""
    schemas: Tree = {}
    for number in range(n_schemas):
        members: Tree = {
            f"member_{member}_of_{number}": {"type": "string"}
            for member in range(n_members)
        }
        values = [f"value {value} of {number}" for value in range(number % 20)]
        members["state"] = {"type": "string", **({"enum": values} if values else {})}
        schemas[f"S{number}"] = {"type": "object", "properties": members}
    all_of = {
        f"s{number}": {"$ref": f"#/components/schemas/S{number}"}
        for number in range(reached)
    }
    schemas["All"] = {"type": "object", "properties": all_of}
    return schemas


@pytest.mark.parametrize(
    ("schemas", "said"),
    [
        (_large(400, 10, 100), "299 schemas that no operation reaches"),
        (_large(250, 9, 250), "longest enums are taken as texts"),
        (_large(1, 400, 1), "members beyond the first 256 are in extra"),
        (_large(400, 20, 250), "bytes of names are more than"),
    ],
    ids=["unreached", "enums", "members", "too_large"],
)
def test_documents_too_large_for_a_service_are_thinned_or_refused(
    schemas: Tree, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/All"}}}
    operation: Tree = {"responses": {"200": {"description": "", "content": content}}}
    if len(schemas) > 2:  # the last one, reached by a form alone
        form = {"schema": {"$ref": f"#/components/schemas/S{len(schemas) - 2}"}}
        body = {"content": {"application/x-www-form-urlencoded": form}}
        operation["requestBody"] = body
    path = _document(tmp_path, all=operation)
    document = json.loads(path.read_text())
    document["components"] = {"schemas": schemas}
    path.write_text(json.dumps(document), encoding="utf-8")
    spec, out = tmp_path / "spec", tmp_path / "generated"
    assert main(["import", "--spec", str(spec), str(path)]) == 0
    assert said in capsys.readouterr().out
    fits = "more than" not in said
    done = main(["generate", "--spec", str(spec), "--out", str(out)])
    assert done == (0 if fits else 1)
    if fits:
        source = str(out / "src/api_models.c")
        includes = [f"-I{out / 'include'}", f"-I{out}", f"-I{ROOT / 'runtime/include'}"]
        command = ["gcc", *FLAGS, "-fsyntax-only", *includes, source]
        assert subprocess.run(command, capture_output=True, text=True).stderr == ""


def test_references_into_other_files_are_followed(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/more.yaml").write_text(
        "Part: {type: object, properties: {on: {$ref: '../base.yaml#/Base'}}}\n"
        "Yes: {description: Yes, content: {application/json: {schema: {$ref: '#/Part'}}}}\n"
    )
    (tmp_path / "base.yaml").write_text(
        "Base: {type: object, properties: {a: {type: string}}}\n"
    )
    path = _document(
        tmp_path, a={"responses": {"200": {"$ref": "parts/more.yaml#/Yes"}}}
    )
    sdk = _sdk(path, tmp_path)
    assert sdk["models"]["api"] == {"Base": "base", "Part": "part"}


def test_words_of_the_document_are_taken_on_demand(tmp_path: Path) -> None:
    said = "the *first* things. And more\n\nof them"
    part = {"name": "p", "in": "query", "description": "What\n p is.", "schema": {}}
    member = {"type": "string", "description": "Of one line."}
    schema = {"type": "object", "properties": {"a": member}}
    content = {"application/json": {"schema": schema}}
    operation = {
        "description": said,
        "parameters": [part],
        "responses": {"200": {"description": "", "content": content}},
    }
    path = _document(tmp_path, things=operation)
    ours = begin_with([path], None, False, problems_of).texts["api.yaml"]
    theirs = begin_with([path], None, True, problems_of).texts["api.yaml"]
    assert "first" not in ours and "Of one line" not in ours
    assert "summary: The *first* things." in theirs
    assert "description: What p is." in theirs and "Of one line." in theirs


def test_swagger_2_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "old.yaml"
    path.write_text("swagger: '2.0'\npaths: {}\n", encoding="utf-8")
    assert main(["import", "--spec", str(tmp_path / "spec"), str(path)]) == 1
    assert capsys.readouterr().err == (
        "old.yaml:1: #/swagger: Swagger 2.0 is not understood; "
        "convert the document to OpenAPI 3 first\n"
    )
    assert not (tmp_path / "spec").exists()


def test_two_documents_are_two_services(tmp_path: Path) -> None:
    spec = tmp_path / "spec"
    paths = [str(path) for path in DOCUMENTS[1:]]
    assert main(["import", "--spec", str(spec), *paths]) == 0
    assert sorted(p.name for p in spec.iterdir()) == [
        "errands.yaml",
        "harbour.yaml",
        "sdk.yaml",
    ]
    made = run(spec)
    said = [p.what for p in made.problems.sorted()]
    assert said == [
        "the server is not https://api.chores.example, as sdk.yaml says; correct one"
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_what_import_begins_is_as_expected(path: Path, accept: bool) -> None:
    """The whole of spec/, to read what becomes of a document; kept beside the others."""
    texts = begin_with([path], None, False, problems_of).texts
    for name, text in texts.items():
        kept = HERE / "foreign" / path.stem / name
        if accept:
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(text, encoding="utf-8")
        assert kept.read_text(encoding="utf-8") == text
