# SPDX-License-Identifier: MIT
"""Documents that nobody would write: whatever comes is imported or refused, never a traceback.

The seeds are fixed, so a failure is the same one again; what is mutated are documents with a bit
of everything. `FUZZ_ROUNDS` makes it look longer.
"""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from codegen.cli import problems_of, run, run_documents
from codegen.import_command import begin_with, import_documents
from codegen.load import Documents, load_text, plain_document
from codegen.problems import Refusal

HERE = Path(__file__).resolve().parent
BASES = (
    HERE / "foreign/everything.yaml",
    HERE.parent / "second_api/harbour/harbour.yaml",
)
ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "20"))
CHANGES = 4  # to a document at once


def _deep(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"type": "array", "items": value}
    return value


STRANGE: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**30,
        "",
        " ",
        "x" * 300,
        "\u00e4\u4e2d",
        "a\nb",
    ),
    *([], {}, [None], [[]], {"": ""}, {"$ref": "#"}, {"$ref": "#/paths"}, {"$ref": 7}),
    *({"$ref": "#/components/schemas/Thing"}, {"$ref": "x.yaml#/y"}, {"$ref": "#/%zz"}),
    *({"allOf": []}, {"oneOf": [{}]}, {"anyOf": [{"type": "null"}]}, {"enum": [{}]}),
    *({"type": ["a", "b"]}, {"type": "object", "properties": []}, {"required": "x"}),
    *("*/", "/*", '"', "%s", "{", "}", "..", "/", "int", "NULL", "\u202e", "a" * 70000),
    *(_deep(30), _deep(140), {"discriminator": {"propertyName": "a", "mapping": []}}),
)
SIGNS = (
    b"",
    b"a",
    b"\0",
    b"\xff",
    b"{",
    b"- ",
    b"\t",
    b"&a ",
    b"*a",
    b"<<: *limits",
    b": ",
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with a key or index into it."""
    out: list[tuple[Any, Any]] = []
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    for key in keys:
        out.append((value, key))
        out += _places(value[key])
    return out


def _mutate(document: Any, chance: random.Random) -> None:
    holder, key = chance.choice(_places(document))
    what = chance.randrange(5)
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, dict):
        holder[str(chance.choice(STRANGE))[:400]] = holder.pop(key)
    elif what == 2:
        other, at = chance.choice(_places(document))
        holder[key] = json.loads(json.dumps(other[at]))
    else:
        holder[key] = json.loads(json.dumps(chance.choice(STRANGE)))


def _bring_in(path: Path, spec: Path) -> None:
    """Imports into an empty folder; what is imported is generated, or refused with reasons."""
    try:
        result = begin_with([path], None, False, problems_of)
    except Refusal as refusal:
        assert refusal.problem.what
        return
    spec.mkdir()
    for name, text in result.texts.items():
        (spec / name).write_text(text, encoding="utf-8")
    made = run(spec)
    assert made.texts or len(made.problems)
    for text in made.texts.values():
        text.encode("utf-8")


@pytest.mark.parametrize("base", BASES, ids=lambda path: path.stem)
def test_mutated_documents_are_imported_or_refused(base: Path, tmp_path: Path) -> None:
    original = json.dumps(
        load_text(base.name, base.read_text(encoding="utf-8"), True).root.plain()
    )
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        document = json.loads(original)
        for _ in range(CHANGES):
            _mutate(document, chance)
        path = tmp_path / f"{seed}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        _bring_in(path, tmp_path / f"spec{seed}")


@pytest.mark.parametrize("base", BASES, ids=lambda path: path.stem)
def test_mutated_text_is_read_or_refused(base: Path, tmp_path: Path) -> None:
    original = base.read_bytes()
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        text = bytearray(original)
        at = chance.randrange(len(text))
        cut = chance.choice((0, 1, 20, 2000))
        text[at : at + cut] = chance.choice(SIGNS)
        path = tmp_path / f"{seed}.yaml"
        path.write_bytes(bytes(text))
        _bring_in(path, tmp_path / f"spec{seed}")


@pytest.mark.parametrize("base", BASES, ids=lambda path: path.stem)
def test_mutated_spec_is_generated_or_refused(base: Path, tmp_path: Path) -> None:
    """What import has written, and a person has ruined."""
    texts = begin_with([base], None, False, problems_of).texts
    plain = {name: load_text(name, text).root.plain() for name, text in texts.items()}
    original = json.dumps(plain)
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        trees = json.loads(original)
        for _ in range(CHANGES):
            _mutate(trees[chance.choice(sorted(trees))], chance)
        documents = {name: plain_document(name, tree) for name, tree in trees.items()}
        made = run_documents(Documents(documents), documents["sdk.yaml"])
        assert made.texts or len(made.problems)


@pytest.mark.parametrize("base", BASES, ids=lambda path: path.stem)
def test_mutated_documents_are_brought_in_again(base: Path, tmp_path: Path) -> None:
    """A newer document, ruined, into the spec/ that an older one has begun."""
    spec = tmp_path / "spec"
    spec.mkdir()
    texts = begin_with([base], None, False, problems_of).texts
    for name, text in texts.items():
        (spec / name).write_text(text, encoding="utf-8")
    original = json.dumps(
        load_text(base.name, base.read_text(encoding="utf-8"), True).root.plain()
    )
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        document = json.loads(original)
        for _ in range(CHANGES):
            _mutate(document, chance)
        path = tmp_path / "api.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            import_documents(spec, [path], "api", chance.random() < 0.5)
        except Refusal as refusal:
            assert refusal.problem.what


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "[]",
        "openapi: 3.0.0",
        "{" * 10000,
        "[" * 10000 + "]" * 10000,
        "a: &a [*a]",
        "? [a]\n: b",
        "a: 1\n---\nb: 2\n",
        "\n".join(
            f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10) if i else 1}]"
            for i in range(9)
        ),
        "x: " + "9" * 5000,
        '{"openapi": "3.0.0", "paths": "\\ud800"}',
    ],
    ids=range(12),
)
def test_text_that_is_no_document_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal):
        begin_with([path], None, False, problems_of)


@pytest.mark.parametrize("kinds", ["rai", "r", "m", "n"])
def test_chains_of_schemas_end_somewhere(kinds: str, tmp_path: Path) -> None:
    """References, items, parts that are alone or not, and choices: 1,500 in each other."""
    schemas: dict[str, Any] = {"S0": {"type": "object", "properties": {"a": {}}}}
    for number in range(1, 1500):
        below = {"$ref": f"#/components/schemas/S{number - 1}"}
        members = {"properties": {f"m{number}": {"type": "string"}}}
        schemas[f"S{number}"] = {
            "r": below,
            "a": {"allOf": [below]},
            "i": {"type": "array", "items": below},
            "m": {"allOf": [below, members]},
            "n": {"anyOf": [below, {"nullable": True}]},
        }[kinds[number % len(kinds)]]
    last = {"$ref": "#/components/schemas/S1499"}
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Chains", "version": "1"},
        "paths": {
            "/a": {
                "get": {
                    "parameters": [{"name": "p", "in": "query", "schema": last}],
                    "responses": {
                        "200": {
                            "description": "",
                            "content": {"application/json": {"schema": last}},
                        }
                    },
                }
            }
        },
        "components": {"schemas": schemas},
    }
    path = tmp_path / "chains.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    _bring_in(path, tmp_path / "spec")
