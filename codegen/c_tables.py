# SPDX-License-Identifier: MIT
"""The rows of a service's tables: names, models with their members, enums, unions."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.ctext import c_str, fill
from codegen.ir import Field, Kind, Service, Shape
from codegen.names import Names
from codegen.problems import Source
from codegen.tags import tag_of

_LETTER = {Kind.MODEL: "M", Kind.ENUM: "E", Kind.UNION: "U"}


@dataclass(frozen=True, slots=True)
class TablesView:
    """The rows, each group in its final order."""

    names: tuple[str, ...]
    models: tuple[tuple[str, ...], ...]
    enums: tuple[tuple[str, ...], ...]
    unions: tuple[tuple[str, ...], ...]


def tables_view(service: Service, names: Names) -> TablesView:
    """All rows of a service."""
    ids = names.table_names(_texts(service))
    names.check_rows(service)
    return TablesView(
        names=tuple(
            "\n".join(_row("NAME", ids[text], c_str(text), str(tag_of(text))))
            for text in sorted(ids, key=lambda t: t.encode("utf-8"))
        ),
        models=tuple(
            _model(service, short, names, ids) for short in sorted(service.structs)
        ),
        enums=tuple(
            (
                *_row("ENUM", short),
                *(
                    line
                    for text in service.enums[short].values
                    for line in _row("TEXT", short, ids[text])
                ),
            )
            for short in sorted(service.enums)
        ),
        unions=tuple(
            (
                *_row("UNION", short, ids[service.unions[short].tag]),
                *(
                    line
                    for case in service.unions[short].cases
                    for line in _row("CASE", short, ids[case.text], case.model)
                ),
            )
            for short in sorted(service.unions)
        ),
    )


def _texts(service: Service) -> dict[str, Source]:
    """Every text that stands in the tables, and where it comes from."""
    out: dict[str, Source] = {}
    for struct in service.structs.values():
        for field in struct.fields:
            out.setdefault(field.wire_name, field.source)
    for enum in service.enums.values():
        for text in enum.values:
            out.setdefault(text, enum.source)
    for union in service.unions.values():
        out.setdefault(union.tag, union.source)
        for case in union.cases:
            out.setdefault(case.text, union.source)
    return out


def _model(
    service: Service, short: str, names: Names, ids: dict[str, str]
) -> tuple[str, ...]:
    struct = service.structs[short]
    members = names.members(struct)
    c_type = names.type(short)
    rows = list(_row("MODEL", short, c_type))
    for field in struct.fields:
        of = f"{_LETTER[field.type.kind]}({field.type.of})" if field.type.of else "0"
        rows += _row(
            "FIELD",
            short,
            c_type,
            members[field.wire_name],
            ids[field.wire_name],
            _kind(field),
            _flags(field),
            of,
        )
    return tuple(rows)


def _row(macro: str, *pieces: str) -> tuple[str, ...]:
    return fill(f"UVREST_{macro}(", pieces, ")")


def _kind(field: Field) -> str:
    shape = "" if field.type.shape is Shape.ONE else f"_{field.type.shape.name}"
    return field.type.kind.name + shape


def _flags(field: Field) -> str:
    flags = []
    if field.required:
        flags.append("UVREST_REQUIRED")
    if field.nullable:
        flags.append("UVREST_NULLABLE")
    if field.read_only:
        flags.append("UVREST_READ_ONLY")
    if field.write_only:
        flags.append("UVREST_WRITE_ONLY")
    return " | ".join(flags) or "0"
