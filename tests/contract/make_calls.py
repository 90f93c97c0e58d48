#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what the contract test runs: every operation of the library, every answer.

    make_calls.py FOLDER

    FOLDER/merged.json   the document of the mock: merge.py, with parameters and bodies
                         pinned to the values that the calls send
    FOLDER/calls.c       for each operation functions that fill its arguments and start
                         it, or wait for it, through the headers like any program
    FOLDER/cases.txt     which calls to make; the driver reads it. A line is

        call NAME STATUS PREFER BODY      separated by tabs; BODY is JSON or -
        note NAME PATH EXPECTED           a decode note that is explained

Shortcuts are left out: what they send is what their operations send, and a parameter
they fix cannot be the one that is pinned.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

import merge
import samples

from codegen.build import build
from codegen.c_ops import status_member
from codegen.ctext import c_str
from codegen.ir import Answer, Api, Body, Content, Kind, Operation, Parameter, Payload
from codegen.ir import Place, Service
from codegen.names import Names, body_member
from codegen.problems import Problems

Json = Any
ONE_KIND = {
    Content.NONE: "contract_on_nothing",
    Content.BYTES: "contract_on_bytes",
    Content.RAW: "contract_on_raw",
    Content.STR: "contract_on_text",
}
PLAIN = {
    Content.BYTES: "uvrest_bytes",
    Content.RAW: "uvrest_raw",
    Content.STR: "char",
}
NUMBERS = {Kind.I32: "uvrest_i32(%s)", Kind.I64: "uvrest_i64(INT64_C(%s))"}
NUMBERS[Kind.F64] = "uvrest_f64(%s)"
BYTES = {
    "image/*": ("image/png", "\x89PNG\r\n\x1a\n"),
    "application/xml": ("application/xml", '<a b="c">\u00e9</a>'),
}
ANSWERS = ("", ", dynamic=true")  # how the mock makes an answer: fixed, or at random


class Calls:
    """The three files, line by line."""

    def __init__(self, api: Api, names: Names, merged: Json) -> None:
        self._names = names
        self._merged = merged
        self._literals = merge.literals(merged)
        self._documents = {o["operationId"]: o for _, _, o in merge.operations(merged)}
        self.helpers: dict[str, list[str]] = {}
        self.functions: list[str] = []
        self.rows: list[str] = []
        self.cases: list[str] = []
        self.operations: dict[str, Operation] = {}
        for service in api.services.values():
            for operation in service.operations:
                if operation.shortcut is None:
                    self.operations[operation.id] = operation
                    self._operation(service, operation)
        missing = (
            set(self._documents) - set(self.operations) - {g.owner for g in api.gaps}
        )
        if missing:
            raise SystemExit(f"make_calls: no call for {', '.join(sorted(missing))}")

    def _operation(self, service: Service, operation: Operation) -> None:
        bodies: list[Body | None] = [*operation.bodies] or [None]
        self._answers(service, operation)
        for body in bodies:
            suffix = f"_{body.suffix}" if body is not None and body.suffix else ""
            self._function(operation, body, suffix)
            self._row(service, operation, body, suffix)
            self._cases(operation, body, suffix)

    # ---- starting ---------------------------------------------------------------------

    def _function(self, operation: Operation, body: Body | None, suffix: str) -> None:
        name, own = self._names.function(operation.id), operation.id + suffix
        members = self._names.arguments(operation)
        values = [
            f"        .{members[p.place, p.wire_name]} = {self._value(operation, p)},"
            for p in operation.parameters
        ]
        if body is not None and body.payload.content is Content.BYTES:
            kind, data = BYTES[body.payload.media_type]
            bytes_name = self._bytes(own, data, c_str(kind))
            values.append(f"        .{body_member(body.suffix)} = {bytes_name},")
        elif body is not None:
            values.append(f"        .{body_member(body.suffix)} = input->body,")
        callback = self._callback(operation)
        declaration, argument = self._waited(operation)
        value = "value, " if argument else ""
        parameters = (
            "iconik_client *client, const contract_input *input, contract_call *call"
        )
        self.functions += [
            f"static {name}_args args_{own}(const contract_input *input)",
            "{",
            f"    const {name}_args args = {{",
            *values,
            "        .call = input->options,",
            "    };",
            "    return args;",
            "}",
            "",
            f"static uvrest_status start_{own}({parameters})",
            "{",
            f"    const {name}_args args = args_{own}(input);",
            f"    return {name}(client, &args, {callback}, call, NULL);",
            "}",
            "",
            f"static uvrest_status wait_{own}({parameters})",
            "{",
            f"    const {name}_args args = args_{own}(input);",
            *declaration,
            "    uvrest_result *result = NULL;",
            f"    const uvrest_status st = {name}_wait(client, &args, {argument}&result);",
            "    if (result != NULL)",
            f"        {callback}({value}result, call);",
            "    uvrest_result_free(result);",
            "    return st;",
            "}",
            "",
        ]

    def _waited(self, operation: Operation) -> tuple[list[str], str]:
        """The variable a blocking call writes its value to, and how it is given."""
        content = operation.answer.content
        if content is Content.NONE:
            return [], ""
        kind = PLAIN.get(content)
        if kind is None:
            short = operation.answer.model
            if content is not Content.MODEL:
                short = f"{operation.id}_response"
            kind = self._names.type(short)
        return [f"    const {kind} *value = NULL;"], "&value, "

    def _bytes(self, own: str, data: str, kind: str) -> str:
        """Bytes at file scope; the expression that stands for them."""
        self.functions += [
            f"static const uvrest_bytes bytes_{own} = {{{c_str(data)}, "
            f"{len(data.encode())}, {kind}}};",
            "",
        ]
        return f"&bytes_{own}"

    def _value(self, operation: Operation, parameter: Parameter) -> str:
        value = self._sample(operation, parameter)
        kind = parameter.type.kind
        if parameter.is_bytes:
            own = f"{operation.id}_{parameter.wire_name}"
            return self._bytes(own, str(value), "NULL")
        if kind is Kind.RAW:
            text = json.dumps(value)
            return f"{{{c_str(text)}, {len(text)}}}"
        if kind is Kind.BOOL:
            return f"uvrest_bool({'true' if value else 'false'})"
        if kind in NUMBERS:
            return NUMBERS[kind] % str(value)
        return c_str(str(value))

    def _sample(self, operation: Operation, parameter: Parameter) -> Json:
        literal = self._literals.get(operation.id, {}).get(parameter.wire_name)
        if literal is not None and parameter.place is Place.PATH:
            return literal
        document = self._documents[operation.id]
        if parameter.place is Place.PART:
            form = document["requestBody"]["content"]["multipart/form-data"]
            return form["x-sample"][parameter.wire_name]
        for entry in document["parameters"]:
            if (entry["in"], entry["name"]) == (
                parameter.place.name.lower(),
                parameter.wire_name,
            ):
                return entry["schema"]["enum"][0]
        raise SystemExit(f"make_calls: {operation.id} has no {parameter.wire_name}")

    # ---- answers ----------------------------------------------------------------------

    def _callback(self, operation: Operation) -> str:
        payload = operation.answer
        if payload.content in ONE_KIND:
            return ONE_KIND[payload.content]
        if payload.content is Content.MODEL:
            name = self._names.type(payload.model)
            value = "value, value != NULL"
        else:
            name = self._names.type(f"{operation.id}_response")
            value = "value == NULL ? NULL : value->items, value == NULL ? 0 : value->n_items"
            if payload.content is Content.SEVERAL:
                value = (
                    f"pick_{operation.id}(value, result->http_status), value != NULL"
                )
        lines = [
            f"static void on_{name}(const {name} *value, const uvrest_result *result, "
            "void *user)",
            "{",
            f"    contract_done(user, {value}, result);",
            "}",
            "",
        ]
        if payload.content is Content.SEVERAL:
            lines = [*self._pick(operation, name), *lines]
        self.helpers[name] = lines
        return f"on_{name}"

    @staticmethod
    def _pick(operation: Operation, name: str) -> list[str]:
        lines = [
            f"static const void *pick_{operation.id}(const {name} *value, int http_status)",
            "{",
        ]
        for answer in operation.answers:
            if answer.payload.content is Content.MODEL:
                lines += [
                    f"    if (value != NULL && http_status == {answer.status})",
                    f"        return value->{status_member(answer.status)};",
                ]
        return [*lines, "    return NULL;", "}", ""]

    def _answers(self, service: Service, operation: Operation) -> None:
        self.functions.append(
            f"static const contract_answer answers_{operation.id}[] = {{"
        )
        for answer in operation.answers:
            content = answer.payload.content.name
            model = self._model(service, answer.payload)
            self.functions.append(
                f"    {{{answer.status}, UVREST_PAYLOAD_{content}, {model}}},"
            )
        self.functions += ["};", ""]

    def _model(self, service: Service, payload: Payload) -> str:
        return (
            self._names.model_id(service.name, payload.model) if payload.model else "0"
        )

    def _row(
        self, service: Service, operation: Operation, body: Body | None, suffix: str
    ) -> None:
        content, model = "NONE", "0"
        if body is not None and body.payload.content is not Content.BYTES:
            content = body.payload.content.name
            model = self._model(service, body.payload)
        self.rows.append(
            f'    {{"{operation.id}{suffix}", start_{operation.id}{suffix}, '
            f"wait_{operation.id}{suffix}, iconik_{service.name}_schema, "
            f"UVREST_PAYLOAD_{content}, {model}, {self._diff(operation, body)}, "
            f"answers_{operation.id}, {len(operation.answers)}}},"
        )

    def _diff(self, operation: Operation, body: Body | None) -> str:
        if operation.method != "PATCH" or body is None:
            return "NULL"
        if body.payload.content is not Content.MODEL:
            return "NULL"
        name = self._names.type(body.payload.model)
        self.helpers[f"{name}_diff"] = [
            f"static uvrest_status diff_{name}(const void *before, const void *after, "
            "uvrest_arena *arena, const void **out_patch)",
            "{",
            f"    const {name} *patch = NULL;",
            f"    const uvrest_status st = {name}_diff(before, after, arena, &patch);",
            "    *out_patch = patch;",
            "    return st;",
            "}",
            "",
        ]
        return f"diff_{name}"

    # ---- cases ------------------------------------------------------------------------

    def _cases(self, operation: Operation, body: Body | None, suffix: str) -> None:
        bodies = self._bodies(operation, body)
        answers = [
            (answer, made)
            for answer in operation.answers
            for made in (ANSWERS if has_value(answer) else ANSWERS[:1])
        ]
        for i in range(max(len(bodies), len(answers))):
            answer, made = answers[i % len(answers)]
            fields = [
                f"{operation.id}{suffix}",
                str(answer.status),
                f"code={answer.status}{made}",
                bodies[i % len(bodies)],
            ]
            self.cases.append("\t".join(["call", *fields]))

    def _bodies(self, operation: Operation, body: Body | None) -> list[str]:
        if body is None or body.payload.content is Content.BYTES:
            return ["-"]
        content = self._documents[operation.id]["requestBody"]["content"]
        made = content[body.payload.media_type]["x-samples"]
        return list(dict.fromkeys(json.dumps(value, sort_keys=True) for value in made))


def has_value(answer: Answer) -> bool:
    """Whether a status brings a body."""
    return answer.payload.content is not Content.NONE


def explanations(known: dict[str, Operation]) -> list[str]:
    """The notes that explained.yaml explains."""
    lines = []
    path = merge.HERE / "explained.yaml"
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
        if set(entry) != {"operations", "path", "expected", "reason"}:
            raise SystemExit(f"make_calls: {path.name}: {entry}: see its head")
        for name in entry["operations"]:
            if name not in known:
                raise SystemExit(f"make_calls: {path.name}: no operation {name}")
            lines.append("\t".join(["note", name, entry["path"], entry["expected"]]))
    return lines


def source(calls: Calls) -> str:
    """calls.c as a whole."""
    lines = ["/* Written by make_calls.py from spec/. */", '#include "contract.h"', ""]
    for name in sorted(calls.helpers):
        lines += calls.helpers[name]
    lines += calls.functions
    lines += ["const contract_op contract_ops[] = {", *calls.rows, "};", ""]
    lines.append(
        "const unsigned contract_n_ops = sizeof contract_ops / sizeof contract_ops[0];"
    )
    return "\n".join(lines) + "\n"


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    documents, sdk = merge.load(merge.ROOT / "spec")
    problems = Problems()
    api = build(documents, sdk, problems)
    if len(problems):
        raise SystemExit("\n".join(f"make_calls: {p}" for p in problems.sorted()))
    merged = merge.merge(documents)
    samples.pin(merged)
    calls = Calls(api, Names(sdk, problems), merged)
    cases = calls.cases + explanations(calls.operations)
    folder.mkdir(parents=True, exist_ok=True)
    merge.write(folder / "merged.json", merged)
    (folder / "calls.c").write_text(source(calls), encoding="utf-8")
    (folder / "cases.txt").write_text("\n".join(cases) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
