# SPDX-License-Identifier: MIT
"""The commands. 0: done; 1: the input is refused, or check found something; 2: usage."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from codegen import diff_command, import_command
from codegen.build import build
from codegen.c_view import pages
from codegen.corrections import apply_corrections
from codegen.ir import Api
from codegen.load import Document, Documents, load_file, load_folder
from codegen.problems import Problems, Refusal
from codegen.proposals import take_proposals
from codegen.render import render
from codegen.report import report
from codegen.sdk import read_sdk
from codegen.write import Changes, compare, write


@dataclass(frozen=True, slots=True)
class Run:
    """What a run made of the input: the API and the files; no files if it is refused."""

    api: Api | None
    texts: dict[str, str]
    problems: Problems
    proposals: tuple[str, ...] = ()  # what import made up and nobody has looked at


def run(spec: Path, sdk_path: Path | None = None) -> Run:
    """From folder to text; nothing is written."""
    problems = Problems()
    with problems.gather():
        documents = load_folder(spec)
        return run_documents(documents, _sdk_document(spec, documents, sdk_path))
    return Run(None, {}, problems)


def run_documents(
    documents: Documents, sdk_document: Document, renders: bool = True
) -> Run:
    """From trees to text; up to the views only, if it does not render."""
    problems = Problems()
    with problems.gather():
        proposals = take_proposals(documents)
        sdk = read_sdk(sdk_document, documents, problems)
        apply_corrections(sdk, documents, problems)
        api = build(documents, sdk, problems)
        made = pages(api, sdk, problems)
        texts = render(made) if renders and not len(problems) else {}
        return Run(api, texts, problems, proposals)
    return Run(None, {}, problems)


def _sdk_document(spec: Path, documents: Documents, sdk_path: Path | None) -> Document:
    if sdk_path is not None:
        return load_file(sdk_path)
    for name in ("sdk.yaml", "sdk.json"):
        found = documents.get(name)
        if found is not None:
            return found
    raise FileNotFoundError(f"{spec}/sdk.yaml")


def main(arguments: list[str]) -> int:
    """Runs a command."""
    parser = argparse.ArgumentParser(
        prog="codegen", description="OpenAPI documents to a C library."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("generate", "spec/ to generated/"),
        ("check", "lint spec/, and say whether generated/ is what it would make"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--spec", type=Path, default=Path("spec"))
        command.add_argument("--sdk", type=Path, help="default: sdk.yaml in --spec")
        command.add_argument("--out", type=Path, default=Path("generated"))
    for name, text, module in (
        ("import", "newer documents into spec/", import_command),
        ("diff", "what changed for C programs", diff_command),
    ):
        module.add_arguments(commands.add_parser(name, help=text, description=text))
    options = parser.parse_args(arguments)
    try:
        if options.command == "import":
            return import_command.run_import(options, problems_of, _left)
        if options.command == "diff":
            return diff_command.run_diff(options, run)
        result = run(options.spec, options.sdk)
        if options.command == "generate":
            return _generate(result, options.out)
        return _check(result, options.out)
    except OSError as error:
        print(f"codegen: {error}", file=sys.stderr)
        return 2


def problems_of(documents: Documents) -> Problems:
    """What keeps an SDK that is being proposed from being generated."""
    sdk_document = documents.get("sdk.yaml")
    assert sdk_document is not None
    return run_documents(documents, sdk_document, renders=False).problems


def _left(documents: Documents) -> str:
    """What became of each operation of a new SDK, and what a person has to settle."""
    sdk_document = documents.get("sdk.yaml")
    assert sdk_document is not None
    result = run_documents(documents, sdk_document)
    lines = [] if result.api is None else [report(result.api, result.problems)]
    lines += [str(problem) for problem in result.problems.sorted()]
    lines += result.proposals
    return "".join(f"{line}\n" for line in lines)


def _generate(result: Run, out: Path) -> int:
    if len(result.problems):
        return _refuse(result.problems)
    changes = write(out, result.texts)
    if changes.foreign:
        return _foreign(out, changes)
    print(
        f"{out}: {len(result.texts)} files, {len(changes.missing)} new, "
        f"{len(changes.different)} changed, {len(changes.leftover)} removed"
    )
    return 0


def _check(result: Run, out: Path) -> int:
    if result.api is not None:
        print(report(result.api, result.problems))
    if len(result.problems):
        return _refuse(result.problems)
    changes = compare(out, result.texts)
    if changes.foreign:
        return _foreign(out, changes)
    for proposal in result.proposals:
        print(proposal, file=sys.stderr)
    for what, names in (
        ("is missing", changes.missing),
        ("is not what spec/ makes", changes.different),
        ("is not made any more", changes.leftover),
    ):
        for name in names:
            print(f"{out}/{name}: {what}; run 'generate'", file=sys.stderr)
    if not changes:
        print(f"{out} is current.")
    return 1 if changes or result.proposals else 0


def _refuse(problems: Problems) -> int:
    for problem in problems.sorted():
        print(problem, file=sys.stderr)
    print(f"codegen: refused, {len(problems)} problems", file=sys.stderr)
    return 1


def _foreign(out: Path, changes: Changes) -> int:
    for name in changes.foreign:
        print(f"{out}/{name}: not made by codegen; move it away", file=sys.stderr)
    return 1


__all__ = ["Refusal", "Run", "main", "run"]
