# SPDX-License-Identifier: MIT
"""Models, enums, unions and maps as a header shows them."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.ctext import c_comment, doc, fill, fill_block, with_comment
from codegen.ir import Api, EnumType, Field, Kind, Service, Shape, Struct, UnionType
from codegen.names import Names, count_of
from codegen.placement import Placement

_SCALARS = {
    Kind.BOOL: "uvrest_opt_bool ",
    Kind.I32: "uvrest_opt_i32 ",
    Kind.I64: "uvrest_opt_i64 ",
    Kind.F64: "uvrest_opt_f64 ",
    Kind.STR: "const char *",
    Kind.RAW: "uvrest_raw ",
}


@dataclass(frozen=True, slots=True)
class EnumView:
    """An enum; rows are enumerators with their comments."""

    comment: tuple[str, ...]
    name: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MapView:
    """A map of models: the type of its entries, and the map."""

    comment: tuple[str, ...]
    entry: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class StructView:
    """A model with what belongs to it."""

    comment: tuple[str, ...]
    name: str
    enums: tuple[EnumView, ...]
    members: tuple[str, ...]
    callback: str  # the callback type, or ""
    callback_comment: tuple[str, ...]
    callback_lines: tuple[str, ...]
    diff_comment: tuple[str, ...]
    diff_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnionView:
    """A tagged union: its kind, and a pointer for each case."""

    comment: tuple[str, ...]
    name: str
    kind: EnumView
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypesView:
    """The types of one header, in the order they stand there."""

    forwards: tuple[str, ...]
    maps: tuple[MapView, ...]
    enums: tuple[EnumView, ...]
    unions: tuple[UnionView, ...]
    structs: tuple[StructView, ...]

    @property
    def empty(self) -> bool:
        """Whether the header has no types at all."""
        return not (self.maps or self.enums or self.unions or self.structs)


def types_view(api: Api, header: str, placement: Placement, names: Names) -> TypesView:
    """The types that stand in a header."""
    structs: dict[str, tuple[Service, Struct]] = {}
    unions: dict[str, tuple[Service, UnionType]] = {}
    enums: dict[str, tuple[Service, EnumType]] = {}
    for service in api.services.values():
        for struct in service.structs.values():
            if placement.header_of(service, struct.name) == header:
                structs.setdefault(struct.name, (service, struct))
        for union in service.unions.values():
            if placement.header_of(service, union.name) == header:
                unions.setdefault(union.name, (service, union))
        for enum in service.enums.values():
            if not enum.owner and placement.header_of(service, enum.name) == header:
                enums.setdefault(enum.name, (service, enum))
    maps = [n for n in sorted(structs) if n in placement.mapped]
    return TypesView(
        forwards=_forwards(structs, unions, maps, names),
        maps=tuple(_map(name, structs[name][1], names) for name in maps),
        enums=tuple(_enum(enums[n][1], names) for n in sorted(enums)),
        unions=tuple(_union(unions[n][1], names) for n in sorted(unions)),
        structs=tuple(_struct(*structs[n], placement, names) for n in sorted(structs)),
    )


def _forwards(
    structs: dict[str, tuple[Service, Struct]],
    unions: dict[str, tuple[Service, UnionType]],
    maps: list[str],
    names: Names,
) -> tuple[str, ...]:
    """Types of this header that are pointed to before they are defined."""
    early = set(maps)
    for _, union in unions.values():
        early |= {case.model for case in union.cases}
    for name, (_, struct) in structs.items():
        early |= {
            f.type.of
            for f in struct.fields
            if f.type.kind is Kind.MODEL
            and f.type.shape is not Shape.MAP
            and f.type.of >= name
        }
    return tuple(
        f"typedef struct {names.type(n)} {names.type(n)};"
        for n in sorted(early)
        if n in structs
    )


def _map(name: str, struct: Struct, names: Names) -> MapView:
    model = names.type(name)
    return MapView(
        comment=doc(
            [
                f"An object with free keys whose values are {model}. entries NULL means "
                "absent; a value NULL is JSON null."
            ]
        ),
        entry=names.claim(f"{model}_entry", struct.source, "the entry of a map"),
        name=names.claim(f"{model}_map", struct.source, "a map"),
        value=model,
    )


def _enum(enum: EnumType, names: Names) -> EnumView:
    what = "an enum"
    name = names.claim(names.type(enum.name), enum.source, what)
    states = names.states(enum.name)
    rows = [f"    {states[0]} = 0,", f"    {states[1]},"]
    rows += with_comment(f"    {states[2]},", "another text; it is in extra")
    for state in states:
        names.claim(state, enum.source, what)
    for enumerator, text in names.enumerators(enum):
        names.claim(enumerator, enum.source, f"the value '{text}'", text)
        rows += _enumerator(enumerator, text)
    where = (
        f"Values of {c_comment(enum.member)} in {names.type(enum.owner)}."
        if enum.owner
        else f"Spec: {c_comment(enum.place)}"
    )
    return EnumView(doc([where]), name, tuple(rows))


def _enumerator(enumerator: str, text: str) -> tuple[str, ...]:
    """With the text it stands for, unless its name says it."""
    said = text != "" and enumerator.endswith("_" + text)
    return with_comment(f"    {enumerator},", "" if said else f'"{c_comment(text)}"')


def _union(union: UnionType, names: Names) -> UnionView:
    name = names.claim(names.type(union.name), union.source, "a union")
    kind = names.claim(f"{name}_kind", union.source, "the kind of a union")
    states = names.states(f"{union.name}_kind")
    rows = [f"    {states[0]} = 0,", f"    {states[1]},"]
    rows += with_comment(f"    {states[2]},", "none of the below; its text is in raw")
    members = []
    for (enumerator, member), case in zip(names.cases(union), union.cases):
        names.claim(enumerator, union.source, f"the case '{case.text}'", case.text)
        rows += _enumerator(enumerator, case.text)
        members.append(f"        const {names.type(case.model)} *{member};")
    for state in states:
        names.claim(state, union.source, "a kind")
    tag = c_comment(union.tag)
    comment = doc(
        [
            c_comment(union.description) or "One of several models.",
            "",
            f'The text of "{tag}" decides: kind says which it is, and the member of value '
            "for that kind is set.",
            "Memory: arena. All zero means absent.",
            f"Spec: {c_comment(union.place)}",
        ]
    )
    kinds = EnumView(doc([f"What {name} holds."]), kind, tuple(rows))
    return UnionView(comment, name, kinds, tuple(members))


def _struct(
    service: Service, struct: Struct, placement: Placement, names: Names
) -> StructView:
    name = names.claim(names.type(struct.name), struct.source, "a model")
    members = names.members(struct)
    lines: list[str] = []
    for field in struct.fields:
        lines += _member(field, members[field.wire_name], names)
    lines += with_comment(
        "    uvrest_extra *extra;",
        "arena; nulls, unknown and unfitting members; NULL if none",
    )
    comment = doc(
        [
            c_comment(struct.description) or f"A part of {struct.name}.",
            "",
            "Memory: arena, strings included. All zero means nothing is set.",
            f"Spec: {c_comment(struct.place)}",
        ]
    )
    own = sorted(
        placement.owned[service.name, struct.name], key=lambda enum: enum.member
    )
    answered = struct.name in placement.answered
    patched = struct.name in placement.patched
    return StructView(
        comment=comment,
        name=name,
        enums=tuple(_enum(e, names) for e in own),
        members=tuple(lines),
        callback=f"{name}_fn" if answered else "",
        callback_comment=callback_comment(name),
        callback_lines=callback(name, names, struct) if answered else (),
        diff_comment=_diff_comment(name),
        diff_lines=_diff(name, names, struct) if patched else (),
    )


def callback_comment(type_name: str) -> tuple[str, ...]:
    """What stands above a callback type."""
    return doc(
        [f"Receives {type_name}, or NULL and why. Both are borrowed until it returns."]
    )


def callback(name: str, names: Names, struct: Struct) -> tuple[str, ...]:
    """The callback type of a model."""
    names.claim(f"{name}_fn", struct.source, "a callback")
    return fill(
        f"typedef void {name}_fn(",
        [f"const {name} *value", "const uvrest_result *result", "void *user"],
        ");",
    )


def _diff_comment(name: str) -> tuple[str, ...]:
    return doc(
        [
            "Makes the PATCH body that turns before into after: members that differ, "
            "null where one went away, nothing more.",
            "*out_patch: arena; it shares what after points to. As uvrest_json_diff().",
        ]
    )


def _diff(name: str, names: Names, struct: Struct) -> tuple[str, ...]:
    names.claim(f"{name}_diff", struct.source, "a diff")
    return declaration(f"{name}_diff", diff_parameters(name))


def declaration(name: str, parameters: list[str]) -> tuple[str, ...]:
    """A function as a header declares it."""
    start = f"UVREST_API UVREST_MUST_USE uvrest_status {name}("
    return fill_block(start, parameters, ");")


def diff_parameters(name: str) -> list[str]:
    """The parameters of a model's diff."""
    return [
        f"const {name} *before",
        f"const {name} *after",
        "uvrest_arena *arena",
        f"const {name} **out_patch",
    ]


def _member(field: Field, member: str, names: Names) -> tuple[str, ...]:
    """A member of a struct; an array is two lines."""
    comment = ". ".join(
        part for part in (facts(field), c_comment(field.description)) if part
    )
    element = _element(field, names)
    if field.type.shape is Shape.MAP:
        kind = "uvrest_text_map"
        if field.type.kind is Kind.MODEL:
            kind = f"{names.type(field.type.of)}_map"
        return with_comment(f"    {kind} {member};", comment)
    if field.type.shape is Shape.ONE:
        if field.type.kind in (Kind.MODEL, Kind.UNION):
            element = f"const {element}*"
        return with_comment(f"    {element}{member};", comment)
    if field.type.shape is Shape.MAP_ARRAY:
        pointer = "const uvrest_text_map *"
    elif field.type.kind is Kind.STR:
        pointer = "const char *const *"
    else:
        pointer = f"const {element}*"
    return (
        *with_comment(f"    {pointer}{member};", comment),
        f"    size_t {count_of(member)};",
    )


def _element(field: Field, names: Names) -> str:
    """The C type of one value, up to the name."""
    if field.type.kind in _SCALARS:
        return _SCALARS[field.type.kind]
    return names.type(field.type.of) + " "


def facts(field: Field) -> str:
    """What a caller has to know of a member, in the order of STYLE: short words."""
    parts = []
    if field.required:
        parts.append("required")
    if field.nullable:
        parts.append("nullable")
    if field.read_only:
        parts.append("read-only")
    if field.write_only:
        parts.append("write-only")
    if field.deprecated:
        parts.append("deprecated")
    if field.format:
        parts.append(c_comment(field.format))
    if field.default is not None:
        parts.append(f"default {literal(field.default)}")
    if field.limits:
        parts.append(field.limits)
    return "; ".join(parts)


def literal(value: object) -> str:
    """A value of the documents as a comment shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{c_comment(value)}"'
    return c_comment(str(value))
