# SPDX-License-Identifier: MIT
"""Parameters and the members of forms to the IR: what an operation takes beside its body.

In a query, an array that is sent as repeated members is an array in C, and an object whose
members go by names in brackets, or by their own, is a map of texts. All else that is no
single value is one text, which the caller writes as the server wants it; `check` lists it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from codegen.composition import Composition, Whole
from codegen.ir import Kind, Note, Parameter, Place, Service, Shape, Type
from codegen.load import Documents, Node
from codegen.problems import Problems
from codegen.schemas import Schemas, limits_of

_PARAMETER = (
    *("name", "in", "required", "deprecated", "description", "schema", "content"),
    *("style", "explode", "allowEmptyValue", "example"),
)
_PLACES = {"path": Place.PATH, "query": Place.QUERY, "header": Place.HEADER}
_STYLES = {
    Place.PATH: ("simple",),
    Place.HEADER: ("simple",),
    Place.QUERY: ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
}
_JOINED = {"spaceDelimited": "joined by spaces", "pipeDelimited": "joined by |"}
_OWN_HEADERS = ("accept", "authorization", "content-type")  # OpenAPI says: ignored
LEAVE_OUT = "leave the operation out under known_gaps in sdk.yaml"
# What the runtime has room for.
_MAX_PATH = 8
_MAX_PARTS = 60
_MAX_HEADER = 120
_MAX_NAME = 500
_MAX_ARGUMENTS = 240

Taken = tuple[
    Type, tuple[str, ...], bool, str
]  # type, values, spread, how it is written


class Parameters:
    """Builds what the operations of one service take."""

    def __init__(
        self,
        service: Service,
        schemas: Schemas,
        documents: Documents,
        problems: Problems,
    ) -> None:
        self._service = service
        self._schemas = schemas
        self._documents = documents
        self._composition = Composition(documents)
        self._problems = problems

    def of(
        self, identity: str, path: str, node: Node, shared: Node | None
    ) -> tuple[Parameter, ...]:
        """In the order of the args struct: by place, in the path in its order."""
        found: dict[tuple[str, str], Parameter] = {}
        own = _list(node, "parameters")
        for entry in (*(shared.items() if shared is not None else ()), *own):
            with self._problems.gather():
                target = self._documents.resolve(entry)
                target.only(*_PARAMETER)
                key = (target.need("in").text(), target.need("name").text())
                if (
                    key in found
                    and entry in own
                    and found[key].source.file == (entry.file)
                    and any(entry is not o and self._same(o, key) for o in own)
                ):
                    raise entry.refuse(f"'{key[1]}' stands here twice; remove one")
                if key[0] == "header" and key[1].lower() in _OWN_HEADERS:
                    raise target.refuse("this header is ours to send; remove it")
                made = self._parameter(identity, target)
                if made is not None:
                    found[key] = made
        in_path = re.findall(r"\{([^{}]*)\}", path)
        declared = [name for where, name in found if where == "path"]
        for name in sorted(set(in_path) ^ set(declared)):
            self._problems.add(
                node.source,
                f"'{name}' is in the path or among the parameters, not in both; "
                "correct one",
            )
        if len(in_path) > _MAX_PATH or len(found) > _MAX_ARGUMENTS:
            raise node.refuse(f"more parameters than a call can take; {LEAVE_OUT}")
        order = {name: index for index, name in enumerate(in_path)}
        return tuple(
            sorted(
                found.values(),
                key=lambda p: (
                    list(Place).index(p.place),
                    order.get(p.wire_name, 0) if p.place is Place.PATH else 0,
                    p.wire_name,
                ),
            )
        )

    def _same(self, other: Node, key: tuple[str, str]) -> bool:
        target = self._documents.resolve(other)
        return (target.text_of("in"), target.text_of("name")) == key

    def _parameter(self, identity: str, node: Node) -> Parameter | None:
        """None for one that can be left out, which is then noted."""
        where = node.need("in")
        name = node.need("name").text()
        place = _PLACES.get(where.text())
        required = node.flag_of("required")
        if where.text() == "cookie" and not required:
            self._lesser(identity, f"the cookie {name} is not sent", node)
            return None
        if place is None:
            raise where.refuse(
                f"parameters in {where.text()} are not understood; {LEAVE_OUT}"
            )
        if not name or len(name) > _MAX_NAME:
            raise node.refuse(f"no name, or one that is too long; {LEAVE_OUT}")
        if place is Place.PATH and not required:
            raise node.refuse("a parameter in the path is required; say so")
        if place is Place.HEADER and not re.match(
            r"[!#$%&'*+.^_`|~0-9A-Za-z-]+$", name
        ):
            raise node.refuse(f"'{name}' is no name of a header; {LEAVE_OUT}")
        if place is Place.HEADER and len(name) > _MAX_HEADER:
            raise node.refuse(f"the header's name is too long; {LEAVE_OUT}")
        schema, taken = self._taken(identity, place, node)
        kind, values, spread, how = taken
        default = schema.get("default") if schema is not None else None
        plain = default.value if default is not None else None
        limits = limits_of(schema) if schema is not None else ""
        return Parameter(
            wire_name=name,
            place=place,
            type=kind,
            is_bytes=False,
            required=required,
            deprecated=node.flag_of("deprecated"),
            default=None if isinstance(plain, (dict, list)) else plain,
            limits="; ".join(part for part in (how, limits) if part),
            description=node.need("description").text(),
            values=values,
            source=node.source,
            spread=spread,
        )

    def _taken(
        self, identity: str, place: Place, node: Node
    ) -> tuple[Node | None, Taken]:
        name = node.need("name").text()
        if node.get("content") is not None:
            self._lesser(identity, f"{name}: the text of its content", node)
            media = ", ".join(node.need("content").mapping())
            return None, (Type(Kind.STR), (), False, media)
        schema = self._composition.core(node.need("schema"))
        style = node.text_of("style", _STYLES[place][0])
        if style not in _STYLES[place]:
            raise node.refuse(f"the style '{style}' is not understood; {LEAVE_OUT}")
        explode = node.get("explode")
        repeats = explode.flag() if explode is not None else style == "form"
        if place is not Place.QUERY:
            repeats = False
        return schema, self.type_of(identity, name, schema, style, repeats)

    def type_of(
        self, identity: str, name: str, schema: Node, style: str, repeats: bool
    ) -> Taken:
        """How a value goes into a query, a header or a form. schema: resolved."""
        if style == "deepObject":
            return Type(Kind.STR, Shape.MAP), (), False, ""
        if schema.text_of("type") == "array" or "items" in schema.mapping():
            if not repeats:
                return Type(Kind.STR), (), False, _JOINED.get(style, "")
            items = schema.get("items")
            element = self._schemas.scalar(items) if items is not None else None
            if element is None:
                self._lesser(identity, f"{name}: its elements as texts", schema)
            return Type(element or Kind.STR, Shape.ARRAY), (), False, ""
        if self._composition.whole(schema) is not None:
            if repeats:
                return Type(Kind.STR, Shape.MAP), (), True, ""
            self._lesser(identity, f"{name}: an object as one text", schema)
            return Type(Kind.STR), (), False, ""
        kind = self._schemas.scalar(schema)
        if kind is None:
            self._lesser(identity, f"{name}: a value of any type as text", schema)
        enum = schema.get("enum") if kind in (None, Kind.STR) else None
        values = {n.value for n in (enum.items() if enum is not None else ())}
        texts = sorted(v for v in values if isinstance(v, str))
        return Type(kind or Kind.STR), tuple(texts), False, ""

    # ---- forms -----------------------------------------------------------------------

    def parts(self, content: Node) -> tuple[Parameter, ...]:
        """The members of a multipart/form-data body. An array of files is a part for each."""
        made = []
        for name, entry, required in self._members(content):
            node = self._composition.core(entry)
            items = node.get("items")
            if items is not None and self._is_bytes(self._composition.core(items)):
                kind, is_bytes = Type(Kind.STR, Shape.ARRAY), True
            else:
                kind = self._part_type(node)
                is_bytes = kind.kind is Kind.STR and self._is_bytes(node)
            part = _member(name, Place.PART, (kind, (), False, ""), node, required)
            made.append(replace(part, is_bytes=is_bytes))
        if len(made) > _MAX_PARTS:
            raise content.refuse(f"more than {_MAX_PARTS} parts; {LEAVE_OUT}")
        return tuple(made)

    @staticmethod
    def _is_bytes(node: Node) -> bool:
        return node.text_of("format") == "binary"

    def _part_type(self, node: Node) -> Type:
        """A part is text, or what has a shape of its own as raw JSON."""
        if node.text_of("type") in ("array", "object"):
            return Type(Kind.RAW)
        return Type(self._schemas.scalar(node) or Kind.RAW)

    def fields(self, identity: str, content: Node) -> tuple[Parameter, ...]:
        """The members of an application/x-www-form-urlencoded body."""
        made = []
        encoding = content.get("encoding")
        for name, entry, required in self._members(content):
            node = self._composition.core(entry)
            how = encoding.get(name) if encoding is not None else None
            style = how.text_of("style", "form") if how is not None else "form"
            explode = how.get("explode") if how is not None else None
            repeats = explode.flag() if explode is not None else style == "form"
            is_object = self._composition.whole(node) is not None
            if is_object and style == "form":  # by content type, JSON: as one text
                repeats = False
            taken = self.type_of(identity, name, node, style, repeats)
            made.append(_member(name, Place.FIELD, taken, node, required))
        if len(made) > _MAX_ARGUMENTS:
            raise content.refuse(f"more fields than a call can take; {LEAVE_OUT}")
        return tuple(made)

    def knows_members(self, content: Node) -> bool:
        """Whether a form says what it is made of."""
        schema = content.get("schema")
        whole = self._composition.whole(schema) if schema is not None else None
        return whole is not None and bool(whole.members)

    def _members(self, content: Node) -> list[tuple[str, Node, bool]]:
        whole = self._composition.whole(content.need("schema")) or Whole()
        return [
            (name, node, name in whole.required)
            for name, node in sorted(whole.members.items())
        ]

    def _lesser(self, owner: str, what: str, node: Node) -> None:
        self._service.lesser.append(Note(owner, what, node.source))


def _member(
    name: str, place: Place, taken: Taken, node: Node, required: bool
) -> Parameter:
    kind, values, spread, how = taken
    limits = limits_of(node)
    return Parameter(
        wire_name=name,
        place=place,
        type=kind,
        is_bytes=False,
        required=required,
        deprecated=False,
        default=None,
        limits="; ".join(part for part in (how, limits) if part),
        description=node.text_of("description"),
        values=values,
        source=node.source,
        spread=spread,
    )


def _list(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    return found.items() if found is not None else []
