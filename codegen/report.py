# SPDX-License-Identifier: MIT
"""What became of every operation: generated, in a lesser form, or refused, and why."""

from __future__ import annotations

from codegen.ir import Api, Kind, Note, Operation, Service
from codegen.placement import models_of
from codegen.problems import Problems


def report(api: Api, problems: Problems) -> str:
    """A table by service, then a reason for each that is not fully generated."""
    rows: list[tuple[str, ...]] = [("service", "generated", "degraded", "refused")]
    reasons: list[str] = []
    totals = [0, 0, 0]
    for service in api.services.values():
        refused = sum(1 for p in problems.sorted() if _is_operation(p.source, service))
        gaps = [g for g in api.gaps if _gap_service(api, g.owner) == service.name]
        lesser = _lesser_operations(service)
        real = [o for o in service.operations if o.shortcut is None]
        counts = [len(real) - len(lesser), len(lesser), refused + len(gaps)]
        totals = [a + b for a, b in zip(totals, counts)]
        rows.append((service.name, *(str(c) for c in counts)))
        for operation, note in lesser:
            reasons.append(
                f"degraded  {operation.id}: {note.what} ({note.owner}, {note.source})"
            )
        reasons += [f"refused   {g.owner}: {g.what} ({g.source})" for g in gaps]
    rows.append(("all", *(str(t) for t in totals)))
    shortcuts = sum(
        1 for s in api.services.values() for o in s.operations if o.shortcut is not None
    )
    lines = [f"{a:<24}{b:>10}{c:>10}{d:>10}" for a, b, c, d in rows]
    lines.append(f"{'shortcuts':<24}{shortcuts:>10}")
    return "\n".join([*lines, *reasons])


def _is_operation(source: object, service: Service) -> bool:
    pointer = getattr(source, "pointer", "")
    parts = pointer.split("/")
    return (
        getattr(source, "file", "") == service.file
        and len(parts) >= 4
        and parts[1] == "paths"
    )


def _gap_service(api: Api, operation_id: str) -> str:
    """The service an operation is left out of; the first where its group is gone with it."""
    found = _group_service(api, operation_id)
    return found if found in api.services else next(iter(api.services), "")


def _group_service(api: Api, operation_id: str) -> str:
    best = ""
    for name in api.groups:
        if operation_id == name or operation_id.startswith(name + "_"):
            best = max(best, name, key=len)
    return api.groups[best].service.replace("-", "_") if best else ""


def _lesser_operations(service: Service) -> list[tuple[Operation, Note]]:
    """Operations that reach something in a lesser form, with the first such thing."""
    out = []
    for operation in service.operations:
        if operation.shortcut is not None:
            continue
        reached = _reached(service, operation)
        for note in service.lesser:
            if note.owner == operation.id or note.owner in reached:
                out.append((operation, note))
                break
    return out


def _reached(service: Service, operation: Operation) -> set[str]:
    seen: set[str] = set()
    todo = list(models_of(operation))
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in service.unions:
            todo += [case.model for case in service.unions[name].cases]
        elif name in service.structs:
            todo += [
                f.type.of
                for f in service.structs[name].fields
                if f.type.kind in (Kind.MODEL, Kind.UNION)
            ]
    return seen
