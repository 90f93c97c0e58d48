# SPDX-License-Identifier: MIT
"""Schemas of one document to the IR: models, enums, unions and the types of members."""

from __future__ import annotations

from contextlib import suppress

from codegen.composition import Composition, Whole
from codegen.ir import Case, EnumType, Field, Kind, Note, Service, Shape
from codegen.ir import Struct, Type, UnionType
from codegen.load import Documents, Node, Scalar
from codegen.problems import Clash, Problems
from codegen.sdk import IDENTIFIER, Sdk
from codegen.words import model_name, word_of

_ABOUT = ("description", "title", "example", "externalDocs", "xml")
_FLAGS = ("nullable", "readOnly", "writeOnly", "deprecated", "default")
_LIMITS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems"),
    *("minProperties", "maxProperties", "not"),
)
_STRUCTURE = (
    *("type", "format", "enum", "items", "properties", "required"),
    *("additionalProperties", "allOf", "oneOf", "anyOf", "discriminator"),
)
KEYWORDS = (*_ABOUT, *_FLAGS, *_LIMITS, *_STRUCTURE)

_SCALARS = {
    "string": Kind.STR,
    "boolean": Kind.BOOL,
    "number": Kind.F64,
}
_MAX_NAME = 255  # bytes of a name in the codec's tables
_MAX_MEMBERS = 256  # of a model
_MAX_DEPTH = 40  # of schemas within each other before the next model


class Schemas:
    """Builds the types of one service. Named schemas once, inline ones where they stand."""

    def __init__(
        self, service: Service, documents: Documents, sdk: Sdk, problems: Problems
    ) -> None:
        self._service = service
        self._documents = documents
        self._sdk = sdk
        self._problems = problems
        self._composition = Composition(documents)
        self._names: dict[str, str] = {}  # place of a named schema to its short name
        self._open: list[str] = []  # places of the schemas that are being looked at

    def build_named(self, root: Node, service_key: str) -> None:
        """All of components.schemas."""
        components = root.get("components")
        schemas = components.get("schemas") if components else None
        if schemas is None:
            return
        named = sorted(schemas.mapping().items())
        fixed = self._sdk.models.get(service_key)
        for name, node in named:
            with self._problems.gather():
                self._names[node.place] = self._short_name(name, node, fixed)
        for name, owner in sorted((fixed or {}).items()):
            if name not in schemas.mapping():
                self._problems.add(
                    owner.source, f"the document has no schema '{name}'; drop the name"
                )
        for _, node in named:
            with self._problems.gather():
                if node.place in self._names:
                    self._build_named(node, self._names[node.place])

    def _short_name(
        self, schema: str, node: Node, fixed: dict[str, Node] | None
    ) -> str:
        if fixed is None:
            name = model_name(schema)
            if not IDENTIFIER.match(name):
                raise node.refuse(f"'{schema}' makes no C name; name it in sdk.yaml")
            return name
        entry = fixed.get(schema)
        if entry is None:
            raise node.refuse(
                f"the model has no name; add {schema} under models in sdk.yaml"
            )
        if not IDENTIFIER.match(entry.text()):
            raise entry.refuse(f"'{entry.text()}' cannot be part of a C name")
        return entry.text()

    def _build_named(self, node: Node, name: str) -> None:
        if "$ref" in node.mapping():
            return  # another name for a schema; those who use it see through it
        node.only(*KEYWORDS)
        if self._is_struct(node, named=True):
            self._add_struct(node, name)
        elif "oneOf" in node.mapping() or "anyOf" in node.mapping():
            with suppress(Lesser):  # those who use it say so
                self.type_of(node, name)

    def name_of(self, node: Node) -> str | None:
        """The short name of a schema, if it is a named one."""
        return self._names.get(node.place)

    def _is_struct(self, node: Node, named: bool) -> bool:
        """Whether a schema becomes a struct: it has members, or a name and no other shape."""
        members = node.mapping()
        if "allOf" in members:
            parts = self._composition.parts(node)
            several = len(parts) > 1 or parts[0] is node
            return several and self._composition.whole(node) is not None
        if any(key in members for key in ("enum", "items")):
            return False
        if "properties" in members:
            return True
        return (
            named
            and not any(key in members for key in ("oneOf", "anyOf"))
            and node.text_of("type") == "object"
            and not isinstance(self._map_value(node), Node)
        )

    @staticmethod
    def _map_value(node: Node) -> Node | None:
        """The schema of free members, if they have one."""
        extra = node.get("additionalProperties")
        if extra is None or isinstance(extra.value, bool) or not extra.mapping():
            return None
        return extra

    def _add_struct(self, node: Node, name: str) -> None:
        if name in self._service.structs:
            other = self._service.structs[name]
            raise node.refuse(
                f"the model name '{name}' is taken by {other.source}; "
                "settle one of them in sdk.yaml",
                Clash("type", name),
            )
        whole = self._composition.whole(node) or Whole()
        if not whole.is_merged and not whole.is_open:
            for missing in sorted(whole.required - set(whole.members)):
                self._problems.add(
                    node.source,
                    f"'{missing}' is required and not among the properties; add it, "
                    "or correct 'required'",
                )
        if whole.is_open:
            self._lesser(name, "members of its alternatives are in extra", node)
        self._service.structs[name] = Struct(
            name, (), node.text_of("description"), node.place, node.source
        )
        members = sorted(whole.members.items())
        if len(members) > _MAX_MEMBERS:
            what = f"members beyond the first {_MAX_MEMBERS} are in extra"
            self._lesser(name, what, node)
        fields = []
        for wire_name, member in members[:_MAX_MEMBERS]:
            if len(wire_name.encode("utf-8")) > _MAX_NAME or "\0" in wire_name:
                what = f"{wire_name[:40]!r}…: too long a name; it is in extra"
                self._lesser(name, what, member)
                continue
            with self._problems.gather():
                fields.append(self._field(name, wire_name, member, whole))
        self._service.structs[name] = Struct(
            name, tuple(fields), node.text_of("description"), node.place, node.source
        )

    def _lesser(self, owner: str, what: str, node: Node) -> None:
        self._service.lesser.append(Note(owner, what, node.source))

    def _field(self, owner: str, wire_name: str, node: Node, whole: Whole) -> Field:
        target = self._documents.resolve(node)
        word = word_of(wire_name).strip("_")
        inline = self._sdk.fixed("type", node.place) or f"{owner}_{word}"
        try:
            if wire_name in whole.doubtful:
                raise Lesser("parts that do not agree are kept as raw JSON")
            kind = self.type_of(node, inline, owner, wire_name)
        except Lesser as lesser:
            self._lesser(owner, f"{wire_name}: {lesser.what}", node)
            kind = Type(Kind.RAW)
        default = node.get("default") if target is node else None
        plain = default.value if default is not None else None
        return Field(
            wire_name=wire_name,
            type=kind,
            required=wire_name in whole.required,
            nullable=self._composition.nullable(node),
            read_only=target is node and node.flag_of("readOnly"),
            write_only=target is node and node.flag_of("writeOnly"),
            deprecated=target is node and node.flag_of("deprecated"),
            format=self._format(target),
            default=None if isinstance(plain, (dict, list)) else plain,
            limits=limits_of(node) if target is node else "",
            description=node.text_of("description"),
            place=node.place,
            source=node.source,
        )

    @staticmethod
    def _format(node: Node) -> str:
        if node.text_of("type") == "array" and node.get("items") is not None:
            node = node.need("items")
        if node.text_of("type") != "string":
            return ""
        return node.text_of("format")

    def type_of(self, node: Node, name: str, owner: str = "", member: str = "") -> Type:
        """The type of a schema. name: what it is called if it is an inline one."""
        target = self._documents.resolve(node)
        place = target.place
        if place in self._names:  # what is within a schema of its own is no member's
            name, owner, member = self._names[place], "", ""
        name = self._sdk.fixed("type", place) or name
        if place in self._open or len(self._open) == _MAX_DEPTH:
            raise Lesser("schemas that hold each other endlessly are kept as raw JSON")
        self._open.append(place)
        try:
            return self._shape(target, name, owner, member)
        finally:
            self._open.pop()

    def _shape(self, node: Node, name: str, owner: str, member: str) -> Type:
        node.only(*KEYWORDS)
        members = node.mapping()
        if "allOf" in members:
            return self._all(node, name, owner, member)
        for key in ("oneOf", "anyOf"):
            if key in members and "properties" not in members:
                return self._choice(node, key, name, owner, member)
        return self._plain(node, name, owner, member)

    def _plain(self, node: Node, name: str, owner: str, member: str) -> Type:
        members = node.mapping()
        if "enum" in members and self._is_text_enum(node):
            return self._enum(node, name, owner, member)
        if "items" in members or node.text_of("type") == "array":
            return self._array(node, name, owner, member)
        if "properties" in members or node.text_of("type") == "object":
            return self._object(node, name, owner, member)
        return self._single(node)

    def scalar(self, node: Node) -> Kind | None:
        """What a single value is; None if it is none, or may be of several types."""
        node = self._composition.core(node)
        members = node.mapping()
        if any(
            k in members for k in ("allOf", "oneOf", "anyOf", "items", "properties")
        ):
            return None
        if "enum" in members and self._is_text_enum(node):
            return Kind.STR
        kind = node.text_of("type") or self._implied(node)
        if kind in ("", "array", "object"):
            return None
        return self._single(node).kind

    def _all(self, node: Node, name: str, owner: str, member: str) -> Type:
        """One part that tells something is meant itself; several are one struct."""
        parts = self._composition.parts(node)
        if len(parts) == 1 and parts[0] is not node:
            return self.type_of(parts[0], name, owner, member)
        if self._is_struct(node, named=True):
            return self._object(node, name, owner, member)
        if parts == [node]:
            return self._plain(node, name, owner, member)
        raise Lesser("an allOf whose parts are not all objects is kept as raw JSON")

    def _choice(self, node: Node, key: str, name: str, owner: str, member: str) -> Type:
        """One alternative beside null; several of one scalar; a union; or raw."""
        parts = self._composition.alternatives(node, key)
        if len(parts) == 1:
            return self.type_of(parts[0], name, owner, member)
        found = self._union(node, parts, name) if parts else Type(Kind.RAW)
        if key == "oneOf" or found.kind is Kind.UNION:
            return found
        kinds = {self._documents.resolve(p).text_of("type") for p in parts}
        if len(kinds) == 1 and kinds <= {*_SCALARS}:
            return Type(_SCALARS[kinds.pop()])
        raise Lesser("one of several shapes that nothing tells apart is raw JSON")

    def _single(self, node: Node) -> Type:
        kind = node.text_of("type") or self._implied(node)
        if kind == "":
            return Type(Kind.RAW)
        if kind == "integer":
            return Type(Kind.I32 if node.text_of("format") == "int32" else Kind.I64)
        if kind not in _SCALARS:
            raise node.need("type").refuse(
                f"the type '{kind}' is not understood; correct it"
            )
        return Type(_SCALARS[kind])

    @staticmethod
    def _implied(node: Node) -> str:
        """The type that an enum's values have, where the schema names none."""
        enum = node.get("enum")
        kinds = {type(n.value) for n in enum.items()} if enum is not None else set()
        kinds.discard(type(None))
        names = {bool: "boolean", int: "integer", float: "number"}
        return names.get(kinds.pop(), "") if len(kinds) == 1 else ""

    @staticmethod
    def _is_text_enum(node: Node) -> bool:
        values = [n.value for n in node.need("enum").items()]
        if node.text_of("type", "string") != "string":
            return False
        if "type" not in node.mapping() and not any(
            isinstance(value, str) for value in values
        ):
            return values == []
        for value in values:
            if not isinstance(value, str) and value is not None:
                raise node.need("enum").refuse(
                    f"{value!r} among texts; quote it, or give the enum another type"
                )
        return True

    def _enum(self, node: Node, name: str, owner: str, member: str) -> Type:
        values = sorted(
            {n.value for n in node.need("enum").items() if isinstance(n.value, str)}
        )
        if not values:
            raise node.refuse("an enum without a text; correct it")
        if node.place in self._names:
            owner = member = ""  # a schema of its own, no member's
        if name not in self._service.enums:
            self._service.enums[name] = EnumType(
                name, tuple(values), owner, member, node.place, node.source
            )
        elif self._service.enums[name].place != node.place:
            raise node.refuse(
                f"the type name '{name}' is taken by {self._service.enums[name].source}"
                "; settle one of them under names in sdk.yaml",
                Clash("type", name),
            )
        return Type(Kind.ENUM, of=name)

    def _array(self, node: Node, name: str, owner: str, member: str) -> Type:
        items = node.get("items")
        if items is None:
            return Type(Kind.RAW, Shape.ARRAY)
        name = self._sdk.fixed("type", items.place) or name
        element = self.type_of(items, name, owner, member)
        if element.shape is Shape.ONE:
            return Type(element.kind, Shape.ARRAY, element.of)
        if element.shape is Shape.MAP and element.kind is Kind.STR:
            return Type(Kind.STR, Shape.MAP_ARRAY)
        raise Lesser("arrays of arrays and of such maps are kept as raw JSON")

    def _object(self, node: Node, name: str, owner: str, member: str) -> Type:
        short = self._names.get(node.place)
        if self._is_struct(node, named=short is not None):
            if short is None and name not in self._service.structs:
                self._add_struct(node, name)
            elif short is None and self._service.structs[name].place != node.place:
                raise node.refuse(
                    f"the type name '{name}' is taken by "
                    f"{self._service.structs[name].source}; settle one of them under "
                    "names in sdk.yaml",
                    Clash("type", name),
                )
            return Type(Kind.MODEL, of=short or name)
        extra = self._map_value(node)
        if extra is None:
            return Type(Kind.RAW)
        name = self._sdk.fixed("type", extra.place) or name
        value = self.type_of(extra, name, owner, member)
        if value.shape is Shape.ONE and value.kind in (Kind.STR, Kind.MODEL):
            return Type(value.kind, Shape.MAP, value.of)
        if value.shape is Shape.ONE and value.kind is Kind.RAW:
            return Type(Kind.RAW)
        raise Lesser("maps of anything but text and models are kept as raw JSON")

    def _union(self, node: Node, parts: list[Node], name: str) -> Type:
        """A tagged union where a member decides; else raw."""
        alternatives = []
        for part in parts:
            target = self._documents.resolve(part)
            short = self._names.get(target.place)
            if short is None or not self._is_struct(target, named=True):
                return Type(Kind.RAW)
            alternatives.append((target, short))
        found = self._declared_tag(node, parts) or self._implied_tag(alternatives)
        if found is None:
            return Type(Kind.RAW)
        tag, cases = found
        if name not in self._service.unions:
            self._service.unions[name] = UnionType(
                name,
                tag,
                tuple(sorted(cases, key=lambda case: case.text)),
                node.text_of("description"),
                node.place,
                node.source,
            )
        elif self._service.unions[name].place != node.place:
            raise node.refuse(
                f"the type name '{name}' is taken; settle it under names in sdk.yaml",
                Clash("type", name),
            )
        return Type(Kind.UNION, of=name)

    def _declared_tag(
        self, node: Node, parts: list[Node]
    ) -> tuple[str, list[Case]] | None:
        """The discriminator and its mapping."""
        discriminator = node.get("discriminator")
        if discriminator is None:
            return None
        discriminator.only("propertyName", "mapping")
        tag = discriminator.need("propertyName").text()
        mapping = discriminator.get("mapping")
        cases = []
        if mapping is None:
            for part in parts:
                target = self._documents.resolve(part)
                cases.append(Case(target.key, self._names[target.place]))
            return tag, cases
        for text, target_name in mapping.mapping().items():
            cases.append(Case(text, self._mapped(target_name)))
        return tag, cases

    def _mapped(self, node: Node) -> str:
        text = node.text()
        pointer = text if "#" in text else f"#/components/schemas/{text}"
        reference = Node(pointer, node.document, node.file, node.line, node, "$ref")
        holder = Node(
            {"$ref": reference}, node.document, node.file, node.line, node.parent, ""
        )
        target = self._documents.resolve(holder)
        short = self._names.get(target.place)
        if short is None:
            raise node.refuse(f"'{text}' is no model; correct the mapping")
        if not self._is_struct(target, named=True):
            raise Lesser("a union whose discriminator names no model is raw JSON")
        return short

    def _implied_tag(
        self, alternatives: list[tuple[Node, str]]
    ) -> tuple[str, list[Case]] | None:
        """A member that has one single, different value in each alternative."""
        candidates: dict[str, list[Case]] = {}
        for target, short in alternatives:
            whole = self._composition.whole(target) or Whole()
            for member, node in whole.members.items():
                enum = self._documents.resolve(node).get("enum")
                values = [n.value for n in enum.items()] if enum is not None else []
                if len(values) == 1 and isinstance(values[0], str):
                    candidates.setdefault(member, []).append(Case(values[0], short))
        for member, cases in sorted(candidates.items()):
            texts = {case.text for case in cases}
            if len(texts) == len(cases) == len(alternatives):
                return member, cases
        return None


class Lesser(Exception):
    """A shape that has no typed form; the member is kept as raw JSON."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def limits_of(node: Node) -> str:
    """The limits of a number or text in words; empty where there are none."""
    kind = node.text_of("type")
    low, high = ("minItems", "maxItems") if kind == "array" else ("minimum", "maximum")
    unit = " elements" if kind == "array" else ""
    if kind == "string":
        low, high, unit = "minLength", "maxLength", " characters"
    least, most = _number(node, low), _number(node, high)
    if isinstance(least, int) and least <= -(2**31):
        least = None
    if isinstance(most, int) and most >= 2**31 - 1:
        most = None
    if least == 0 and unit:
        least = None
    if least is not None and most is not None:
        return f"{least} to {most}{unit}"
    if least is not None:
        return f"at least {least}{unit}"
    return f"at most {most}{unit}" if most is not None else ""


def _number(node: Node, key: str) -> int | float | None:
    found = node.get(key)
    value: Scalar = found.scalar() if found is not None else None
    if value is None or isinstance(value, (str, bool)):
        return None
    return value
