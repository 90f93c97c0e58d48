# SPDX-License-Identifier: MIT
"""Settles what a new SDK cannot be generated with, as a person would: by entries of sdk.yaml.

A C name that two things want goes to the first; the second gets another under `names` or
`models`. An operation that has no form in C becomes a known gap. Each is a proposal, and once
accepted stays as it is, whatever the server adds later. What remains is for a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from codegen.layout import Tree
from codegen.load import Documents, plain_document
from codegen.problems import Clash, Problem, Problems, Source
from codegen.words import word_of

_ROUNDS = 12
_REASON = "Proposed: another has the name."

Look = Callable[[Documents], Problems]


def settle(sdk: Tree, trees: dict[str, Tree], look: Look) -> None:
    """Changes sdk in place until it helps no more. look: what the generator has to say."""
    for _ in range(_ROUNDS):
        documents = Documents(
            {
                "sdk.yaml": plain_document("sdk.yaml", sdk),
                **{name: plain_document(name, tree) for name, tree in trees.items()},
            }
        )
        found = _Settling(sdk, trees)
        for problem in look(documents).sorted():
            found.take(problem)
        if not found.changed:
            return


class _Settling:
    """One round."""

    def __init__(self, sdk: Tree, trees: dict[str, Tree]) -> None:
        self._sdk = sdk
        self._trees = trees
        self.changed = False

    def take(self, problem: Problem) -> None:
        """Settles one problem, if it is of a kind that can be."""
        clash = problem.clash
        source = clash.place if clash is not None and clash.place else problem.source
        parts = source.pointer.split("/")
        if clash is not None:
            self._clash(source, clash, parts)
        elif source.file == "sdk.yaml" and parts[1:2] == ["groups"]:
            self.changed |= self._sdk["groups"].pop(parts[2], None) is not None
        elif source.file in self._trees and parts[1:2] == ["paths"] and len(parts) > 3:
            self._gap(problem, parts)

    def _gap(self, problem: Problem, parts: list[str]) -> None:
        """An operation without a form in C."""
        path = parts[2].replace("~1", "/").replace("~0", "~")
        operation = self._trees[problem.source.file]["paths"][path].get(parts[3])
        gaps = self._sdk.setdefault("known_gaps", [])
        if operation is None or any(
            gap["operation"] == operation["operationId"] for gap in gaps
        ):
            return
        what = re.sub(r"; leave the operation out .*", "", problem.what)
        gaps.append({"operation": operation["operationId"], "reason": f"{what}."})
        self.changed = True

    def _clash(self, source: Source, clash: Clash, parts: list[str]) -> None:
        service = source.file.rsplit(".", 1)[0]
        models = self._sdk["models"].get(service, {})
        if parts[1:3] == ["components", "schemas"] and len(parts) == 4:
            schema = parts[3].replace("~1", "/").replace("~0", "~")
            if clash.kind == "type" and schema in models:
                models[schema] = self._free(f"{models[schema]}_model", models.values())
                self.changed = True
                return
        self._name(source, clash, service)

    def _name(self, source: Source, clash: Clash, service: str) -> None:
        """An entry under names."""
        at = source.pointer[1:]
        names = self._sdk.setdefault("names", [])
        same = [
            n
            for n in names
            if (n["service"], n["at"], n.get("text", "")) == (service, at, clash.text)
            and clash.kind in n
        ]
        taken = [str(n[clash.kind]) for n in names if clash.kind in n]
        entry: Tree = same[0] if same else {"service": service, "at": at}
        if clash.kind == "value":
            entry["value"] = self._free(
                _another(clash.text).upper(), taken if same else []
            )
            entry["text"] = clash.text
        elif clash.kind == "member":
            entry["member"] = self._free(_another(clash.text), taken if same else [])
        else:
            entry["type"] = self._free(f"{clash.text}_type", taken)
        entry["reason"] = _REASON
        if not same:
            names.append(entry)
        self.changed = True

    @staticmethod
    def _free(name: str, taken: object) -> str:
        known = set(taken)  # type: ignore[call-overload]
        if name not in known:
            return name
        number = 2
        while f"{name}_{number}" in known:
            number += 1
        return f"{name}_{number}"


def _another(text: str) -> str:
    """A name that says more of a text than the usual one: its capitals, and its signs."""
    usual = re.sub(r"_+", "_", word_of(text)).strip("_")
    spelled = "".join(
        char.lower()
        if char == "_" or char.isascii() and char.isalnum()
        else f"_u{ord(char):x}_"
        for char in text
    )
    spelled = re.sub(r"_+", "_", spelled).strip("_")[:80]
    name = usual + "_other" if spelled in (usual, "") else spelled
    return name if re.match(r"[a-z]", name) else f"v{name}"


__all__ = ["Look", "settle"]
