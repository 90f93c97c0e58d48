# SPDX-License-Identifier: MIT
"""Proposes operationIds, model names and summaries for what a document brings.

`<group>_<nouns>_<verb>`: the group is the service, or one of its groups that the path begins
with, and is not repeated; a thing that only appears by its id before another is said in the
singular; the verb is list, get, create, update, replace, delete or the action the path names.
What is there already decides first: a path whose other methods have names keeps their nouns.
A proposal is not a name before a person has looked at it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codegen.layout import Tree
from codegen.words import model_name, snake, word_of

_VERBS = {"post": "create", "put": "replace", "patch": "update", "delete": "delete"}
_VERBS |= {"get": "get", "head": "get"}
_PAGE = frozenset(("page", "pages", "per_page", "next_url", "cursor", "next_cursor"))
_OURS = ("args", "fn", "wait", "diff")  # what generated names end in
_SAID = {
    "list": "Lists {}.",
    "get": "Returns {}.",
    "create": "Creates {}.",
    "replace": "Replaces {}.",
    "update": "Changes {}.",
    "delete": "Removes {}.",
}


@dataclass(frozen=True, slots=True)
class Known:
    """An operation that has a name."""

    path: str
    method: str
    id: str


@dataclass(frozen=True, slots=True)
class Step:
    """A word of a path, and whether an id follows it."""

    word: str
    has_id: bool


class Naming:
    """Names for one service. groups: its resource groups. taken: ids of all services."""

    def __init__(
        self, service: str, groups: list[str], known: list[Known], taken: set[str]
    ) -> None:
        self._service = snake(service)
        self._groups = groups
        self._known = {(k.path, k.method): k.id for k in known}
        self._taken = taken
        self._nouns: set[str] = set()
        self._actions: set[str] = set()
        for one in known:
            self._learn(one)

    def _learn(self, known: Known) -> None:
        """Which words end a path as a thing, and which as what is done to one."""
        steps = steps_of(known.path)
        if not steps or known.path.rstrip("/").endswith("}"):
            return
        word = steps[-1].word
        if known.method != "get" and known.id.endswith(f"_{word}"):
            self._actions.add(word)
        else:
            self._nouns.add(word)

    def propose_in(
        self, group: str, path: str, method: str, lists: bool, own: str, room: int
    ) -> str:
        """An id that is free, of a group that is settled, of at most `room` characters.
        own: what the document calls it, taken where the rule's names are not free."""
        steps = [Step(_word(step.word), step.has_id) for step in steps_of(path)]
        action = self._action(steps, path, method)
        verb = action or ("list" if method == "get" and lists else _VERBS[method])
        if action:
            steps = steps[:-1]
        repeated = next((s for s in steps if singular(s.word) == singular(group)), None)
        nouns = [
            singular(step.word) if step.has_id and step is not steps[-1] else step.word
            for step in steps
            if step is not repeated
        ]
        ids = [snake(name).strip("_") for name in re.findall(r"\{([^{}]*)\}", path)]
        by = ["by", _word(ids[-1])] if ids and ids[-1] else [method]
        for words in (
            [group, *nouns, verb],
            [group, *nouns, *by, verb],
            [group, _word(own)] if own else [group, *nouns, method, verb],
        ):
            found = _fitted(words, room)
            if found not in self._taken:
                break
        number = 2
        while found in self._taken:
            found = _fitted([group, *nouns, str(number), verb], room)
            number += 1
        self._taken.add(found)
        return found

    def propose(self, path: str, method: str, lists: bool) -> str:
        """An id that is free, or the one that ought to be; a clash is for `check`."""
        found = self._by_sibling(path, method, lists) or self._by_rule(
            path, method, lists
        )
        if found in self._taken:
            parameters = re.findall(r"\{([^{}]*)\}", path)
            stem, _, verb = found.rpartition("_")
            if parameters and stem:
                longer = f"{stem}_by_{snake(parameters[-1]).strip('_')}_{verb}"
                found = longer if longer not in self._taken else found
        self._taken.add(found)
        self._known[path, method] = found
        return found

    def group_of(self, operation_id: str) -> str:
        """The group an id begins with."""
        fitting = [
            g
            for g in self._groups
            if operation_id == g or operation_id.startswith(g + "_")
        ]
        return max(fitting, key=len, default=self._service)

    def _by_sibling(self, path: str, method: str, lists: bool) -> str | None:
        """The nouns of another method on the same path, or of the list above an id."""
        for other in ("get", "post", "put", "patch", "delete"):
            known = self._known.get((path, other))
            if known is None or other == method:
                continue
            verb = self._verb_of(known, other)
            if verb is None:
                continue
            stem = known.removesuffix(f"_{verb}")
            own = "list" if method == "get" and lists else _VERBS[method]
            if verb == "list" and own in ("replace", "update", "delete"):
                own = f"bulk_{own}"
            return f"{stem}_{own}"
        above = re.sub(r"\{[^{}]*\}/?$", "", path)
        if above != path:
            for other in ("get", "post"):
                known = self._known.get((above, other))
                verb = self._verb_of(known, other) if known is not None else None
                if known is not None and verb in ("list", "create"):
                    own = "list" if method == "get" and lists else _VERBS[method]
                    return f"{known.removesuffix(f'_{verb}')}_{own}"
        return None

    @staticmethod
    def _verb_of(operation_id: str, method: str) -> str | None:
        """The verb of an id, if it is the one its method goes by."""
        verbs = ("list", "get") if method == "get" else (_VERBS[method],)
        return next((v for v in verbs if operation_id.endswith(f"_{v}")), None)

    def _by_rule(self, path: str, method: str, lists: bool) -> str:
        steps = steps_of(path)
        group = self._service
        action = self._action(steps, path, method)
        if action:
            steps = steps[:-1]
        about = steps[1:] if steps and steps[0].word == "object" else steps
        if about and about[0].word in self._groups:
            group = about[0].word
            steps = [step for step in steps if step is not about[0]]
        nouns = [
            singular(step.word) if step.has_id and step is not steps[-1] else step.word
            for step in steps
        ]
        verb = action or ("list" if method == "get" and lists else _VERBS[method])
        return "_".join([group, *nouns, verb])

    def _action(self, steps: list[Step], path: str, method: str) -> str:
        """The last word of a path, if it is done to what stands before it."""
        if path.rstrip("/").endswith("}") or len(steps) < 2 or method == "get":
            return ""
        word = steps[-1].word
        if word in self._actions:
            return word
        is_noun = word in self._nouns or singular(word) != word or word == "bulk"
        return "" if is_noun or method != "post" else word


def steps_of(path: str) -> list[Step]:
    """The words of a path; a version in front and ids are none."""
    parts = [part for part in path.split("/") if part]
    if parts and re.fullmatch(r"v[0-9]+", parts[0]):
        parts = parts[1:]
    out: list[Step] = []
    for index, part in enumerate(parts):
        if part.startswith("{") and snake(part.rpartition("}")[2]):
            out.append(Step(snake(part.rpartition("}")[2]).strip("_"), False))
        elif not part.startswith("{"):
            follows = index + 1 < len(parts) and parts[index + 1].startswith("{")
            out.append(Step(snake(part).strip("_"), follows))
        elif not out and part == "{object_type}":
            out.append(Step("object", True))
    return out


def _word(text: str) -> str:
    """Words of an id: lower case, joined by single underscores."""
    return re.sub(r"_+", "_", word_of(text)).strip("_")


def _fitted(words: list[str], room: int) -> str:
    """The words as an id; those behind the first, the group, go until the rest has room."""
    group, *rest = (word for word in words if word)
    rest = [word for word in "_".join(rest).split("_") if word]
    if rest[-1] in _OURS:
        rest.append("call")
    while len("_".join([group, *rest])) > room and len(rest) > 1:
        del rest[0]
    return "_".join([group, *rest])[:room].rstrip("_")


def singular(word: str) -> str:
    """One of many; the word itself if it is not the plural it looks like."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "uses")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def summary(path: str, method: str, operation_id: str) -> str:
    """A sentence that says no more than method and path do."""
    steps = steps_of(path)
    verb = operation_id.rpartition("_")[2]
    action = verb not in _SAID
    if action and len(steps) > 1:
        steps = steps[:-1]
    said = " of ".join(
        _thing(step, verb == "create" and index == 0)
        for index, step in enumerate(reversed(steps))
    )
    if action or not said:
        return f"Does {verb.replace('_', ' ')} on {said or path}."
    return _SAID[verb].format(said)


def _thing(step: Step, one: bool) -> str:
    word = step.word.replace("_", " ")
    if step.has_id or (one and singular(word) != word):
        word = singular(word)
        return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"
    return word


def propose_model(name: str, schema: Tree, service: str, taken: set[str]) -> str:
    """A free name for a schema: the rule's, then as an entry, then with the service."""
    short = re.sub(r"_+", "_", model_name(name) + _gathering(schema))
    short = short if re.match(r"[a-z]", short) else f"{snake(service)}_{short}"
    prefixed = f"{snake(service)}_{short}"
    for candidate in (short, f"{short}_entry", prefixed, f"{prefixed}_entry"):
        if candidate not in taken:
            taken.add(candidate)
            return candidate
    number = 2
    while f"{short}_{number}" in taken:
        number += 1
    taken.add(f"{short}_{number}")
    return f"{short}_{number}"


def _gathering(schema: Tree) -> str:
    """What the name of a page, or of a list without more, ends in."""
    members = schema.get("properties", {}) if isinstance(schema, dict) else {}
    arrays = [
        member
        for member in members.values()
        if member.get("type") == "array" and "$ref" in member.get("items", {})
    ]
    if len(arrays) != 1:
        return ""
    if len(members) == 1:
        return "_list"
    return "" if _PAGE.isdisjoint(members) else "_page"


def described(parameter: str, place: str) -> str:
    """A parameter's description, from its name alone."""
    words = snake(parameter).strip("_").replace("_", " ")
    if place == "path":
        return f"The {words.removesuffix(' id')}."
    return f"{words[:1].upper()}{words[1:]}."
