# SPDX-License-Identifier: MIT
"""What differs between two libraries for those who use them from C.

source break  a program may have to be changed: what it names is gone, is of another type, or
              has to be given now
ABI break     it has to be compiled again: something has another size, offset or value
compatible    it goes on as it is
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codegen.ir import Api, Kind, Operation, Service, Struct
from codegen.surface import Surface, Symbol

SOURCE = "source break"
ABI = "ABI break"
COMPATIBLE = "compatible"
EFFECTS = (SOURCE, ABI, COMPATIBLE)
_DERIVED = ("_wait", "_args", "_fn", "_diff", "_map")


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One change. `part` is a member, enumerator or argument, or empty."""

    effect: str
    symbol: str
    part: str
    kind: str
    what: str

    def __str__(self) -> str:
        name = f"{self.symbol}.{self.part}" if self.part else self.symbol
        return f"{self.effect:<13} {name}: {self.what} ({self.kind})"


def compare(old: Surface, new: Surface) -> list[Change]:
    """What the headers say, sorted: breaks first."""
    out: list[Change] = []
    for header in sorted(set(old.includes) - set(new.includes)):
        out.append(Change(SOURCE, header, "", "header", "removed"))
    for header in sorted(set(new.includes) - set(old.includes)):
        out.append(Change(COMPATIBLE, header, "", "header", "added"))
    gone = set(old.symbols) - set(new.symbols)
    added = set(new.symbols) - set(old.symbols)
    for name in _told(gone):
        kind = _kind(name, old.symbols[name])
        out.append(Change(SOURCE, name, "", kind, "removed"))
    for name in _told(added):
        kind = _kind(name, new.symbols[name])
        out.append(Change(COMPATIBLE, name, "", kind, "added"))
    for name in sorted(set(old.symbols) & set(new.symbols)):
        before, after = old.symbols[name], new.symbols[name]
        out += _changed(name, before, after)
        if before.header in new.includes and not new.reaches(
            before.header, after.header
        ):
            what = f"moved from {before.header} to {after.header}"
            out.append(Change(SOURCE, name, "", after.kind, what))
    return in_order(out)


def in_order(changes: list[Change]) -> list[Change]:
    """Breaks first, then by name."""
    return sorted(changes, key=lambda c: (EFFECTS.index(c.effect), c))


def _told(names: set[str]) -> list[str]:
    """Without what comes and goes with another one, as the twin of a call does."""
    return sorted(
        name
        for name in names
        if not any(
            name.endswith(end) and name.removesuffix(end) in names for end in _DERIVED
        )
    )


def _kind(name: str, symbol: Symbol) -> str:
    return "arguments" if name.endswith("_args") else symbol.kind


def _changed(name: str, before: Symbol, after: Symbol) -> Iterator[Change]:
    if before.kind != after.kind:
        what = f"was a {before.kind}, is a {after.kind}"
        yield Change(SOURCE, name, "", after.kind, what)
    elif before.kind == "enum":
        yield from _enum(name, before, after)
    elif before.kind == "struct":
        yield from _struct(name, before, after)
    elif before.parts != after.parts and not name.endswith("_wait"):
        what = f"was {before.parts[0][1]}, is {after.parts[0][1]}"
        yield Change(SOURCE, name, "", before.kind, what)


def _struct(name: str, before: Symbol, after: Symbol) -> Iterator[Change]:
    was, now = dict(before.parts), dict(after.parts)
    kind = "argument" if name.endswith("_args") else "member"
    for part in sorted(set(was) - set(now)):
        yield Change(SOURCE, name, part, kind, f"removed, was {was[part]}")
    for part in sorted(set(now) - set(was)):
        yield Change(ABI, name, part, kind, f"added, {now[part]}")
    for part in sorted(set(was) & set(now)):
        if was[part] != now[part]:
            what = f"was {was[part]}, is {now[part]}"
            yield Change(SOURCE, name, part, kind, what)
    order = [part for part in was if part in now]
    if order != [part for part in now if part in was]:
        yield Change(ABI, name, "", "struct", "members in another order")


def _enum(name: str, before: Symbol, after: Symbol) -> Iterator[Change]:
    was, now = dict(before.parts), dict(after.parts)
    for part in sorted(set(was) - set(now)):
        yield Change(SOURCE, name, part, "enumerator", "removed")
    for part in sorted(set(now) - set(was)):
        yield Change(COMPATIBLE, name, part, "enumerator", "added")
    moved = [part for part in was if part in now and was[part] != now[part]]
    if moved:
        what = f"other values, from {moved[0]} on"
        yield Change(ABI, name, "", "enum", what)


# ---- what no header says ---------------------------------------------------------------------


def compare_behaviour(old: Api, new: Api) -> list[Change]:
    """What a call needs and where it goes."""
    out: list[Change] = []
    before = {o.id: (s, o) for s in old.services.values() for o in s.operations}
    for service in new.services.values():
        sent = _sent(service)
        for operation in service.operations:
            if operation.id in before:
                name = f"{new.prefix}_{operation.id}"
                out += _operation(name, before[operation.id][1], operation)
        known = old.services.get(service.name)
        for struct in service.structs.values():
            if known is not None and struct.name in known.structs:
                if struct.name in sent:
                    name = f"{new.prefix}_{struct.name}"
                    out += _needs(name, known.structs[struct.name], struct)
    return in_order(sorted(set(out)))


def _operation(name: str, before: Operation, after: Operation) -> Iterator[Change]:
    needed = {(p.place, p.wire_name): p.required for p in before.parameters}
    for parameter in after.parameters:
        was = needed.get((parameter.place, parameter.wire_name))
        if parameter.required and was is False:
            yield Change(
                SOURCE, f"{name}_args", parameter.wire_name, "argument", "required now"
            )
        if parameter.required and was is None and _named(before) == _named(after):
            yield Change(
                SOURCE, f"{name}_args", parameter.wire_name, "argument", "new, required"
            )
        if was and not parameter.required:
            what = "no longer required"
            yield Change(
                COMPATIBLE, f"{name}_args", parameter.wire_name, "argument", what
            )
    if any(b.required for b in after.bodies) and not any(
        b.required for b in before.bodies
    ):
        yield Change(SOURCE, f"{name}_args", "body", "argument", "required now")
    target = f"{after.method} {after.path}"
    if (before.method, _shape(before)) != (after.method, _shape(after)):
        what = f"was {before.method} {before.path}, is {target}"
        yield Change(COMPATIBLE, name, "", "request", what)
    if before.credentials != after.credentials:
        what = f"sends {', '.join(after.credentials) or 'no credentials'}"
        yield Change(COMPATIBLE, name, "", "request", what)


def _shape(operation: Operation) -> str:
    return re.sub(r"\{[^{}]*\}", "{}", operation.path)


def _named(operation: Operation) -> str:
    """The names of the ids in a path: where they change, their arguments do."""
    return " ".join(re.findall(r"\{([^{}]*)\}", operation.path))


def _needs(name: str, before: Struct, after: Struct) -> Iterator[Change]:
    was = {f.wire_name: f.required for f in before.fields}
    for field in after.fields:
        if field.required and not field.read_only and not was.get(field.wire_name):
            yield Change(
                SOURCE, name, field.wire_name, "member", "required now when sent"
            )


def _sent(service: Service) -> set[str]:
    """Models that a request holds where `required` is checked: never those of PATCH."""
    todo = [
        body.payload.model
        for operation in service.operations
        if operation.method != "PATCH"
        for body in operation.bodies
        if body.payload.model
    ]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen or name not in service.structs:
            continue
        seen.add(name)
        todo += [
            f.type.of
            for f in service.structs[name].fields
            if f.type.kind is Kind.MODEL and not f.read_only
        ]
    return seen


# ---- the version -------------------------------------------------------------------------------


def proposed_version(current: str, changes: list[Change]) -> str:
    """Semantic versioning. Below 1.0 any break is a minor version.

    From 1.0 on a source break is a major version. What only has to be compiled again is a
    minor one, as additions are: the SONAME tells the two apart, not the version's first
    number.
    """
    major, minor, patch = (int(part) for part in current.split("."))
    effects = {change.effect for change in changes}
    if not changes:
        return current
    if major == 0:
        if effects & {SOURCE, ABI}:
            return f"0.{minor + 1}.0"
        return f"0.{minor}.{patch + 1}"
    if SOURCE in effects:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0"
