# SPDX-License-Identifier: MIT
"""The data of an operation as a source holds them: the operation itself, its parameters
and shapes, and the body a shortcut makes."""

from __future__ import annotations

from codegen.c_types import literal
from codegen.ctext import SOFT, WIDTH, c_str, fill, fill_block, split_literal
from codegen.ir import Api, Content, Kind, Made, Operation, Parameter, Payload
from codegen.ir import Service, Shape
from codegen.names import Names, body_member, count_of

_STATUS = {200: "ok", 201: "created", 202: "accepted"}
# The value's type without _fn, its declaration up to the name, and the deliver's ending.
PLAIN_VALUE = {
    Content.RAW: ("uvrest_raw", "const uvrest_raw *", "raw"),
    Content.BYTES: ("uvrest_bytes", "const uvrest_bytes *", "bytes"),
    Content.STR: ("uvrest_text", "const char *", "text"),
}


class Ops:
    """Makes the data of one service's operations."""

    def __init__(self, api: Api, service: Service, names: Names) -> None:
        self._api = api
        self._service = service
        self._names = names

    def op(
        self, operation: Operation, deliver: tuple[str, str] | None
    ) -> tuple[str, ...]:
        """The uvrest_op. deliver: name and type of the function, where a model is handed over."""
        stem = stem_of(operation)
        pieces = [
            f"OP({self._service.name}, {operation.method}, {operation.retry.name})",
            f'.name = "{operation.id}"',
            ".path = " + _literals(operation.path),
        ]
        if operation.roles:
            pieces.append(".roles = " + _literals(",".join(operation.roles)))
        if operation.credentials:
            pieces.append(f".credentials = {self._credentials(operation)}")
        pieces.append(f"PARAMS({stem}_params)")
        pieces += self._answer_pieces(operation.answer, deliver)
        if operation.answer.content is Content.SEVERAL:
            pieces.append(f"SHAPES({stem}_shapes)")
        if operation.gather is not None:
            texts = (
                operation.gather.into,
                operation.gather.origin,
                operation.gather.to,
            )
            pieces.append(f"GATHER({', '.join(c_str(text) for text in texts)})")
        if operation.redirects:
            pieces.append(".redirect_is_answer = true")
        lines = fill_block(f"static const uvrest_op {stem}_op = {{", pieces, "};")
        return tuple("\n".join(lines).split("\n"))

    def _credentials(self, operation: Operation) -> str:
        required = [c.option for c in self._api.credentials if c.required]
        if list(operation.credentials) == required:
            return "SEND_REQUIRED"
        return " | ".join(f"SEND_{c.upper()}" for c in operation.credentials)

    def _answer_pieces(
        self, payload: Payload, deliver: tuple[str, str] | None
    ) -> list[str]:
        """One of the macros of ops.h: what the answer is, and who hands it over."""
        if payload.content is Content.NONE:
            return ["NO_VALUE"]
        if payload.content in PLAIN_VALUE:
            return [f"VALUE({payload.content.name}, {PLAIN_VALUE[payload.content][2]})"]
        assert deliver is not None
        name = f"{deliver[0]}_deliver"
        if payload.content is Content.SEVERAL:
            return [f"SEVERAL({name})"]
        number = self._names.model_id(self._service.name, payload.model)
        return [f"{payload.content.name}({number},{SOFT}{name})"]

    def param_rows(self, operation: Operation, args: str) -> tuple[str, ...]:
        """A row for each argument, in the order of the args struct."""
        members = self._names.arguments(operation)
        digest = operation.shortcut.digest if operation.shortcut is not None else ""
        rows: list[str] = []
        for p in operation.parameters:
            member = members[p.place, p.wire_name]
            if digest and p.wire_name == digest:
                member = "file"
            flags = ["UVREST_REQUIRED"] if p.required else []
            flags += ["UVREST_SPREAD"] if p.spread else []
            rows += _row(
                c_str(p.wire_name),
                args,
                member,
                "0",
                p.place.name,
                _kind(p),
                " | ".join(flags) or "0",
            )
        for body in operation.bodies:
            model = "0"
            if body.payload.model:
                model = self._names.model_id(self._service.name, body.payload.model)
            rows += _row(
                c_str(body.payload.media_type),
                args,
                body_member(body.suffix),
                model,
                "BODY",
                f"UVREST_PAYLOAD_{body.payload.content.name}",
                "UVREST_REQUIRED" if body.required else "0",
            )
        rows += _row("NULL", args, "call", "0", "CALL", "0", "0")
        if operation.accept:
            rows.append(
                f"    {{{c_str(operation.accept)}, 0, 0, UVREST_IN_ACCEPT, 0, 0}},"
            )
        return tuple(rows)

    def shape_rows(self, operation: Operation) -> tuple[str, ...]:
        """A row for each status that brings a model, if there are several shapes."""
        if operation.answer.content is not Content.SEVERAL:
            return ()
        name = self._names.type(f"{below_of(operation)}_response")
        rows: list[str] = []
        for status, payload in shapes_of(operation):
            number = self._names.model_id(self._service.name, payload.model)
            rows += fill(
                f"    {{{status}, ",
                [number, f"offsetof({name}, {status_member(status)})"],
                "},",
                "     ",
            )
        return tuple(rows)

    def frame(self, operation: Operation) -> tuple[str, ...]:
        """Local variables: the body, and the arguments of the operation below."""
        assert operation.shortcut is not None
        below = next(
            o
            for o in self._service.operations
            if o.id == operation.shortcut.over and o.shortcut is None
        )
        struct = self._service.structs[below.bodies[0].payload.model]
        members = self._names.members(struct)
        types = {f.wire_name: f.type for f in struct.fields}
        pieces = []
        for wire_name, made in operation.shortcut.body:
            kind = types[wire_name]
            member = members[wire_name]
            if made.elements is not None:
                argument = made.elements[0].argument
                pieces.append(
                    f".{member} = args->{argument} != NULL ? &args->{argument} : NULL"
                )
                pieces.append(f".{count_of(member)} = 1")
            else:
                pieces.append(f".{member} = {self._made(made, kind.kind, kind.of)}")
        own = self._names.arguments(operation)
        passed = [
            f".{member} = args->{member}"
            for (place, name), member in own.items()
            if any(p.place is place and p.wire_name == name for p in below.parameters)
        ]
        target = f"{self._names.function(below.id)}_args"
        lines = ["    if (args == NULL)", "        return UVREST_E_INVALID;"]
        lines += fill(
            f"    const {self._names.type(struct.name)} made = {{",
            pieces,
            "};",
            " " * 8,
        )
        lines += fill(
            f"    const {target} below = {{",
            [*passed, ".body = &made", ".call = args->call"],
            "};",
            " " * 8,
        )
        return tuple(lines)

    def _made(self, made: Made, kind: Kind, enum: str) -> str:
        if made.argument:
            return f"args->{made.argument}"
        if kind is Kind.ENUM:
            for enumerator, text in self._names.enumerators(self._service.enums[enum]):
                if text == made.literal:
                    return enumerator
        if kind is Kind.BOOL:
            return f"{{{literal(made.literal)}, UVREST_IS_SET}}"
        if kind in (Kind.I32, Kind.I64):
            return f"{{{made.literal}, UVREST_IS_SET}}"
        return c_str(str(made.literal))


def _literals(text: str) -> str:
    """A string that may be too long for a line."""
    return "\n    ".join(split_literal(text, WIDTH - 16))


def stem_of(operation: Operation) -> str:
    """What the static data of an operation are called: its id without the group, which is
    the file's."""
    rest = operation.id.removeprefix(f"{operation.group}_")
    return rest if rest != operation.group and rest[:1].isalpha() else operation.id


def below_of(operation: Operation) -> str:
    """The operation whose answer type this one has."""
    return operation.shortcut.over if operation.shortcut is not None else operation.id


def shapes_of(operation: Operation) -> list[tuple[int, Payload]]:
    """The statuses that bring a model."""
    return [(a.status, a.payload) for a in operation.answers if a.payload.model]


def status_member(status: int) -> str:
    """The member for the answer of a status."""
    return _STATUS.get(status, f"status_{status}")


def _kind(parameter: Parameter) -> str:
    if parameter.is_bytes:
        is_array = parameter.type.shape is Shape.ARRAY
        return "UVREST_PAYLOAD_FILES" if is_array else "UVREST_PAYLOAD_BYTES"
    if parameter.type.shape is Shape.ONE:
        return f"UVREST_KIND_{parameter.type.kind.name}"
    return f"UVREST_ROW_{parameter.type.kind.name}_{parameter.type.shape.name}"


def _row(
    name: str,
    args: str,
    member: str,
    model: str,
    place: str,
    kind: str,
    flags: str,
) -> tuple[str, ...]:
    pieces = [f"offsetof({args}, {member})", model, f"UVREST_IN_{place}", kind]
    pieces.append(flags)
    start = f"    {{{name},"
    lines = list(fill(start + " ", pieces, "},", " " * 5))
    return tuple(lines)
