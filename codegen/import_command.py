# SPDX-License-Identifier: MIT
"""`import DOC…`: newer documents into spec/, and a report of what that means."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from codegen.beginning import begin, dump_sdk, room_of
from codegen.corrections import apply_corrections
from codegen.importing import Import, Outcome, Settings, drop_unused, update_shared
from codegen.importing import used_parameters
from codegen.layout import Tree, dump, head_of
from codegen.load import Documents, Node, Plain, at_pointer, load_text
from codegen.problems import Problem, Problems, Refusal, Source
from codegen.sdk import read_sdk
from codegen.sdk_models import with_models
from codegen.settlement import settle
from codegen.vendor import Facts, credential_of, facts_of_foreign, read_foreign
from codegen.vendor import read_vendor
from codegen.vocabulary import Vocabulary, operations
from codegen.wording import take_words
from codegen.words import word_of

_SDK = "sdk.yaml"
_HEAD = "# Begun from the server's own document by `import`, which brings in newer ones too.\n"

Run = Callable[[Documents], Problems]  # what the generator has to say of spec/
Conclude = Callable[[Documents], str]  # what is left for a person, in lines


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
        "--words",
        action="store_true",
        help="of a new SDK: take the documents' own summaries and descriptions",
    )
    command.add_argument(
        "--dry-run", action="store_true", help="report only; write nothing"
    )


def run_import(options: argparse.Namespace, run: Run, conclude: Conclude) -> int:
    """Imports, writes what changed, prints the report; of a new SDK, what is left to settle."""
    if options.service is not None and len(options.documents) > 1:
        print("codegen: --service is for a single document", file=sys.stderr)
        return 2
    is_new = not _files(options.spec)
    if options.words and not is_new:
        print("codegen: --words is for a new SDK; spec/ has its words", file=sys.stderr)
        return 2
    try:
        if is_new:
            result = begin_with(options.documents, options.service, options.words, run)
        else:
            result = import_documents(
                options.spec, options.documents, options.service, options.remove
            )
    except Refusal as refusal:
        print(refusal.problem, file=sys.stderr)
        return 1
    if not options.dry_run:
        options.spec.mkdir(parents=True, exist_ok=True)
        for name, text in result.texts.items():
            path = options.spec / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
    if is_new:
        for outcome in result.outcomes:
            outcome.new = []  # all of it is; the marks are listed below
    print(report(result.outcomes), end="")
    if is_new:
        print(conclude(_load(result.texts)), end="")
    return 0


def import_documents(
    spec: Path, paths: list[Path], service: str | None, remove: bool
) -> Result:
    """The whole import into what is there, without writing."""
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
    sdk = _mapping(load_text(_SDK, texts[_SDK]).root.plain())
    schemes = _schemes(trees)
    imports: dict[str, Facts] = {}
    for path in paths:
        facts = read_vendor(path, frozenset(schemes))
        file = _file_of(facts, trees, service, path)
        if file in imports:
            raise Refusal(Source(path.name, 1, "#"), f"a second document for {file}")
        imports[file] = facts
    vocabulary = Vocabulary(trees)
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


def _files(spec: Path) -> list[Path]:
    """What there is of an SDK; nothing, or no folder, if it is to be begun."""
    return [path for end in ("yaml", "yml", "json") for path in spec.glob(f"*.{end}")]


def begin_with(
    paths: list[Path], service: str | None, takes_words: bool, run: Run
) -> Result:
    """Documents into an empty folder: all that a person would write is proposed.
    run: to settle names with."""
    found: dict[str, tuple[Tree, Facts]] = {}
    for path in paths:
        file = f"{service or ('api' if len(paths) == 1 else _service_of(path))}.yaml"
        if file in found:
            raise Refusal(Source(path.name, 1, "#"), f"a second document for {file}")
        foreign = read_foreign(path)
        schemes = foreign.tree["components"].get("securitySchemes", {})
        secrets = frozenset(
            credential_of(scheme).lower() for scheme in schemes.values()
        )
        found[file] = foreign.tree, facts_of_foreign(path.name, foreign, secrets)
    begun = begin(found)
    vocabulary = Vocabulary(begun.trees)
    taken = _taken(begun.sdk, begun.trees)
    outcomes = []
    for file, (_, facts) in found.items():
        settings = _settings(file, begun.sdk, taken, _schemes(begun.trees))
        settings.by_tag = begun.by_tag
        outcome = Import(file, facts, vocabulary, settings, False).run()
        begun.sdk["models"][_stem(file)].update(outcome.new_models)
        outcomes.append(outcome)
        if takes_words:
            take_words(begun.trees[file], found[file][0])
    settle(begun.sdk, begun.trees, run)
    texts = {file: dump(tree, _HEAD) for file, tree in begun.trees.items()}
    return Result({**texts, _SDK: dump_sdk(begun.sdk)}, outcomes)


def _service_of(path: Path) -> str:
    return re.sub(r"_+", "_", word_of(path.stem)).strip("_")


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
    services = {word_of(_stem(file)) for file in trees}
    taken |= {f"{s}_{end}" for s in services for end in ("model", "model_id", "schema")}
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
    called = [file for file, tree in trees.items() if tree.get("paths")]
    if len(called) == 1 and not facts.base:
        return called[0]
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
            key = credential_of(scheme).lower()
            if key:
                out[key] = str(name)
            if key == "bearer":
                out["authorization"] = str(name)
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
        room=room_of(str(sdk.get("prefix", ""))),
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
            ("read otherwise", outcome.noted),
            ("left out", outcome.left_out),
        ):
            lines += [f"  {what}: {entry}" for entry in entries]
    return "".join(f"{line}\n" for line in lines)
