# SPDX-License-Identifier: MIT
"""Brings a newer document of one service under the words of spec/.

An operation is matched by method and path; if only the names of its ids changed, by the
path's shape. What is matched keeps its operationId, summary, tags, security and `x-` members
and takes the document's facts; what is new gets proposals, marked for a person to look at.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from codegen.layout import Tree, ordered_operation, ordered_parameter
from codegen.layout import ordered_paths, ordered_responses, ordered_schema
from codegen.merge import Merge, differences, is_word
from codegen.naming import Known, Naming, described, propose_model, steps_of
from codegen.naming import summary
from codegen.proposals import MARK
from codegen.vendor import Facts, Key, Offer, parameter_rank
from codegen.vocabulary import Vocabulary, operations, parameter_facts
from codegen.vocabulary import shared_parameters
from codegen.words import snake


@dataclass(slots=True)
class Outcome:
    """What an import did to one document, in lines for a person."""

    file: str
    kept: int = 0
    changed: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)  # changed on the way in
    left_out: list[str] = field(default_factory=list)  # operations without a form here
    removed: bool = False  # whether what is gone was taken out
    new_models: dict[str, str] = field(default_factory=dict)  # schema to C name
    lost_models: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Settings:
    """What sdk.yaml settles that an import has to know."""

    groups: dict[str, str]  # of this service, with their descriptions
    models: set[str]  # C names that are taken
    names_models: bool  # whether sdk.yaml names this service's models
    schemes: dict[str, str]  # header of a credential, in lower case, to its scheme
    room: int  # how long an operationId may be
    by_tag: dict[str, str] = field(default_factory=dict)  # of a new SDK, its groups


class Import:
    """One document into the tree of its service. The tree is changed in place."""

    def __init__(
        self,
        file: str,
        facts: Facts,
        vocabulary: Vocabulary,
        settings: Settings,
        remove: bool,
    ) -> None:
        self._file = file
        self._facts = facts
        self._vocabulary = vocabulary
        self._settings = settings
        self._tree = vocabulary.trees[file]
        self._merge = Merge(remove)
        self._outcome = Outcome(
            file, removed=remove, noted=facts.notes, left_out=facts.left_out
        )
        known = [
            Known(path, method, operation["operationId"])
            for path, method, operation in operations(self._tree)
        ]
        taken = {
            operation["operationId"]
            for tree in vocabulary.trees.values()
            for _, _, operation in operations(tree)
        }
        stem = file.rsplit(".", 1)[0]
        self._service = stem
        self._naming = Naming(stem, list(settings.groups), known, taken)

    def run(self) -> Outcome:
        """Operations, then schemas."""
        self._operations()
        self._settings.models |= _used_by_calls(self._tree)
        self._schemas()
        self._outcome.gone += [f"{what}" for what in self._merge.gone]
        self._outcome.changed.sort()
        self._outcome.new.sort()
        return self._outcome

    # ---- operations ------------------------------------------------------------------

    def _operations(self) -> None:
        ours = {(p, m): operation for p, m, operation in operations(self._tree)}
        pairs = matched(ours, self._facts.operations)
        items = self._tree["paths"]
        paths: Tree = {}
        for key, offer in self._facts.operations.items():
            old_key = pairs.get(key)
            if old_key is None:
                made = self._new(offer)
                around = items.get(key[0], {})
            else:
                made = self._known(old_key, ours[old_key], offer)
                around = items[old_key[0]]
            item = paths.setdefault(key[0], _around(around))
            item[key[1]] = made
        for path, method in sorted(set(ours) - set(pairs.values())):
            name = ours[path, method]["operationId"]
            self._outcome.gone.append(f"{method.upper()} {path} ({name})")
            if not self._merge.remove:
                paths.setdefault(path, _around(items[path]))[method] = ours[
                    path, method
                ]
        self._tree["paths"] = ordered_paths(paths)

    def _known(self, key: Key, ours: Tree, offer: Offer) -> Tree:
        """An operation with a name: words kept, facts updated."""
        title = f"{offer.method.upper()} {offer.path} ({ours['operationId']})"
        shared = self._tree["paths"][key[0]].get("parameters", [])
        before = self._keyed(ours, shared)
        out = dict(ours)
        out.pop("deprecated", None)
        if offer.deprecated:
            out["deprecated"] = True
        out["parameters"] = self._parameters(key[0], ours, shared, offer, title)
        if not out["parameters"]:
            del out["parameters"]
        self._body(ours, out, offer, title)
        out["responses"] = self._responses(ours["responses"], offer, title)
        out = ordered_operation(out)
        lines = differences(before, self._keyed(out, shared))
        if key[0] != offer.path:
            lines.insert(0, f"the path was {key[0]}")
        said = self._said_credentials(ours, offer)
        if said:
            lines.append(said)
        if lines:
            self._outcome.changed += [f"{title}: {line}" for line in lines]
        else:
            self._outcome.kept += 1
        return out

    def _keyed(self, operation: Tree, shared: list[Tree]) -> Tree:
        """An operation to compare: references resolved, parameters by place and name."""
        out = {k: v for k, v in operation.items() if not k.startswith("x-")}
        resolved = [
            self._vocabulary.resolve(self._file, entry)
            for entry in (*shared, *operation.get("parameters", []))
        ]
        out["parameters"] = {
            f"{p['in']} {p['name']}": {
                k: v for k, v in p.items() if k not in ("name", "in", MARK)
            }
            for p in resolved
        }
        return out

    def _new(self, offer: Offer) -> Tree:
        lists = self._lists(offer)
        name, group = self._named(offer, lists)
        title = f"{offer.method.upper()} {offer.path}"
        out: Tree = {
            "operationId": name,
            "summary": summary(offer.path, offer.method, name),
            "tags": [group],
            MARK: True,
        }
        if offer.deprecated:
            out["deprecated"] = True
        style = self._vocabulary.paging(offer.parameters) if lists else None
        if style is not None:
            out["x-paging"] = style
        security = self._security(offer)
        if security is not None:
            out["security"] = security
        parameters = self._parameters(offer.path, {}, [], offer, title)
        if parameters:
            out["parameters"] = parameters
        self._body({}, out, offer, title)
        out["responses"] = self._responses({}, offer, title)
        self._tag(group)
        self._outcome.new.append(f"{title}: {name}, proposed")
        return ordered_operation(out)

    def _named(self, offer: Offer, lists: bool) -> tuple[str, str]:
        """The operationId and its group."""
        tag, groups = tag_of(offer), self._settings.groups
        group = self._settings.by_tag.get(tag, snake(tag).strip("_"))
        if self._service in groups or group not in groups:
            name = self._naming.propose(offer.path, offer.method, lists)
            return name, self._naming.group_of(name)
        name = self._naming.propose_in(
            group, offer.path, offer.method, lists, offer.name, self._settings.room
        )
        return name, group

    def _lists(self, offer: Offer) -> bool:
        """Whether a GET answers many: an array, or a page of them."""
        if offer.method != "get":
            return False
        if self._vocabulary.paging(offer.parameters) is not None:
            return True
        for status, response in offer.responses.items():
            for entry in response.get("content", {}).values():
                schema = entry.get("schema", {})
                reference = schema.get("$ref", "").rpartition("/")[2]
                schema = self._facts.schemas.get(reference, schema)
                arrays = [
                    name
                    for name, member in schema.get("properties", {}).items()
                    if member.get("type") == "array" and "$ref" in str(member)
                ]
                many = schema.get("type") == "array" or len(arrays) == 1
                if (
                    status.startswith("2")
                    and many
                    and not offer.path.rstrip("/").endswith("}")
                ):
                    return True
        return False

    def _tag(self, group: str) -> None:
        tags = self._tree.setdefault("tags", [])
        if all(tag["name"] != group for tag in tags):
            about = self._settings.groups.get(group)
            tags.append({"name": group, **({"description": about} if about else {})})
            tags.sort(key=lambda tag: str(tag["name"]))

    # ---- credentials -----------------------------------------------------------------

    def _schemes(self, offer: Offer) -> list[str]:
        found = (self._settings.schemes.get(c.lower(), "") for c in offer.credentials)
        return [scheme for scheme in found if scheme]

    def _security(self, offer: Offer) -> list[Tree] | None:
        """None where the document's own does."""
        if not self._facts.lists_credentials:
            return None
        schemes = self._schemes(offer)
        usual = {s for entry in self._tree.get("security", []) for s in entry}
        if set(schemes) == usual:
            return None
        known = self._tree.setdefault("components", {}).setdefault(
            "securitySchemes", {}
        )
        for scheme in schemes:
            if scheme not in known:
                known[scheme] = self._scheme(scheme)
        return [{scheme: [] for scheme in schemes}] if schemes else []

    def _scheme(self, scheme: str) -> Tree:
        for name in sorted(self._vocabulary.trees):
            components = self._vocabulary.trees[name].get("components", {})
            if "$ref" not in components.get("securitySchemes", {}).get(
                scheme, {"$ref": ""}
            ):
                return {"$ref": f"{name}#/components/securitySchemes/{scheme}"}
        raise KeyError(scheme)

    def _said_credentials(self, ours: Tree, offer: Offer) -> str:
        if not self._facts.lists_credentials:
            return ""
        security = ours.get("security", self._tree.get("security", []))
        kept = {scheme for alternative in security for scheme in alternative}
        theirs = set(self._schemes(offer))
        if kept == theirs:
            return ""
        said = " and ".join(sorted(theirs)) or "none"
        return f"credentials: the document lists {said}; security is kept, look at it"

    # ---- parameters ------------------------------------------------------------------

    def _parameters(
        self, path: str, ours: Tree, shared: list[Tree], offer: Offer, title: str
    ) -> list[Tree]:
        """Entries as they are written, in the order of spec/."""
        renamed = dict(zip(_names(path), _names(offer.path)))
        entries: dict[tuple[str, str], Tree] = {}
        level = {}
        for entry in (*shared, *ours.get("parameters", [])):
            resolved = self._vocabulary.resolve(self._file, entry)
            place, name = resolved["in"], resolved["name"]
            if place == "path":
                name = renamed.get(name, name)
            entries[place, name] = entry
            level[place, name] = any(entry is one for one in shared)
        out: list[tuple[Tree, Tree]] = []
        for facts in offer.parameters:
            key = facts["in"], facts["name"]
            old = entries.pop(key, None)
            entry = self._parameter(old, facts, title if ours else "")
            if old is None or entry is not old or not level[key]:
                out.append((facts, entry))
        for key, old in entries.items():
            if key[0] == "path":
                continue
            self._merge.gone.append(f"the {key[0]} parameter {key[1]} of {title}")
            if not self._merge.remove and not level[key]:
                out.append((self._vocabulary.resolve(self._file, old), old))
        out.sort(key=lambda pair: parameter_rank(offer.path, pair[0]))
        return [entry for _, entry in out]

    def _parameter(self, old: Tree | None, facts: Tree, title: str) -> Tree:
        """The entry as it is if its facts hold; else a shared one, else written out."""
        if old is not None:
            resolved = self._vocabulary.resolve(self._file, old)
            if parameter_facts(resolved) == facts:
                return old
            words = {k: v for k, v in resolved.items() if is_word(k)}
            reference = self._vocabulary.shared(self._file, facts, words["description"])
            return reference or ordered_parameter({**facts, **words})
        text = self._vocabulary.description(self._file, facts)
        reference = self._vocabulary.shared(self._file, facts, text or "")
        if reference is not None:
            return reference
        words = {"description": text or described(facts["name"], facts["in"])}
        if text is None:
            words[MARK] = True
            if title:
                self._outcome.new.append(
                    f"{title}: the description of {facts['in']} {facts['name']}, proposed"
                )
        return ordered_parameter({**facts, **words})

    # ---- bodies and answers ------------------------------------------------------------

    def _body(self, ours: Tree, out: Tree, offer: Offer, title: str) -> None:
        old = ours.get("requestBody")
        if offer.body is None:
            if old is not None:
                self._merge.gone.append(f"the body of {title}")
                if self._merge.remove:
                    del out["requestBody"]
            return
        body: Tree = {k: v for k, v in (old or {}).items() if is_word(k)}
        if offer.body.get("required"):
            body["required"] = True
        was = (old or {}).get("content", {})
        body["content"] = self._merge.content(
            was, offer.body["content"], f"the body of {title}"
        )
        out["requestBody"] = body

    def _responses(self, ours: Tree, offer: Offer, title: str) -> Tree:
        out: Tree = {}
        for status in self._merge.keyed(ours, offer.responses, f"{title}: the answer"):
            old = ours.get(status)
            if old is not None and (
                status == "default" or status not in offer.responses
            ):
                out[status] = old
                continue
            content = offer.responses[status].get("content")
            if status == "default":
                out[status] = self._vocabulary.answer(status, False)
            elif content is None:
                out[status] = self._without_content(old, status)
            else:
                out[status] = self._with_content(old, status, content, title)
        return ordered_responses(out)

    def _without_content(self, old: Tree | None, status: str) -> Tree:
        if old is None:
            return self._vocabulary.answer(status, False)
        if "$ref" in old:
            return old
        return {key: value for key, value in old.items() if key != "content"}

    def _with_content(
        self, old: Tree | None, status: str, content: Tree, title: str
    ) -> Tree:
        if old is None:
            words = self._vocabulary.answer(status, True)
            was: Tree = {}
        else:
            resolved = self._vocabulary.resolve(self._file, old)
            words = {k: v for k, v in resolved.items() if k != "content"}
            was = resolved.get("content", {})
        merged = self._merge.content(was, content, f"the {status} of {title}")
        if old is not None and merged == was:
            return old
        return {**words, "content": merged}

    # ---- schemas -----------------------------------------------------------------------

    def _schemas(self) -> None:
        components = self._tree.setdefault("components", {})
        ours: Tree = components.get("schemas", {})
        out: Tree = {}
        for name, theirs in self._facts.schemas.items():
            if name not in ours:
                out[name] = self._new_schema(name, theirs)
                continue
            out[name] = self._merge.schema(ours[name], theirs, name)
            lines = differences(ours[name], out[name])
            if lines:
                self._outcome.changed += [f"schema {name}: {line}" for line in lines]
            else:
                self._outcome.kept += 1
        for name in sorted(set(ours) - set(self._facts.schemas)):
            self._outcome.gone.append(f"schema {name}")
            if not self._merge.remove:
                out[name] = ours[name]
            elif self._settings.names_models:
                self._outcome.lost_models.append(name)
        if out:
            components["schemas"] = {name: out[name] for name in sorted(out)}

    def _new_schema(self, name: str, theirs: Tree) -> Tree:
        said = f"schema {name}"
        if self._settings.names_models:
            model = propose_model(name, theirs, self._service, self._settings.models)
            self._outcome.new_models[name] = model
            said += f": {model}, proposed"
        self._outcome.new.append(said)
        words = {"description": f"What the server calls {name}.", MARK: True}
        schema: Tree = ordered_schema(
            theirs if "$ref" in theirs else {**theirs, **words}
        )
        return schema


def _used_by_calls(tree: Tree) -> set[str]:
    """C names, without prefix, that the calls of a document have."""
    ids = [operation["operationId"] for _, _, operation in operations(tree)]
    ends = ("", "_wait", "_args", "_response", "_request")
    return {f"{identity}{end}" for identity in ids for end in ends}


def tag_of(offer: Offer) -> str:
    """What an operation is filed under: its tag, else the first word of its path."""
    steps = steps_of(offer.path)
    return offer.tag or (steps[0].word if steps else "root")


def _names(path: str) -> list[str]:
    return re.findall(r"\{([^{}]*)\}", path)


def _shape(key: Key) -> Key:
    return re.sub(r"\{[^{}]*\}", "{}", key[0]), key[1]


def _around(item: Tree) -> Tree:
    """What a path says beside its operations."""
    words = ("parameters", "summary", "description")
    return {key: item[key] for key in words if key in item}


def matched(ours: dict[Key, Tree], theirs: dict[Key, Offer]) -> dict[Key, Key]:
    """Keys of the document to keys of spec/: equal ones, then those left of one shape."""
    pairs = {key: key for key in theirs if key in ours}
    same: dict[Key, list[Key]] = defaultdict(list)
    for key in ours:
        if key not in pairs:
            same[_shape(key)].append(key)
    left = [key for key in theirs if key not in pairs]
    rivals = Counter(_shape(key) for key in left)
    for key in left:
        if len(same[_shape(key)]) == 1 and rivals[_shape(key)] == 1:
            pairs[key] = same[_shape(key)][0]
    return pairs


def update_shared(vocabulary: Vocabulary, imports: dict[str, Facts]) -> list[str]:
    """Shared parameters that all who refer to them now offer with other facts.

    They are changed where they stand, so that one change is one line.
    """
    seen: dict[str, list[Any]] = {}
    for file, tree in vocabulary.trees.items():
        facts = imports.get(file)
        ours = {(p, m): operation for p, m, operation in operations(tree)}
        pairs = matched(ours, facts.operations) if facts is not None else {}
        back = {old: new for new, old in pairs.items()}
        for key, operation in ours.items():
            for entry in operation.get("parameters", []):
                if "$ref" not in entry:
                    continue
                name, _, pointer = entry["$ref"].partition("#")
                place = f"{name or file}#{pointer}"
                resolved = vocabulary.resolve(file, entry)
                offered = None
                if facts is not None and key in back:
                    for parameter in facts.operations[back[key]].parameters:
                        if (parameter["in"], parameter["name"]) == (
                            resolved["in"],
                            resolved["name"],
                        ):
                            offered = parameter
                    seen.setdefault(place, []).append(offered)
                elif facts is None:
                    seen.setdefault(place, []).append(None)
    lines = []
    for place, offers in sorted(seen.items()):
        if offers[0] is None or any(offer != offers[0] for offer in offers):
            continue
        file, _, pointer = place.partition("#")
        name = pointer.rpartition("/")[2]
        shared = shared_parameters(vocabulary.trees[file])
        old = shared[name]
        if parameter_facts(old) == offers[0]:
            continue
        words = {k: v for k, v in old.items() if is_word(k)}
        shared[name] = ordered_parameter({**offers[0], **words})
        lines += [
            f"shared parameter {place}: {line}"
            for line in differences(old, shared[name])
        ]
    return lines


def drop_unused(tree: Tree, before: set[str]) -> list[str]:
    """Takes out a document's own shared parameters that nothing refers to any more."""
    unused = sorted(before - used_parameters(tree))
    for name in unused:
        del tree["components"]["parameters"][name]
    if unused and not tree["components"]["parameters"]:
        del tree["components"]["parameters"]
    return unused


def used_parameters(tree: Tree) -> set[str]:
    """The document's own shared parameters that its operations refer to."""
    start = "#/components/parameters/"
    return {
        entry["$ref"].removeprefix(start)
        for _, _, operation in operations(tree)
        for entry in operation.get("parameters", [])
        if entry.get("$ref", "").startswith(start)
    }
