# SPDX-License-Identifier: MIT
"""Things that go wrong on demand: which requests they meet, how often, and what they do to the answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from exchange import Request
from spec import Schema
from state import Entity

KINDS = {
    "status": "answers with the status given as value (503), and an error body",
    "retry-after": "answers 429 with Retry-After: value, seconds (1) or a date",
    "reset": "resets the connection",
    "stall": "answers nothing for value milliseconds (for ever)",
    "truncate": "ends the connection after value bytes of the body (half of it)",
    "slow": "takes value milliseconds (2000) to send the body",
    "bad-json": "breaks the body's JSON",
    "wrong-type": "gives the member named by value (the first declared one) another type",
    "unknown-member": "adds the member named by value (x_sim_unknown)",
    "unknown-enum": "gives an enum member, or the one named by value, the text SIM_UNKNOWN",
}
BEFORE = {"status", "retry-after", "reset", "stall"}
"""These answer in place of the operation, unless they are told to come after it."""


class BadFault(Exception):
    """A fault that is not understood; the text says why."""


@dataclass
class Fault:
    kind: str
    match: str = "*"
    """An operation id, or a path, with * for anything; METHOD and a space may come before either."""
    count: int = 1
    """How many requests; -1 for all."""
    value: Any = None
    after: bool = False
    """The operation is done first, where it would not be."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadFault(f"kind {self.kind!r} is none of {', '.join(KINDS)}")
        if not isinstance(self.match, str) or not isinstance(self.count, int):
            raise BadFault("match is a text and count a whole number")
        if self.kind in ("status", "stall", "truncate", "slow") and self.value is not None:
            try:
                self.value = int(self.value)
            except (TypeError, ValueError) as error:
                raise BadFault(f"value of {self.kind} is a whole number") from error
        if self.kind == "status" and self.value is not None and not 200 <= self.value <= 599:
            raise BadFault("value of status is 200 to 599")

    @property
    def replaces(self) -> bool:
        return self.kind in BEFORE and not self.after

    def meets(self, request: Request) -> bool:
        method, _, pattern = self.match.rpartition(" ")
        if method and method.upper() != request.operation.method:
            return False
        return fnmatchcase(request.operation.id, pattern) or fnmatchcase(request.path, pattern)


class Faults:
    def __init__(self) -> None:
        self.active: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.active.append(fault)

    def take(self, request: Request) -> Fault | None:
        """The first that meets a request; it counts as used."""
        for fault in self.active:
            if fault.meets(request):
                if fault.count > 0:
                    fault.count -= 1
                    if fault.count == 0:
                        self.active.remove(fault)
                return fault
        return None

    def as_json(self) -> list[Entity]:
        return [asdict(fault) for fault in self.active]


def from_json(value: Any) -> list[Fault]:
    """One fault, a list of them, or {"faults": [...]}."""
    if isinstance(value, dict) and "faults" in value:
        value = value["faults"]
    made = []
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, dict) or not set(entry) <= {"kind", "match", "count", "value", "after"}:
            raise BadFault("a fault has kind and, if need be, match, count, value, after")
        if entry.get("count") == 0 or "kind" not in entry:
            raise BadFault("a fault has a kind and a count that is not 0")
        made.append(Fault(**entry))
    return made


def from_text(text: str) -> Fault:
    """KIND[=VALUE][@MATCH][#COUNT], such as status=503@assets_get#2; #all for every request."""
    rest, hash_sign, count = text.rpartition("#")
    rest = rest if hash_sign else text
    kind_value, _, match = rest.partition("@")
    kind, equals, value = kind_value.partition("=")
    number = -1 if count == "all" else int(count) if count.isdecimal() else 0
    if hash_sign and number == 0:
        raise BadFault(f"{text}: after # comes how many requests, or all")
    return Fault(kind, match or "*", number if hash_sign else 1, value if equals else None)


def spoil(fault: Fault, schema: Schema | None, value: Any) -> Any:
    """The answer's value with a wrong type, an unknown member or an unknown enum value in it."""
    holder, declared = _place(schema or {}, value)
    if holder is None:
        return value
    if fault.kind == "unknown-member":
        holder[str(fault.value or "x_sim_unknown")] = {"from": "the simulator"}
    elif fault.kind == "wrong-type":
        name = fault.value or next((name for name in declared if name in holder and name != "id"), None)
        if name:
            holder[name] = 12 if isinstance(holder.get(name), (str, list, dict)) else ["wrong", "type"]
    elif fault.kind == "unknown-enum":
        name = fault.value or next((name for name, part in declared.items() if "enum" in part), None)
        if name:
            holder[name] = "SIM_UNKNOWN"
    return value


def _place(schema: Schema, value: Any) -> tuple[Entity | None, dict[str, Schema]]:
    """Where to spoil: the first object of a page, else the answer itself."""
    if not isinstance(value, dict):
        return None, {}
    properties: dict[str, Schema] = schema.get("properties", {})
    objects = value.get("objects")
    if isinstance(objects, list) and objects and isinstance(objects[0], dict):
        item = properties.get("objects", {}).get("items", {})
        mapping = item.get("discriminator", {}).get("mapping", {})
        return objects[0], mapping.get(objects[0].get("object_type"), item).get("properties", {})
    return value, properties
