# SPDX-License-Identifier: MIT
"""Which header a type stands in.

What one group alone reaches stands in that group's header. What several groups of a
service reach, or none, stands in the service's types header. A model that several services
share under one name stands in common.h. So a header needs those of its service and common.h
only, and each type is declared once.
"""

from __future__ import annotations

from collections import defaultdict

from codegen.ir import Api, Content, EnumType, Kind, Operation, Service

COMMON = "common"
_NO_GROUP = ""


class Placement:
    """Answers where a type is declared, and who uses it for what."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._services: dict[str, list[str]] = defaultdict(list)
        self._groups: dict[tuple[str, str], set[str]] = {}
        self.mapped: set[str] = set()  # models that stand in a map
        self.answered: set[str] = set()  # models that a call answers
        self.patched: set[str] = set()  # models that a PATCH takes
        self.owned: dict[tuple[str, str], list[EnumType]] = defaultdict(list)
        for service in api.services.values():
            self._read(service)

    def _read(self, service: Service) -> None:
        references = _references(service)
        for name in references:
            self._services[name].append(service.name)
        reached: dict[str, set[str]] = {name: set() for name in references}
        for operation in service.operations:
            for model in models_of(operation):
                _reach(model, operation.group, references, reached)
            if operation.answer.content is Content.MODEL:
                self.answered.add(operation.answer.model)
            if operation.method == "PATCH":
                self.patched |= {
                    b.payload.model
                    for b in operation.bodies
                    if b.payload.content is Content.MODEL
                }
        for name in [n for n, groups in reached.items() if not groups]:
            _reach(name, _NO_GROUP, references, reached)
        for name, groups in reached.items():
            self._groups[service.name, name] = groups
        for enum in service.enums.values():
            self.owned[service.name, enum.owner].append(enum)
        for struct in service.structs.values():
            for field in struct.fields:
                if field.type.kind is Kind.MODEL and field.type.shape.name == "MAP":
                    self.mapped.add(field.type.of)

    def header_of(self, service: Service, name: str) -> str:
        """A group's name, `<service>_types`, or `common`."""
        if len(self._services[name]) > 1:
            return COMMON
        groups = self._groups[service.name, name]
        if len(groups) == 1 and _NO_GROUP not in groups:
            return next(iter(groups))
        return types_header(service)

    def home_of(self, name: str) -> Service:
        """The service whose tables speak for a type; of several, the first by name."""
        return self._api.services[sorted(self._services[name])[0]]


def types_header(service: Service) -> str:
    """The header of what a service's groups share."""
    return f"{service.name}_types"


def models_of(operation: Operation) -> set[str]:
    """The models an operation takes or answers itself."""
    payloads = [b.payload for b in operation.bodies]
    payloads += [a.payload for a in operation.answers]
    return {p.model for p in payloads if p.model}


def _references(service: Service) -> dict[str, set[str]]:
    """What each type that stands for itself refers to. An inline enum is its model's."""
    own_enums = {e.name for e in service.enums.values() if not e.owner}
    out: dict[str, set[str]] = {name: set() for name in own_enums}
    for struct in service.structs.values():
        out[struct.name] = {
            f.type.of
            for f in struct.fields
            if f.type.of and (f.type.kind is not Kind.ENUM or f.type.of in own_enums)
        }
    for union in service.unions.values():
        out[union.name] = {case.model for case in union.cases}
    return out


def _reach(
    name: str,
    group: str,
    references: dict[str, set[str]],
    reached: dict[str, set[str]],
) -> None:
    todo = [name]
    while todo:
        current = todo.pop()
        if group not in reached[current]:
            reached[current].add(group)
            todo += references[current]
