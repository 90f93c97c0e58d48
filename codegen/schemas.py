# SPDX-License-Identifier: MIT
"""Schemas of one document to the IR: models, enums, unions and the types of members."""

from __future__ import annotations

from codegen.ir import Case, EnumType, Field, Kind, Note, Service, Shape
from codegen.ir import Struct, Type, UnionType
from codegen.load import Documents, Node, Scalar
from codegen.problems import Problems
from codegen.sdk import IDENTIFIER, Sdk
from codegen.words import model_name, snake

_ABOUT = ("description", "title", "example", "externalDocs", "xml")
_FLAGS = ("nullable", "readOnly", "writeOnly", "deprecated", "default")
_LIMITS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems"),
    *("minProperties", "maxProperties"),
)
_STRUCTURE = (
    *("type", "format", "enum", "items", "properties", "required"),
    *("additionalProperties", "allOf", "oneOf", "discriminator"),
)
KEYWORDS = (*_ABOUT, *_FLAGS, *_LIMITS, *_STRUCTURE)

_SCALARS = {
    "string": Kind.STR,
    "boolean": Kind.BOOL,
    "number": Kind.F64,
}


class Schemas:
    """Builds the types of one service. Named schemas once, inline ones where they stand."""

    def __init__(
        self, service: Service, documents: Documents, sdk: Sdk, problems: Problems
    ) -> None:
        self._service = service
        self._documents = documents
        self._sdk = sdk
        self._problems = problems
        self._names: dict[str, str] = {}  # place of a named schema to its short name

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
        elif "oneOf" in node.mapping():
            self.type_of(node, name)

    def name_of(self, node: Node) -> str | None:
        """The short name of a schema, if it is a named one."""
        return self._names.get(node.place)

    def _is_struct(self, node: Node, named: bool) -> bool:
        """Whether a schema becomes a struct: it has members, or a name and no other shape."""
        members = node.mapping()
        if any(key in members for key in ("allOf", "oneOf", "enum", "items")):
            return False
        if "properties" in members:
            return True
        return (
            named
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
                "settle one of them in sdk.yaml"
            )
        required = {n.text() for n in self._need_list(node, "required")}
        properties = node.get("properties")
        members = properties.mapping() if properties is not None else {}
        for missing in sorted(required - set(members)):
            self._problems.add(
                node.source,
                f"'{missing}' is required and not among the properties; add it, or "
                "correct 'required'",
            )
        self._service.structs[name] = Struct(
            name, (), node.text_of("description"), node.place, node.source
        )
        fields = []
        for wire_name, member in sorted(members.items()):
            with self._problems.gather():
                fields.append(self._field(name, wire_name, member, required))
        self._service.structs[name] = Struct(
            name, tuple(fields), node.text_of("description"), node.place, node.source
        )

    @staticmethod
    def _need_list(node: Node, key: str) -> list[Node]:
        found = node.get(key)
        return found.items() if found is not None else []

    def _field(
        self, owner: str, wire_name: str, node: Node, required: set[str]
    ) -> Field:
        target = self._documents.resolve(node)
        word = snake(wire_name).strip("_")
        if not word:
            raise node.refuse(f"'{wire_name}' makes no C name; correct the schema")
        inline = self._sdk.fixed("type", node.place) or f"{owner}_{word}"
        try:
            kind = self.type_of(node, inline, owner, wire_name)
        except Lesser as lesser:
            self._service.lesser.append(
                Note(owner, f"{wire_name}: {lesser.what}", node.source)
            )
            kind = Type(Kind.RAW)
        default = node.get("default") if target is node else None
        plain = default.value if default is not None else None
        return Field(
            wire_name=wire_name,
            type=kind,
            required=wire_name in required,
            nullable=self._nullable(node),
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

    def _nullable(self, node: Node) -> bool:
        node = self._documents.resolve(node)
        if node.flag_of("nullable"):
            return True
        enum = node.get("enum")
        if enum is not None and any(n.value is None for n in enum.items()):
            return True
        part = self._single_part(node) if "allOf" in node.mapping() else None
        return part is not None and self._nullable(part)

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
        name = self._names.get(target.place, name)
        target.only(*KEYWORDS)
        members = target.mapping()
        if "allOf" in members:
            return self.type_of(self._single_part(target), name, owner, member)
        if "oneOf" in members:
            return self._union(target, name)
        if "enum" in members and self._is_text_enum(target):
            return self._enum(target, name, owner, member)
        if "items" in members or target.text_of("type") == "array":
            return self._array(target, name, owner, member)
        if "properties" in members or target.text_of("type") == "object":
            return self._object(target, name, owner, member)
        return self._single(target)

    def _single_part(self, node: Node) -> Node:
        parts = node.need("allOf").items()
        beside = set(node.mapping()) - {"allOf", "type", *_ABOUT, *_FLAGS}
        if len(parts) != 1 or beside:
            raise node.refuse(
                "allOf is understood with one part and nothing but nullable, readOnly, "
                "writeOnly, deprecated, default and description beside it; write it out"
            )
        return parts[0]

    def _single(self, node: Node) -> Type:
        kind = node.text_of("type")
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
    def _is_text_enum(node: Node) -> bool:
        values = [n.value for n in node.need("enum").items()]
        if node.text_of("type", "string") != "string":
            return False
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
                "; settle one of them under names in sdk.yaml"
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
                    "names in sdk.yaml"
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

    def _union(self, node: Node, name: str) -> Type:
        """A tagged union where a member decides; else raw."""
        alternatives = []
        for part in node.need("oneOf").items():
            target = self._documents.resolve(part)
            short = self._names.get(target.place)
            if short is None or not self._is_struct(target, named=True):
                return Type(Kind.RAW)
            alternatives.append((target, short))
        found = self._declared_tag(node) or self._implied_tag(alternatives)
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
                f"the type name '{name}' is taken; settle it under names in sdk.yaml"
            )
        return Type(Kind.UNION, of=name)

    def _declared_tag(self, node: Node) -> tuple[str, list[Case]] | None:
        """The discriminator and its mapping."""
        discriminator = node.get("discriminator")
        if discriminator is None:
            return None
        discriminator.only("propertyName", "mapping")
        tag = discriminator.need("propertyName").text()
        mapping = discriminator.get("mapping")
        cases = []
        if mapping is None:
            for part in node.need("oneOf").items():
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
        short = self._names.get(self._documents.resolve(holder).place)
        if short is None:
            raise node.refuse(f"'{text}' is no model; correct the mapping")
        return short

    def _implied_tag(
        self, alternatives: list[tuple[Node, str]]
    ) -> tuple[str, list[Case]] | None:
        """A member that has one single, different value in each alternative."""
        candidates: dict[str, list[Case]] = {}
        for target, short in alternatives:
            properties = target.get("properties")
            for member, node in properties.mapping().items() if properties else ():
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
