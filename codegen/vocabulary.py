# SPDX-License-Identifier: MIT
"""What spec/ says already, to say the same of what is new.

Shared parameters, the description a parameter goes by elsewhere, the answer of a status, the
paging that goes with certain parameters: all learned from the documents as they are, so that
nothing here knows an API.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from codegen.layout import Tree, ordered_parameter
from codegen.merge import facts_of, is_word
from codegen.operations import METHODS


class Vocabulary:
    """All documents of spec/ as trees, by file name, and what they have in common."""

    def __init__(self, trees: dict[str, Tree]) -> None:
        self.trees = trees
        self._descriptions: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
        self._answers: dict[str, Counter[str]] = {}
        self._entries: dict[tuple[str, str], Tree] = {}
        self._said: dict[str, Counter[str]] = {}
        self._paging: Counter[str] = Counter()
        self._paged_by: dict[str, set[str]] = {}
        for name, tree in trees.items():
            for _, _, operation in operations(tree):
                self._learn(name, operation)
            for parameter in shared_parameters(tree).values():
                self._learn_description(name, parameter)

    def _learn(self, name: str, operation: Tree) -> None:
        queries = set()
        for entry in operation.get("parameters", []):
            parameter = self.resolve(name, entry)
            self._learn_description(name, parameter)
            if parameter["in"] == "query":
                queries.add(parameter["name"])
        for status, entry in operation["responses"].items():
            text = self.resolve(name, entry)["description"]
            self._said.setdefault(status, Counter())[text] += 1
            if "content" not in entry:
                text = repr(sorted(entry.items()))
                self._answers.setdefault(status, Counter())[text] += 1
                self._entries[status, text] = entry
        style = operation.get("x-paging")
        if style is not None:
            self._paging[style] += 1
            known = self._paged_by.setdefault(style, queries)
            self._paged_by[style] = known & queries

    def _learn_description(self, name: str, parameter: Tree) -> None:
        if not parameter.get("x-proposed"):
            key = parameter["in"], parameter["name"]
            counter = self._descriptions.setdefault(key, Counter())
            counter[name, parameter["description"]] += 1

    def resolve(self, name: str, entry: Tree) -> Tree:
        """What a reference in a document leads to, or the entry itself."""
        while "$ref" in entry:
            file, _, pointer = entry["$ref"].partition("#")
            name = file or name
            found: Any = self.trees[name]
            for part in pointer.removeprefix("/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            entry = found
        return entry

    def shared(self, name: str, facts: Tree, description: str) -> Tree | None:
        """A reference to a shared parameter with these facts; best with this text."""
        best: tuple[bool, str] | None = None
        for file in (name, *sorted(self.trees)):
            if file != name and self.trees[file].get("paths"):
                continue  # documents refer to their own and to what holds no paths
            for key, parameter in sorted(shared_parameters(self.trees[file]).items()):
                if parameter_facts(parameter) == facts:
                    there = "" if file == name else file
                    reference = f"{there}#/components/parameters/{key}"
                    fits = parameter["description"] == description
                    if best is None or (fits and not best[0]):
                        best = fits, reference
        return {"$ref": best[1]} if best is not None else None

    def description(self, name: str, parameter: Tree) -> str | None:
        """How this parameter is described elsewhere: in this document, else in any."""
        found = self._descriptions.get((parameter["in"], parameter["name"]))
        if found is None:
            return None
        ranked = sorted(found.items(), key=lambda kv: (kv[0][0] != name, -kv[1], kv[0]))
        return ranked[0][0][1]

    def answer(self, status: str, has_content: bool) -> Tree:
        """What spec/ says of a status: a reference, or a description."""
        found = self._answers.get(status)
        if found is not None and not has_content:
            return dict(self._entries[status, _most(found)])
        said = self._said.get(status)
        if said is not None:
            return {"description": _most(said)}
        if status == "default":
            return {"description": "The call failed."}
        try:
            return {"description": HTTPStatus(int(status)).phrase + "."}
        except ValueError:
            return {"description": f"Status {status}."}

    def paging(self, parameters: list[Tree]) -> str | None:
        """The paging style that goes with these parameters, if any does."""
        names = {p["name"] for p in parameters if p["in"] == "query"}
        for style in sorted(self._paging, key=lambda s: (-self._paging[s], s)):
            if self._paged_by[style] and self._paged_by[style] <= names:
                return style
        return None


def _most(counter: Counter[str]) -> str:
    """What is said most often; of equals the first by name."""
    return min(counter.items(), key=lambda pair: (-pair[1], pair[0]))[0]


def operations(tree: Tree) -> Iterator[tuple[str, str, Tree]]:
    """Path, method and operation of a document."""
    for path, item in tree.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def shared_parameters(tree: Tree) -> Tree:
    """The parameters a document shares out."""
    found: Tree = tree.get("components", {}).get("parameters", {})
    return found


def parameter_facts(parameter: Tree) -> Tree:
    """A parameter without words."""
    out = {k: v for k, v in parameter.items() if not is_word(k) and v is not False}
    if parameter.get("explode") is False:
        out["explode"] = False
    out["schema"] = facts_of(parameter.get("schema", {}))
    return ordered_parameter(out)
