# SPDX-License-Identifier: MIT
"""`import DOC…`: newer documents into spec/, and a report of what that means."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from codegen.corrections import apply_corrections
from codegen.importing import Import, Outcome, Settings, drop_unused, update_shared
from codegen.importing import used_parameters
from codegen.layout import Tree, dump, head_of
from codegen.load import Documents, Node, Plain, at_pointer, load_text
from codegen.problems import Problem, Problems, Refusal, Source
from codegen.sdk import read_sdk
from codegen.sdk_models import with_models
from codegen.vendor import Facts, read_vendor
from codegen.vocabulary import Vocabulary, operations

_SDK = "sdk.yaml"


@dataclass(frozen=True, slots=True)
class Result:
    """The texts an import makes of spec/, by file name, and what it found."""

    texts: dict[str, str]
    outcomes: list[Outcome]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    command.add_argument("documents", metavar="DOC", type=Path, nargs="+")
    command.add_argument("--spec", type=Path, default=Path("spec"))
    command.add_argument(
        "--service", help="of a single DOC; default: by its server's path or its name"
    )
    command.add_argument(
        "--remove",
        action="store_true",
        help="take out what the documents no longer have",
    )
    command.add_argument(
        "--dry-run", action="store_true", help="report only; write nothing"
    )


def run_import(options: argparse.Namespace) -> int:
    """Imports, writes what changed, prints the report."""
    if options.service is not None and len(options.documents) > 1:
        print("codegen: --service is for a single document", file=sys.stderr)
        return 2
    try:
        result = import_documents(
            options.spec, options.documents, options.service, options.remove
        )
    except Refusal as refusal:
        print(refusal.problem, file=sys.stderr)
        return 1
    if not options.dry_run:
        for name, text in result.texts.items():
            path = options.spec / name
            if path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
    print(report(result.outcomes), end="")
    return 0


def import_documents(
    spec: Path, paths: list[Path], service: str | None, remove: bool
) -> Result:
    """The whole import, without writing."""
    texts = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(spec.glob("*.yaml"))
    }
    if _SDK not in texts:
        raise FileNotFoundError(f"{spec}/{_SDK}")
    trees: dict[str, Tree] = {}
    for document in _load(texts):
        plain = document.root.plain()
        if isinstance(plain, dict) and "openapi" in plain:
            trees[document.name] = plain
    before = texts.copy()
    vocabulary = Vocabulary(trees)
    sdk = _mapping(load_text(_SDK, texts[_SDK]).root.plain())
    schemes = _schemes(trees)
    imports: dict[str, Facts] = {}
    for path in paths:
        facts = read_vendor(path, frozenset(schemes))
        file = _file_of(facts, trees, service, path)
        if file in imports:
            raise Refusal(Source(path.name, 1, "#"), f"a second document for {file}")
        imports[file] = facts
    used = {file: used_parameters(trees[file]) for file in imports}
    shared_lines = update_shared(vocabulary, imports)
    taken = _taken(sdk, trees)
    outcomes = []
    for file in sorted(imports):
        settings = _settings(file, sdk, taken, schemes)
        outcome = Import(file, imports[file], vocabulary, settings, remove).run()
        for name in drop_unused(trees[file], used[file]):
            outcome.changed.append(f"shared parameter {name}: no longer used, dropped")
        texts[_SDK] = with_models(
            texts[_SDK], _stem(file), outcome.new_models, outcome.lost_models
        )
        outcomes.append(outcome)
    for file, tree in trees.items():
        if file in imports or (shared_lines and not tree.get("paths")):
            texts[file] = dump(tree, head_of(texts[file]))
    stale = _stale(before, texts)
    for outcome in outcomes:
        outcome.stale = [text for name, text in stale if name == _stem(outcome.file)]
    if outcomes:
        outcomes[0].changed += shared_lines
    return Result(texts, outcomes)


def _stem(file: str) -> str:
    return file.rsplit(".", 1)[0]


def _mapping(value: Plain) -> Tree:
    return value if isinstance(value, dict) else {}


def _taken(sdk: Tree, trees: dict[str, Tree]) -> set[str]:
    """Names that no model can have."""
    models = (sdk.get("models") or {}).values()
    taken = {str(name) for names in models for name in names.values()}
    for tree in trees.values():
        taken |= {operation["operationId"] for _, _, operation in operations(tree)}
    return taken | {"client", "client_options"}


def _file_of(
    facts: Facts, trees: dict[str, Tree], service: str | None, path: Path
) -> str:
    """The document of spec/ that a newer one is of."""
    if service is not None:
        if f"{service}.yaml" not in trees:
            raise Refusal(
                Source(path.name, 1, "#"), f"spec/ has no service '{service}'"
            )
        return f"{service}.yaml"
    for file, tree in trees.items():
        servers = tree.get("servers", [])
        base = urlsplit(servers[0]["url"]).path.strip("/") if servers else ""
        if facts.base and base == facts.base and tree.get("paths"):
            return file
    if f"{path.stem}.yaml" in trees:
        return f"{path.stem}.yaml"
    raise Refusal(
        Source(path.name, 1, "#/servers"),
        f"no document of spec/ has the server path '/{facts.base}'; name --service",
    )


def _schemes(trees: dict[str, Tree]) -> dict[str, str]:
    """Headers of credentials, in lower case, to the scheme they belong to."""
    out = {}
    for tree in trees.values():
        schemes = tree.get("components", {}).get("securitySchemes", {})
        for name, scheme in schemes.items():
            if scheme.get("in") == "header":
                out[str(scheme["name"]).lower()] = str(name)
            elif scheme.get("scheme", "").lower() == "bearer":
                out["bearer"] = out["authorization"] = str(name)
    return out


def _settings(
    file: str, sdk: Tree, taken: set[str], schemes: dict[str, str]
) -> Settings:
    groups = (sdk.get("groups") or {}).items()
    return Settings(
        groups={
            name: group["description"]
            for name, group in groups
            if group["service"] == _stem(file)
        },
        models=taken,
        names_models=_stem(file) in (sdk.get("models") or {}),
        schemes=schemes,
    )


def _load(texts: dict[str, str]) -> Documents:
    return Documents({name: load_text(name, text) for name, text in texts.items()})


def _stale(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str]]:
    """Corrections that fitted the documents and do not fit them now, with their service."""
    failed_before = {problem.source.pointer for problem in _failed(_load(before))}
    documents = _load(after)
    corrections = _corrections(documents)
    out = []
    for problem in _failed(documents):
        if problem.source.pointer not in failed_before:
            entry = corrections[int(problem.source.pointer.split("/")[2])]
            out.append((entry.text_of("service"), str(problem)))
    # Without `was` nothing fails: then it is stale if the place is not what it was.
    old, new = _load(before), _load(after)
    for entry in corrections:
        for place in [] if entry.get("was") is not None else _places(entry):
            if _said(old, entry, place) != _said(new, entry, place):
                text = (
                    f"{place.source}: the document says something new here; look again"
                )
                out.append((entry.text_of("service"), text))
    return sorted(out)


def _failed(documents: Documents) -> list[Problem]:
    """What applying the corrections, to these trees, has to say."""
    problems = Problems()
    sdk_document = documents.get(_SDK)
    if sdk_document is not None:
        apply_corrections(
            read_sdk(sdk_document, documents, Problems()), documents, problems
        )
    return problems.sorted()


def _corrections(documents: Documents) -> list[Node]:
    sdk_document = documents.get(_SDK)
    found = sdk_document.root.get("corrections") if sdk_document is not None else None
    return found.items() if found is not None else []


def _places(entry: Node) -> list[Node]:
    at = entry.need("at")
    return at.items() if isinstance(at.value, list) else [at]


def _said(documents: Documents, entry: Node, place: Node) -> Plain:
    document = documents.get(f"{entry.text_of('service')}.yaml")
    found = at_pointer(document.root, place.text()) if document is not None else None
    return found.plain() if found is not None else None


def report(outcomes: list[Outcome]) -> str:
    """What a person reads before he commits."""
    lines = []
    for outcome in outcomes:
        lines.append(f"{outcome.file}: {outcome.kept} operations and schemas kept")
        verdict = "removed" if outcome.removed else "gone, kept without --remove"
        for what, entries in (
            ("changed", outcome.changed),
            ("new", outcome.new),
            (verdict, outcome.gone),
            ("stale correction", outcome.stale),
        ):
            lines += [f"  {what}: {entry}" for entry in entries]
    return "".join(f"{line}\n" for line in lines)
