# SPDX-License-Identifier: MIT
"""`import`: what becomes of spec/, and what a person is told.

import_*/ holds spec/ as it was, the vendor's newer document, spec/ as it is then (expected/,
only what changed; there is no such folder where nothing did), the report and the difference
for C programs. Where `remove` is in the name, --remove is given.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from features import HERE, ROOT
from vendor_like import Tree, vendor_like

from codegen.cli import main, run
from codegen.diff_command import as_text, changes_between
from codegen.import_command import Result, import_documents, report
from codegen.load import load_file

CASES = sorted(HERE.glob("import_*"))
SPEC = ROOT / "spec"
SERVICES = sorted(
    p.name for p in SPEC.glob("*.yaml") if p.stem not in ("sdk", "common")
)


def _name(folder: Path) -> str:
    return folder.name


def _import(folder: Path) -> Result:
    documents = sorted(folder.glob("document.*"))
    return import_documents(folder / "spec", documents, None, "remove" in folder.name)


def _write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("folder", CASES, ids=_name)
def test_import_is_as_expected(folder: Path, accept: bool) -> None:
    result = _import(folder)
    was = {p.name: p.read_text(encoding="utf-8") for p in (folder / "spec").iterdir()}
    changed = {name: text for name, text in result.texts.items() if text != was[name]}
    said = report(result.outcomes)
    if accept:
        shutil.rmtree(folder / "expected", ignore_errors=True)
        _write(folder / "expected", changed)
        _write(folder, {"report.txt": said})
        return
    kept = {
        p.name: p.read_text(encoding="utf-8") for p in (folder / "expected").glob("*")
    }
    assert changed == kept
    assert said == (folder / "report.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", CASES, ids=_name)
def test_difference_of_an_import_is_as_expected(
    folder: Path, accept: bool, tmp_path: Path
) -> None:
    result = _import(folder)
    _write(tmp_path, result.texts)
    if any(outcome.stale for outcome in result.outcomes):
        said = [str(problem) for problem in run(tmp_path).problems.sorted()]
        assert said and all("/corrections/" in line for line in said)
        return
    changes = changes_between(run(folder / "spec"), run(tmp_path))
    text = as_text(changes, "0.3.1", "-")
    if accept:
        _write(folder, {"diff.txt": text})
        return
    assert text == (folder / "diff.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", CASES, ids=_name)
def test_second_import_changes_nothing(folder: Path, tmp_path: Path) -> None:
    first = _import(folder)
    _write(tmp_path, first.texts)
    documents = sorted(folder.glob("document.*"))
    second = import_documents(tmp_path, documents, None, "remove" in folder.name)
    assert second.texts == first.texts
    assert [o.changed + o.new for o in second.outcomes if o.changed + o.new] in (
        [],
        [[line for line in first.outcomes[0].changed if "security is kept" in line]],
    )


@pytest.mark.parametrize("folder", CASES, ids=_name)
def test_order_of_the_document_makes_no_difference(
    folder: Path, tmp_path: Path
) -> None:
    def backwards(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: backwards(value[key]) for key in reversed(value)}
        return value

    document = next(folder.glob("document.*"))
    text = document.read_text(encoding="utf-8")
    is_json = document.suffix == ".json"
    plain = json.loads(text) if is_json else load_file(document).root.plain()
    path = tmp_path / "document.json"
    path.write_text(json.dumps(backwards(plain)), encoding="utf-8")
    remove = "remove" in folder.name
    result = import_documents(folder / "spec", [path], None, remove)
    assert result.texts == _import(folder).texts
    assert report(result.outcomes) == report(_import(folder).outcomes)


# ---- the documents of spec/ as they are ------------------------------------------------------


@pytest.fixture(scope="module")
def trees() -> dict[str, Tree]:
    found = {}
    for path in SPEC.glob("*.yaml"):
        plain = load_file(path).root.plain()
        assert isinstance(plain, dict)
        found[path.name] = plain
    return found


@pytest.fixture(scope="module")
def again(trees: dict[str, Tree], tmp_path_factory: pytest.TempPathFactory) -> Result:
    """All documents, stripped of our words and imported."""
    folder = tmp_path_factory.mktemp("vendor")
    paths = []
    for name in SERVICES:
        paths.append(folder / name.replace(".yaml", ".json"))
        paths[-1].write_text(json.dumps(vendor_like(trees, name)), encoding="utf-8")
    return import_documents(SPEC, paths, None, True)


@pytest.mark.parametrize("name", SERVICES)
def test_same_document_is_imported_to_the_same_bytes(name: str, again: Result) -> None:
    assert again.texts[name] == (SPEC / name).read_text(encoding="utf-8")


def test_same_documents_say_nothing(again: Result, trees: dict[str, Tree]) -> None:
    kept = 0
    for outcome in again.outcomes:
        assert (outcome.changed, outcome.new, outcome.gone, outcome.stale) == (
            [],
            [],
            [],
            [],
        )
        kept += outcome.kept
    assert kept == sum(
        len(item) for name in SERVICES for item in trees[name]["paths"].values()
    ) + sum(len(trees[name]["components"]["schemas"]) for name in SERVICES)
    for name in ("sdk.yaml", "common.yaml"):
        assert again.texts[name] == (SPEC / name).read_text(encoding="utf-8")


def test_no_word_of_the_vendor_is_taken_over(again: Result) -> None:
    for folder in CASES:
        for text in _import(folder).texts.values():
            assert "vendor" not in text.lower()
            assert "at length" not in text


# ---- single rules ------------------------------------------------------------------------------


def _copy(name: str, tmp_path: Path) -> tuple[Path, Tree]:
    """The spec of a case, to change, and what its vendor publishes."""
    spec = tmp_path / "spec"
    shutil.copytree(HERE / name / "spec", spec)
    found = {}
    for path in spec.glob("*.yaml"):
        plain = load_file(path).root.plain()
        assert isinstance(plain, dict)
        found[path.name] = plain
    service = next(n for n in found if n not in ("sdk.yaml", "common.yaml"))
    return spec, vendor_like(found, service)


def _bring(spec: Path, document: Tree, remove: bool = False) -> Result:
    path = spec.parent / "document.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return import_documents(spec, [path], None, remove)


def test_check_names_what_is_proposed_until_a_person_has_looked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = HERE / "import_additions"
    shutil.copytree(case / "spec", tmp_path / "spec")
    spec, out = str(tmp_path / "spec"), str(tmp_path / "out")
    document = str(case / "document.json")
    assert main(["import", "--spec", spec, document]) == 0
    assert main(["generate", "--spec", spec, "--out", out]) == 0
    capsys.readouterr()
    assert main(["check", "--spec", spec, "--out", out]) == 1
    said = capsys.readouterr().err
    assert "the name 'notifications_webhooks_test' is proposed" in said
    assert "the model's name in sdk.yaml of 'WebhookDelivery' is proposed" in said
    path = tmp_path / "spec" / "notifications.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "x-proposed" not in line))
    assert main(["generate", "--spec", spec, "--out", out]) == 0
    assert main(["check", "--spec", spec, "--out", out]) == 0


def test_dry_run_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = HERE / "import_additions"
    shutil.copytree(case / "spec", tmp_path / "spec")
    before = {p: p.read_bytes() for p in (tmp_path / "spec").iterdir()}
    document = str(case / "document.json")
    assert (
        main(["import", "--dry-run", "--spec", str(tmp_path / "spec"), document]) == 0
    )
    assert {p: p.read_bytes() for p in (tmp_path / "spec").iterdir()} == before
    assert capsys.readouterr().out == (case / "report.txt").read_text(encoding="utf-8")


def test_shared_parameter_that_changes_for_all_changes_in_its_place(
    tmp_path: Path,
) -> None:
    spec, document = _copy("import_changes", tmp_path)
    for item in document["paths"].values():
        for operation in item.values() if item.keys() != {"description"} else ():
            for parameter in operation["parameters"]:
                if parameter["name"] == "job_id":
                    parameter["schema"] = {"type": "string", "format": "uuid"}
    result = _bring(spec, document)
    common = result.texts["common.yaml"]
    assert "description: The job.\n      schema: {format: uuid, type: string}" in common
    assert result.texts["jobs.yaml"] == (spec / "jobs.yaml").read_text(encoding="utf-8")


def test_shared_parameter_that_changes_for_one_is_written_out_there(
    tmp_path: Path,
) -> None:
    spec, document = _copy("import_changes", tmp_path)
    for parameter in document["paths"]["/v1/jobs/{job_id}/"]["get"]["parameters"]:
        if parameter["name"] == "job_id":
            parameter["schema"] = {"type": "integer"}
    result = _bring(spec, document)
    assert result.texts["common.yaml"] == (spec / "common.yaml").read_text(
        encoding="utf-8"
    )
    written = "description: The job.\n          schema: {type: integer}"
    assert result.texts["jobs.yaml"].count(written) == 1


def test_paths_that_only_swap_names_of_ids_are_not_mixed_up(tmp_path: Path) -> None:
    """Two paths of one shape: neither can be told to be the other under a new name."""
    spec, document = _copy("import_removals", tmp_path)
    item = document["paths"].pop("/v1/notifications/{notification_id}/")
    for name in ("a_id", "b_id"):
        text = json.dumps(item).replace("notification_id", name)
        document["paths"][f"/v1/notifications/{{{name}}}/"] = json.loads(text)
    outcome = _bring(spec, document).outcomes[0]
    assert any(
        "GET /v1/notifications/{notification_id}/" in line for line in outcome.gone
    )
    assert sum("GET /v1/notifications/{" in line for line in outcome.new) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"openapi": "4.0.0"}, "only OpenAPI 3.0 and 3.1 are understood"),
        ({"swagger": "2.0"}, "convert the document to OpenAPI 3 first"),
        ({"servers": [{"url": "https://elsewhere.example/other/"}]}, "name --service"),
        ({"paths": {}}, "nothing can be called"),
    ],
)
def test_document_that_is_not_understood_is_refused(
    change: Tree, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, document = _copy("import_changes", tmp_path)
    path = tmp_path / "unknown.json"
    path.write_text(json.dumps({**document, **change}), encoding="utf-8")
    assert main(["import", "--spec", str(spec), str(path)]) == 1
    assert said in capsys.readouterr().err
