# SPDX-License-Identifier: MIT
"""Operations as a header declares them and a source defines them."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.c_types import callback_comment, declaration, literal
from codegen.ctext import SOFT, WIDTH, c_comment, c_str, doc, fill, fill_block
from codegen.ctext import split_literal, with_comment
from codegen.ir import Api, Body, Content, Kind, Made, Operation, Parameter, Payload
from codegen.ir import Place, Retry, Service
from codegen.names import Names, body_member, count_of

_RETRY = {
    Retry.SAFE: "yes",
    Retry.IDEMPOTENT: "yes; once or twice is the same to the server",
    Retry.NEVER: "only what was provably not executed",
}
_STATUS = {200: "ok", 201: "created", 202: "accepted"}
_ARGUMENT = {
    Kind.STR: "const char *",
    Kind.BOOL: "uvrest_opt_bool ",
    Kind.I32: "uvrest_opt_i32 ",
    Kind.I64: "uvrest_opt_i64 ",
    Kind.F64: "uvrest_opt_f64 ",
    Kind.RAW: "uvrest_raw ",
}
_PLAIN_VALUE = {
    Content.RAW: ("uvrest_raw", "const uvrest_raw *", "raw"),
    Content.BYTES: ("uvrest_bytes", "const uvrest_bytes *", "bytes"),
    Content.STR: ("uvrest_text", "const char *", "text"),
}


@dataclass(frozen=True, slots=True)
class ResponseView:
    """The value of a call that has no model of its own: an array, or several shapes."""

    comment: tuple[str, ...]
    name: str
    members: tuple[str, ...]
    callback_comment: tuple[str, ...]
    callback_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequestView:
    """A body that is an array of models."""

    comment: tuple[str, ...]
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallView:
    """A call: its arguments, its two forms, and the data behind them."""

    response: ResponseView | None
    request: RequestView | None
    args_comment: tuple[str, ...]
    args: str
    members: tuple[str, ...]
    call_comment: tuple[str, ...]
    call_lines: tuple[str, ...]
    call_declaration: tuple[str, ...]
    wait_comment: tuple[str, ...]
    wait_lines: tuple[str, ...]
    wait_declaration: tuple[str, ...]
    # the source
    op_lines: tuple[str, ...]
    params: str
    param_rows: tuple[str, ...]
    shapes: str
    shape_rows: tuple[str, ...]
    frame: tuple[str, ...]  # statements before the call, of a shortcut with a made body
    call_body: tuple[str, ...]
    wait_macro_lines: tuple[str, ...]  # of ops.h; or the body is set
    wait_body: tuple[str, ...]
    deliver: tuple[str, str] | None  # name and type


class Calls:
    """Makes the views of one service's operations."""

    def __init__(self, api: Api, service: Service, names: Names) -> None:
        self._api = api
        self._service = service
        self._names = names

    def view(self, operation: Operation) -> CallView:
        """Everything a template prints of an operation."""
        name = self._names.claim(
            self._names.function(operation.id), operation.source, "a call"
        )
        self._names.claim(f"{name}_wait", operation.source, "a blocking call")
        args = self._names.claim(f"{name}_args", operation.source, "arguments")
        value, callback, deliver = self._value(operation)
        made = operation.shortcut is not None and bool(operation.shortcut.body)
        asynchronous = _async_parameters(self, args, callback)
        blocking = _wait_parameters(self, args, value)
        return CallView(
            response=self._response(operation),
            request=self._request(operation),
            args_comment=doc([f"Arguments of {name}()."]),
            args=args,
            members=self._arguments(operation),
            call_comment=self._comment(operation),
            call_lines=fill(f"uvrest_status {name}(", asynchronous, ")"),
            call_declaration=declaration(name, asynchronous),
            wait_comment=_wait_comment(name, value),
            wait_lines=fill(f"uvrest_status {name}_wait(", blocking, ")"),
            wait_declaration=declaration(f"{name}_wait", blocking),
            op_lines=() if made else self._op(operation, deliver),
            params=f"{stem_of(operation)}_params",
            param_rows=() if made else self._param_rows(operation, args),
            shapes=f"{stem_of(operation)}_shapes",
            shape_rows=() if made else self._shape_rows(operation),
            frame=self._frame(operation) if made else (),
            call_body=_call_body(self, operation, made),
            wait_macro_lines=_wait_macro(name, operation, value),
            wait_body=_wait_body(self, operation, made, bool(value)),
            deliver=None if made else deliver,
        )

    @property
    def client(self) -> str:
        """The client's type."""
        return f"{self._api.prefix}_client"

    def function(self, operation_id: str) -> str:
        """The C name of an operation."""
        return self._names.function(operation_id)

    # ---- what a call brings ----------------------------------------------------------

    def _value(self, operation: Operation) -> tuple[str, str, tuple[str, str] | None]:
        """The value's declaration up to its name ("" for none), the callback's type, and
        name and type for the deliver function a source has to make."""
        payload = operation.answer
        if payload.content is Content.NONE:
            return "", "uvrest_done_fn", None
        if payload.content in _PLAIN_VALUE:
            stem, declaration, _ = _PLAIN_VALUE[payload.content]
            return declaration, f"{stem}_fn", None
        if payload.content is Content.MODEL:
            short, name = payload.model, self._names.type(payload.model)
        else:
            short = f"{_below(operation)}_response"
            name = self._names.type(short)
        return f"const {name} *", f"{name}_fn", (short, name)

    def _response(self, operation: Operation) -> ResponseView | None:
        payload = operation.answer
        if operation.shortcut is not None:
            return None
        if payload.content not in (Content.MODEL_ARRAY, Content.SEVERAL):
            return None
        name = self._names.claim(
            self._names.type(f"{operation.id}_response"), operation.source, "an answer"
        )
        self._names.claim(f"{name}_fn", operation.source, "a callback")
        members: list[str] = []
        if payload.content is Content.MODEL_ARRAY:
            about = "In the order of the answer."
            members += _array_members(self._names.type(payload.model))
        else:
            about = "The pointer of the status that came is set, the others are NULL."
            for answer in _with_model(operation):
                kind = self._names.type(answer[1].model)
                members += with_comment(
                    f"    const {kind} *{status_member(answer[0])};", str(answer[0])
                )
        return ResponseView(
            comment=doc(
                [
                    f"What {self.function(operation.id)}() answers. {about}",
                    "Memory: arena.",
                ]
            ),
            name=name,
            members=tuple(members),
            callback_comment=callback_comment(name),
            callback_lines=fill(
                f"typedef void {name}_fn(",
                [f"const {name} *value", "const uvrest_result *result", "void *user"],
                ");",
            ),
        )

    def _request(self, operation: Operation) -> RequestView | None:
        for body in operation.bodies:
            if body.payload.content is Content.MODEL_ARRAY:
                short = f"{operation.id}_request"
                name = self._names.claim(
                    self._names.type(short), operation.source, "a body"
                )
                return RequestView(
                    comment=doc([f"The body of {self.function(operation.id)}()."]),
                    name=name,
                    members=tuple(_array_members(self._names.type(body.payload.model))),
                )
        return None

    # ---- arguments -------------------------------------------------------------------

    def _arguments(self, operation: Operation) -> tuple[str, ...]:
        members = self._names.arguments(operation)
        lines: list[str] = []
        digest = operation.shortcut.digest if operation.shortcut is not None else ""
        for parameter in operation.parameters:
            if digest and parameter.wire_name == digest:
                lines += _file_members(parameter)
                continue
            if parameter.is_bytes:
                kind = "const uvrest_bytes *"
            else:
                kind = _ARGUMENT[parameter.type.kind]
            member = members[parameter.place, parameter.wire_name]
            lines += with_comment(f"    {kind}{member};", _about(parameter))
        for body in operation.bodies:
            lines += with_comment(
                f"    {self._body_type(operation, body)}{body_member(body.suffix)};",
                _about_body(operation, body),
            )
        lines.append(
            "    const uvrest_call_options *call; /* default NULL: the client's */"
        )
        return tuple(lines)

    def _body_type(self, operation: Operation, body: Body) -> str:
        content = body.payload.content
        if content is Content.MODEL:
            return f"const {self._names.type(body.payload.model)} *"
        if content is Content.MODEL_ARRAY:
            return f"const {self._names.type(_below(operation))}_request *"
        return _PLAIN_VALUE[content][1]

    # ---- doc comments ----------------------------------------------------------------

    def _comment(self, operation: Operation) -> tuple[str, ...]:
        lines = [c_comment(operation.summary), ""]
        if operation.shortcut is not None:
            over = self._names.function(operation.shortcut.over)
            lines.append(f"A shortcut over {over}().")
        lines.append(f"{operation.method} {c_comment(operation.path)}")
        if operation.roles:
            lines.append(f"Roles: {c_comment(', '.join(operation.roles))}")
        required = tuple(c.option for c in self._api.credentials if c.required)
        if operation.credentials != required:
            sent = ", ".join(operation.credentials) or "none"
            lines.append(f"Credentials: {sent}")
        if operation.paging:
            lines.append(f"Paged: by {c_comment(operation.paging)}")
        lines.append(f"Retried: {_RETRY[operation.retry]}")
        lines += self._answer_lines(operation)
        if operation.failures:
            failures = ", ".join(str(status) for status in operation.failures)
            lines.append(f"Documented failures: {failures}")
        if operation.deprecated:
            lines.append("Deprecated by the server.")
        if operation.pythonik:
            lines.append(f"pythonik: {c_comment(', '.join(operation.pythonik))}")
        lines.append(f"Spec: {c_comment(operation.place)}")
        lines.append('Contract: "Calls" in uvrest/client.h')
        return doc(lines)

    def _answer_lines(self, operation: Operation) -> list[str]:
        if operation.redirects:
            return [
                "Answers: a redirect, not followed; uvrest_result_header() has Location"
            ]
        if len(operation.answers) == 1:
            return []
        parts = []
        for answer in operation.answers:
            if answer.payload.content is Content.NONE:
                parts.append(f"{answer.status} without a value")
            elif answer.payload.model:
                parts.append(
                    f"{answer.status} {self._names.type(answer.payload.model)}"
                )
            else:
                parts.append(str(answer.status))
        return ["Answers: " + ", ".join(parts)]

    # ---- data ------------------------------------------------------------------------

    def _op(
        self, operation: Operation, deliver: tuple[str, str] | None
    ) -> tuple[str, ...]:
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
        if payload.content in _PLAIN_VALUE:
            return [
                f"VALUE({payload.content.name}, {_PLAIN_VALUE[payload.content][2]})"
            ]
        assert deliver is not None
        name = f"{deliver[0]}_deliver"
        if payload.content is Content.SEVERAL:
            return [f"SEVERAL({name})"]
        number = self._names.model_id(self._service.name, payload.model)
        return [f"{payload.content.name}({number},{SOFT}{name})"]

    def _param_rows(self, operation: Operation, args: str) -> tuple[str, ...]:
        members = self._names.arguments(operation)
        digest = operation.shortcut.digest if operation.shortcut is not None else ""
        rows: list[str] = []
        for p in operation.parameters:
            member = members[p.place, p.wire_name]
            if digest and p.wire_name == digest:
                member = "file"
            kind = (
                "UVREST_PAYLOAD_BYTES"
                if p.is_bytes
                else f"UVREST_KIND_{p.type.kind.name}"
            )
            rows += _row(
                c_str(p.wire_name), args, member, "0", p.place.name, kind, p.required
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
                body.required,
            )
        rows += _row("NULL", args, "call", "0", "CALL", "0", False)
        return tuple(rows)

    def _shape_rows(self, operation: Operation) -> tuple[str, ...]:
        if operation.answer.content is not Content.SEVERAL:
            return ()
        name = self._names.type(f"{_below(operation)}_response")
        rows: list[str] = []
        for status, payload in _with_model(operation):
            number = self._names.model_id(self._service.name, payload.model)
            rows += fill(
                f"    {{{status}, ",
                [number, f"offsetof({name}, {status_member(status)})"],
                "},",
                "     ",
            )
        return tuple(rows)

    # ---- a shortcut with a made body ---------------------------------------------------

    def _frame(self, operation: Operation) -> tuple[str, ...]:
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
    return operation.id if rest == operation.group else rest


def _below(operation: Operation) -> str:
    """The operation whose answer type this one has."""
    return operation.shortcut.over if operation.shortcut is not None else operation.id


def _with_model(operation: Operation) -> list[tuple[int, Payload]]:
    return [(a.status, a.payload) for a in operation.answers if a.payload.model]


def status_member(status: int) -> str:
    """The member for the answer of a status."""
    return _STATUS.get(status, f"status_{status}")


def _array_members(element: str) -> list[str]:
    return [f"    const {element} *items;", "    size_t n_items;"]


def _file_members(parameter: Parameter) -> list[str]:
    what = c_comment(parameter.wire_name)
    lines = [
        *with_comment(
            "    const char *file;",
            f"required; a local file, whose MD5 is the {what}",
        ),
        *with_comment(
            "    uvrest_progress_fn *progress;",
            "default NULL; told how far reading the file is",
        ),
        *with_comment(
            "    void *user;",
            "borrowed; given to progress by the blocking form; "
            "the other one gives it its own user",
        ),
    ]
    return lines


def _about(parameter: Parameter) -> str:
    parts = ["required"] if parameter.required else []
    if parameter.place is Place.PATH:
        parts.append("in the path")
    elif parameter.place is Place.HEADER:
        parts.append(f"in the header {c_comment(parameter.wire_name)}")
    if parameter.deprecated:
        parts.append("deprecated")
    if parameter.default is not None:
        parts.append(f"default {literal(parameter.default)}")
    if parameter.limits:
        parts.append(parameter.limits)
    if parameter.values:
        parts.append("one of " + ", ".join(literal(v) for v in parameter.values))
    description = c_comment(parameter.description)
    return ". ".join(p for p in ("; ".join(parts), description) if p)


def _about_body(operation: Operation, body: Body) -> str:
    if body.required:
        return "required"
    if len(operation.bodies) > 1:
        others = " or ".join(
            body_member(b.suffix) for b in operation.bodies if b is not body
        )
        return f"{c_comment(body.payload.media_type)}; this or {others}"
    return "default NULL: none"


def _row(
    name: str,
    args: str,
    member: str,
    model: str,
    place: str,
    kind: str,
    required: bool,
) -> tuple[str, ...]:
    pieces = [f"offsetof({args}, {member})", model, f"UVREST_IN_{place}", kind]
    pieces.append("UVREST_REQUIRED" if required else "0")
    start = f"    {{{name},"
    lines = list(fill(start + " ", pieces, "},", " " * 5))
    return tuple(lines)


def _async_parameters(calls: Calls, args: str, callback: str) -> list[str]:
    return [
        f"{calls.client} *client",
        f"const {args} *args",
        f"{callback} *done",
        "void *user",
        "uvrest_call **out_call",
    ]


def _wait_parameters(calls: Calls, args: str, value: str) -> list[str]:
    out = [f"{value}*out_value"] if value else []
    return [
        f"{calls.client} *client",
        f"const {args} *args",
        *out,
        "uvrest_result **out_result",
    ]


def _wait_comment(name: str, value: str) -> tuple[str, ...]:
    ends = ", which also ends *out_value" if value else ""
    return doc(
        [
            f"The blocking twin of {name}(). *out_result is owned: uvrest_result_free()"
            f"{ends}."
        ]
    )


def _call_body(calls: Calls, operation: Operation, made: bool) -> tuple[str, ...]:
    if made:
        assert operation.shortcut is not None
        below = calls.function(operation.shortcut.over)
        return (f"    return {below}(client, &below, done, user, out_call);",)
    start, pieces = "    return uvrest_gen_call(", [
        "RUNTIME(client)",
        f"&{stem_of(operation)}_op",
        "args",
    ]
    if operation.shortcut is not None and operation.shortcut.digest:
        start = "    return uvrest_gen_call_of_file("
        pieces += _digest_pieces(operation)
    pieces += ["ANY(done)", "user", "out_call"]
    return fill(start, pieces, ");", " " * 8)


def _wait_body(
    calls: Calls, operation: Operation, made: bool, value: bool
) -> tuple[str, ...]:
    out = "out_value" if value else "NULL"
    if operation.shortcut is None:
        return ()
    if made:
        below = calls.function(operation.shortcut.over)
        given = "out_value, " if value else ""
        return (f"    return {below}_wait(client, &below, {given}out_result);",)
    if not operation.shortcut.digest:
        return ()
    pieces = [
        "RUNTIME(client)",
        f"&{stem_of(operation)}_op",
        "args",
        *_digest_pieces(operation),
        "args != NULL ? args->user : NULL",
        out,
        "out_result",
    ]
    return fill("    return uvrest_gen_wait_of_file(", pieces, ");", " " * 8)


def _wait_macro(name: str, operation: Operation, value: str) -> tuple[str, ...]:
    """The macro of ops.h that defines the blocking form."""
    op = f"{stem_of(operation)}_op"
    if not value:
        return fill("WAIT(", [name, op], ")")
    kind = value.removeprefix("const ").removesuffix("*").strip()
    return fill("WAIT_FOR(", [name, kind, op], ")")


def _digest_pieces(operation: Operation) -> list[str]:
    assert operation.shortcut is not None
    return [
        c_str(operation.shortcut.digest),
        "args != NULL ? args->file : NULL",
        "args != NULL ? args->progress : NULL",
    ]
