# SPDX-License-Identifier: MIT
"""Checks values against the spec's schemas, and requests against its operations.

A schema is compiled to a closure once per direction. Three directions: a whole request, a partial one (PATCH: nothing
is required), and an answer (members that are write-only are not asked for, those that are read-only are).
"""

from __future__ import annotations

import re
from typing import Any, Callable, Mapping
from urllib.parse import unquote

from jsontext import Number
from spec import Operation, Parameter, Schema

Problems = list[tuple[str, str]]
Check = Callable[[Any, str, Problems], None]

REQUEST, PARTIAL, ANSWER = "request", "partial", "answer"

_UUID = re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_DATE_TIME = re.compile(_DATE.pattern + r"[T ]([01]\d|2[0-3]):[0-5]\d(:[0-6]\d([.,]\d+)?)?(Z|z|[+-]\d\d:?\d\d)?")
_FORMATS = {
    "uuid": (_UUID, "Not a valid UUID."),
    "date-time": (_DATE_TIME, "Not a valid datetime."),
    "date": (_DATE, "Not a valid date."),
    "email": (re.compile(r"[^@\s]+@[^@\s]+"), "Not a valid email address."),
}
_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_SENT_BY_CLIENTS = {"App-ID", "Auth-Token", "Share-Auth-Token", "Temp-Auth-Token"}


class Validator:
    def __init__(self) -> None:
        self._checks: dict[tuple[int, str], Check] = {}
        self._kept: list[Schema] = []  # an id is only good while its schema lives

    def problems(self, schema: Schema, value: Any, direction: str) -> Problems:
        found: Problems = []
        self.check(schema, direction)(value, "", found)
        return found

    def fits(self, schema: Schema, value: Any, direction: str = ANSWER) -> bool:
        return not self.problems(schema, value, direction)

    def check(self, schema: Schema, direction: str) -> Check:
        key = (id(schema), direction)
        check = self._checks.get(key)
        if check is None:
            # Schemas may contain themselves: what asks for one still being compiled gets it by name, when it runs.
            self._checks[key] = lambda value, path, found: self._checks[key](value, path, found)
            self._kept.append(schema)
            check = self._checks[key] = self._compile(schema, direction)
        return check

    def _compile(self, schema: Schema, direction: str) -> Check:
        checks: list[Check] = [self.check(part, direction) for part in schema.get("allOf", [])]
        if "oneOf" in schema:
            checks.append(self._one_of(schema, direction))
        kind = schema.get("type", "object" if "properties" in schema else None)
        if kind is not None:
            make = {"object": self._object, "array": self._array}.get(kind)
            checks.append(make(schema, direction) if make else _scalar(kind, schema))
        if "enum" in schema:
            checks.append(_enum(schema["enum"]))
        nullable = schema.get("nullable", False)

        def run(value: Any, path: str, found: Problems) -> None:
            if value is None:
                if not nullable and checks:
                    found.append((path, "Field may not be null."))
                return
            before = len(found)
            for check in checks:
                check(value, path, found)
                if len(found) > before:
                    return

        return run

    def _one_of(self, schema: Schema, direction: str) -> Check:
        options = [self.check(option, direction) for option in schema["oneOf"]]
        discriminator = schema.get("discriminator", {})
        name = discriminator.get("propertyName")
        mapping = {key: self.check(option, direction) for key, option in discriminator.get("mapping", {}).items()}

        def run(value: Any, path: str, found: Problems) -> None:
            chosen = mapping.get(value.get(name)) if isinstance(value, dict) and name else None
            if chosen is not None:
                chosen(value, path, found)
                return
            for option in options:
                tried: Problems = []
                option(value, path, tried)
                if not tried:
                    return
            found.append((path, "Matches none of the allowed schemas."))

        return run

    def _object(self, schema: Schema, direction: str) -> Check:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        members = {name: self.check(part, direction) for name, part in properties.items()}
        skipped = {
            name
            for name, part in properties.items()
            if part.get("writeOnly" if direction == ANSWER else "readOnly", False)
        }
        required = [] if direction == PARTIAL else [n for n in schema.get("required", []) if n not in skipped]
        if direction != ANSWER:  # what a client may not set is ignored, whatever it is
            members = {name: check for name, check in members.items() if name not in skipped}
        extra = schema.get("additionalProperties")
        others = self.check(extra, direction) if isinstance(extra, dict) else None

        def run(value: Any, path: str, found: Problems) -> None:
            if not isinstance(value, dict):
                found.append((path, "Not a valid object."))
                return
            prefix = path + "." if path else ""
            for name in required:
                if name not in value:
                    found.append((prefix + name, "Missing data for required field."))
            for name, member in value.items():
                check = members.get(name)
                if check is not None:
                    check(member, prefix + name, found)
                elif others is not None and name not in properties:
                    others(member, prefix + name, found)

        return run

    def _array(self, schema: Schema, direction: str) -> Check:
        item = self.check(schema.get("items", {}), direction)
        low, high = schema.get("minItems", 0), schema.get("maxItems", float("inf"))

        def run(value: Any, path: str, found: Problems) -> None:
            if not isinstance(value, list):
                found.append((path, "Not a valid list."))
                return
            if not low <= len(value) <= high:
                found.append((path, f"Length must be between {low} and {high}."))
            for index, member in enumerate(value):
                item(member, f"{path}[{index}]", found)

        return run


def _enum(allowed: list[Any]) -> Check:
    def run(value: Any, path: str, found: Problems) -> None:
        if value not in allowed:
            found.append((path, "Must be one of: " + ", ".join(str(choice) for choice in allowed) + "."))

    return run


def _scalar(kind: str, schema: Schema) -> Check:
    if kind == "string":
        return _string(schema)
    if kind == "boolean":

        def boolean(value: Any, path: str, found: Problems) -> None:
            if not isinstance(value, bool):
                found.append((path, "Not a valid boolean."))

        return boolean
    return _number(kind, schema)


def _string(schema: Schema) -> Check:
    pattern, message = _FORMATS.get(schema.get("format", ""), (None, ""))
    low, high = schema.get("minLength", 0), schema.get("maxLength", float("inf"))

    def run(value: Any, path: str, found: Problems) -> None:
        if not isinstance(value, str):
            found.append((path, "Not a valid string."))
        elif pattern is not None and not pattern.fullmatch(value):
            found.append((path, message))
        elif not low <= len(value) <= high:
            found.append((path, f"Length must be between {low} and {high}."))

    return run


def _number(kind: str, schema: Schema) -> Check:
    low, high = _RANGES.get(schema.get("format", ""), (float("-inf"), float("inf")))
    low, high = max(low, schema.get("minimum", low)), min(high, schema.get("maximum", high))
    whole = kind == "integer"

    def run(value: Any, path: str, found: Problems) -> None:
        amount = value.value if isinstance(value, Number) else value
        if isinstance(value, bool) or isinstance(amount, (str, list, dict)):
            found.append((path, "Not a valid integer." if whole else "Not a valid number."))
        elif whole and amount != amount.__trunc__():
            found.append((path, "Not a valid integer."))
        elif not low <= amount <= high:
            found.append((path, f"Must be between {low} and {high}."))

    return run


class Refusal(Exception):
    """A request that gets an error; errors is what the answer has under that name."""

    def __init__(self, status: int, errors: list[str] | dict[str, list[str]]) -> None:
        super().__init__(status, errors)
        self.status = status
        self.errors = errors


def by_field(problems: Problems) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for path, message in problems:
        fields.setdefault(path or "_schema", []).append(message)
    return fields


def credentials(operation: Operation, headers: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Raises Refusal unless one of the operation's alternatives is sent, each header not empty and, where a value is
    expected, with that value."""

    def good(name: str) -> bool:
        value = headers.get(name, "").strip()
        return bool(value) and (not expected.get(name) or expected[name] == value)

    if operation.security and not any(all(map(good, names)) for names in operation.security):
        wanted = " or ".join(" and ".join(names) for names in operation.security)
        raise Refusal(401, [f"Not authorized: {wanted} missing or not valid"])


def headers_of(operation: Operation, headers: Mapping[str, str]) -> None:
    for parameter in operation.parameters:
        if parameter.where == "header" and parameter.required and parameter.name not in _SENT_BY_CLIENTS:
            if not headers.get(parameter.name):
                raise Refusal(400, [f"header {parameter.name}: required"])


def path_values(validator: Validator, operation: Operation, raw: list[str]) -> dict[str, Any]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    texts = {name: unquote(text) for name, text in zip(names, raw)}
    declared = {parameter.name: parameter for parameter in operation.parameters if parameter.where == "path"}
    for name, text in texts.items():
        if name in declared:
            _typed(validator, declared[name], text)
    return texts


def query_values(validator: Validator, operation: Operation, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The parameters with their types. Raises Refusal for one that is unknown, missing or ill-typed."""
    values: dict[str, Any] = {}
    for name, text in pairs:
        parameter = operation.query.get(name)
        if parameter is None:
            raise Refusal(400, [f"query parameter {name}: unknown"])
        if name in values:
            raise Refusal(400, [f"query parameter {name}: given twice"])
        values[name] = _typed(validator, parameter, text)
    for parameter in operation.query.values():
        if parameter.required and parameter.name not in values:
            raise Refusal(400, [f"query parameter {parameter.name}: required"])
    return values


def _typed(validator: Validator, parameter: Parameter, text: str) -> Any:
    kind = parameter.schema.get("type")
    value: Any = text
    if kind == "boolean":
        value = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    elif kind == "integer":
        value = int(text) if re.fullmatch(r"-?\d{1,40}", text) else None
    elif kind == "number":
        value = Number(text) if re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text) else None
    if value is None:
        raise Refusal(400, [f"{parameter.where} parameter {parameter.name}: not a valid {kind}"])
    for _, message in validator.problems(parameter.schema, value, REQUEST):
        raise Refusal(400, [f"{parameter.where} parameter {parameter.name}: {message}"])
    return value


def body_value(validator: Validator, operation: Operation, value: Any, lenient: bool) -> None:
    """Raises Refusal if a JSON body does not fit the operation. lenient: any JSON object does."""
    schema = operation.body_schema
    if schema is None or lenient:
        return
    found = validator.problems(schema, value, PARTIAL if operation.method == "PATCH" else REQUEST)
    if found:
        raise Refusal(400, by_field(found))
