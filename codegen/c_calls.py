# SPDX-License-Identifier: MIT
"""Operations as a header declares them and a source defines them."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.c_ops import PLAIN_VALUE, Ops, below_of, shapes_of, status_member, stem_of
from codegen.c_types import callback_comment, declaration, literal
from codegen.ctext import c_comment, c_str, doc, fill, with_comment
from codegen.ir import Api, Body, Content, Kind, Operation, Parameter
from codegen.ir import Place, Retry, Service, Shape
from codegen.names import Names, body_member, count_of

_RETRY = {
    Retry.SAFE: "yes",
    Retry.IDEMPOTENT: "yes; once or twice is the same to the server",
    Retry.NEVER: "only what was provably not executed",
}
_ARGUMENT = {
    Kind.STR: "const char *",
    Kind.BOOL: "uvrest_opt_bool ",
    Kind.I32: "uvrest_opt_i32 ",
    Kind.I64: "uvrest_opt_i64 ",
    Kind.F64: "uvrest_opt_f64 ",
    Kind.RAW: "uvrest_raw ",
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
        self._ops = Ops(api, service, names)

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
            op_lines=() if made else self._ops.op(operation, deliver),
            params=f"{stem_of(operation)}_params",
            param_rows=() if made else self._ops.param_rows(operation, args),
            shapes=f"{stem_of(operation)}_shapes",
            shape_rows=() if made else self._ops.shape_rows(operation),
            frame=self._ops.frame(operation) if made else (),
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
        if payload.content in PLAIN_VALUE:
            stem, declaration, _ = PLAIN_VALUE[payload.content]
            return declaration, f"{stem}_fn", None
        if payload.content is Content.MODEL:
            short, name = payload.model, self._names.type(payload.model)
        else:
            short = f"{below_of(operation)}_response"
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
            for answer in shapes_of(operation):
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
            member = members[parameter.place, parameter.wire_name]
            lines += with_comment(
                f"    {_argument_type(parameter)}{member};", _about(parameter)
            )
            if parameter.type.shape is Shape.ARRAY:
                lines.append(f"    size_t {count_of(member)};")
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
            return f"const {self._names.type(below_of(operation))}_request *"
        return PLAIN_VALUE[content][1]

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


def _argument_type(parameter: Parameter) -> str:
    """The C type of an argument, up to its name."""
    if parameter.is_bytes:
        return "const uvrest_bytes *"
    if parameter.type.shape is Shape.MAP:
        return "uvrest_text_map "
    if parameter.type.shape is not Shape.ARRAY:
        return _ARGUMENT[parameter.type.kind]
    if parameter.type.kind is Kind.STR:
        return "const char *const *"
    return f"const {_ARGUMENT[parameter.type.kind]}*"


def _sent(parameter: Parameter) -> str:
    """How more than one value goes."""
    if parameter.type.shape is Shape.ARRAY:
        return "sent once for each element"
    if parameter.type.shape is not Shape.MAP:
        return ""
    if parameter.spread:
        return "each entry is sent under its own key"
    return f"each entry is sent as {c_comment(parameter.wire_name)}[key]"


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
    if _sent(parameter):
        parts.append(_sent(parameter))
    if parameter.limits:
        parts.append(c_comment(parameter.limits))
    if parameter.values:
        parts.append("one of " + ", ".join(literal(v) for v in parameter.values))
    description = c_comment(parameter.description)
    return ". ".join(p for p in ("; ".join(parts), description) if p)


def _about_body(operation: Operation, body: Body) -> str:
    if body.required:
        kind = body.payload.media_type if body.payload.content is Content.BYTES else ""
        return "; ".join(part for part in ("required", c_comment(kind)) if part)
    if len(operation.bodies) > 1:
        others = " or ".join(
            body_member(b.suffix) for b in operation.bodies if b is not body
        )
        return f"{c_comment(body.payload.media_type)}; this or {others}"
    return "default NULL: none"


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
