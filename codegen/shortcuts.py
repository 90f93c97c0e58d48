# SPDX-License-Identifier: MIT
"""Shortcuts: operations declared in sdk.yaml over operations of the documents.

    - name: metadata_asset_view_get     # the C function, without prefix
      over: metadata_object_view_get    # the operation below
      summary: Returns an asset's values of a view.
      fixed: {object_type: assets}      # parameters in the path that have one value
      rename: {object_id: asset_id}     # parameters under another name
      describe: {asset_id: The asset.}  # and their description
      pythonik: [metadata.get_asset_metadata]

    - name: jobs_cancel
      over: jobs_state_replace
      summary: Cancels a job.
      arguments: {job_id: The job.}     # texts of its own, required
      body:                             # made from them; {argument: x} stands for one
        action: ABORT
        job_ids: [{argument: job_id}]

    - name: files_by_checksum_of_file
      over: files_by_checksum_list
      summary: Lists the files with the content of a local file.
      digest: checksum                  # this parameter is the MD5 of a local file

It belongs to the group, and takes the answer, roles and retry class, of the operation below.
"""

from __future__ import annotations

from dataclasses import replace

from codegen.ir import Api, Content, Kind, Made, Operation, Parameter, Place
from codegen.ir import Service, Shape, Shortcut, Type
from codegen.load import Node
from codegen.operations import check_operation_id
from codegen.problems import Problems
from codegen.sdk import Sdk, identifier

_KNOWN = (
    *("name", "over", "summary", "fixed", "rename", "describe", "arguments", "body"),
    *("digest", "pythonik"),
)


def add_shortcuts(api: Api, sdk: Sdk, problems: Problems) -> None:
    """Adds each to the operations of its service, behind those of the documents."""
    taken = {o.id for s in api.services.values() for o in s.operations}
    for node in sdk.shortcuts:
        with problems.gather():
            node.only(*_KNOWN)
            name = node.need("name")
            check_operation_id(name, api.prefix)
            if name.text() in taken:
                raise name.refuse(f"'{name.text()}' is taken; rename the shortcut")
            taken.add(name.text())
            service, below = _below(api, node.need("over"))
            service.operations.append(_shortcut(service, below, node))


def _below(api: Api, over: Node) -> tuple[Service, Operation]:
    for service in api.services.values():
        for operation in service.operations:
            if operation.id == over.text() and operation.shortcut is None:
                return service, operation
    raise over.refuse(f"there is no operation '{over.text()}'; correct the name")


def _shortcut(service: Service, below: Operation, node: Node) -> Operation:
    summary = node.need("summary")
    if not summary.text().endswith("."):
        raise summary.refuse("a whole sentence is expected, with a '.'")
    operation = replace(
        below,
        id=node.need("name").text(),
        summary=summary.text(),
        pythonik=tuple(n.text() for n in _items(node, "pythonik")),
        place=node.place,
        source=node.source,
        shortcut=Shortcut(over=below.id),
    )
    operation = _with_fixed(operation, node)
    operation = _with_renamed(operation, node)
    if node.get("body") is not None:
        operation = _with_body(service, operation, below, node)
    elif node.get("arguments") is not None:
        raise node.need("arguments").refuse("arguments are for a body; add the body")
    if node.get("digest") is not None:
        operation = _with_digest(operation, node.need("digest"))
    return operation


def _items(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    return found.items() if found is not None else []


def _members(node: Node, key: str) -> dict[str, Node]:
    found = node.get(key)
    return found.mapping() if found is not None else {}


def _find(operation: Operation, name: str, node: Node) -> Parameter:
    for parameter in operation.parameters:
        if parameter.wire_name == name:
            return parameter
    raise node.refuse(f"the operation below has no parameter '{name}'; correct it")


def _with_fixed(operation: Operation, node: Node) -> Operation:
    for name, value in _members(node, "fixed").items():
        parameter = _find(operation, name, value)
        if parameter.place is not Place.PATH:
            raise value.refuse("only a parameter in the path can be fixed")
        if not value.text().replace("_", "").isalnum():
            raise value.refuse("letters, digits and underscores are expected")
        operation = replace(
            operation,
            path=operation.path.replace("{" + name + "}", value.text()),
            parameters=tuple(p for p in operation.parameters if p is not parameter),
        )
    return operation


def _with_renamed(operation: Operation, node: Node) -> Operation:
    for name, new in _members(node, "rename").items():
        parameter = _find(operation, name, new)
        if parameter.place is not Place.PATH:
            raise new.refuse("only a parameter in the path can be renamed")
        renamed = replace(parameter, wire_name=identifier(new))
        operation = replace(
            operation,
            path=operation.path.replace("{" + name + "}", "{" + new.text() + "}"),
            parameters=tuple(
                renamed if p is parameter else p for p in operation.parameters
            ),
        )
    for name, text in _members(node, "describe").items():
        parameter = _find(operation, name, text)
        described = replace(parameter, description=text.text())
        operation = replace(
            operation,
            parameters=tuple(
                described if p is parameter else p for p in operation.parameters
            ),
        )
    return operation


def _with_body(
    service: Service, operation: Operation, below: Operation, node: Node
) -> Operation:
    if node.get("fixed") is not None or node.get("rename") is not None:
        raise node.refuse("a made body beside fixed or renamed parameters; use one")
    bodies = below.bodies
    if len(bodies) != 1 or bodies[0].payload.content is not Content.MODEL:
        raise node.need("body").refuse("the operation below takes no model as body")
    struct = service.structs[bodies[0].payload.model]
    fields = {f.wire_name: f for f in struct.fields}
    arguments = {
        identifier_text(name, text): text.text()
        for name, text in _members(node, "arguments").items()
    }
    made = []
    used: set[str] = set()
    for name, value in sorted(node.need("body").mapping().items()):
        if name not in fields:
            raise value.refuse(f"the body has no member '{name}'; correct it")
        item = _made(value, fields[name].type, arguments, used, service)
        made.append((name, item))
    for name in sorted(set(arguments) - used):
        raise node.need("arguments").refuse(f"'{name}' is not used in the body")
    own = tuple(
        Parameter(
            wire_name=name,
            place=Place.PART,
            type=Type(Kind.STR),
            is_bytes=False,
            required=True,
            deprecated=False,
            default=None,
            limits="",
            description=text,
            values=(),
            source=node.source,
        )
        for name, text in arguments.items()
    )
    return replace(
        operation,
        parameters=(*below.parameters, *own),
        bodies=(),
        shortcut=Shortcut(over=below.id, body=tuple(made)),
    )


def identifier_text(name: str, node: Node) -> str:
    """A key that is to be a C name."""
    if not name.replace("_", "").isalnum() or not name[0].islower():
        raise node.refuse(f"'{name}' cannot be a C name; rename the argument")
    return name


def _made(
    node: Node,
    kind: Type,
    arguments: dict[str, str],
    used: set[str],
    service: Service,
) -> Made:
    if isinstance(node.value, list):
        if kind.shape is not Shape.ARRAY or len(node.value) != 1:
            raise node.refuse("an array of one element is expected for an array only")
        element = _made(
            node.value[0], Type(kind.kind, of=kind.of), arguments, used, service
        )
        return Made(elements=(element,), source=node.source)
    if kind.shape is not Shape.ONE:
        raise node.refuse("an array is expected")
    if isinstance(node.value, dict):
        node.only("argument")
        name = node.need("argument").text()
        if name not in arguments or kind.kind is not Kind.STR:
            raise node.refuse(f"'{name}' is no argument, or the member is no text")
        used.add(name)
        return Made(argument=name, source=node.source)
    value = node.scalar()
    if kind.kind is Kind.ENUM:
        if value not in service.enums[kind.of].values:
            raise node.refuse(f"the enum has no value '{value}'; correct it")
    elif kind.kind is Kind.STR:
        node.text()
    elif kind.kind is Kind.BOOL:
        node.flag()
    elif kind.kind in (Kind.I32, Kind.I64):
        node.integer()
    else:
        raise node.refuse("only text, enums, booleans and whole numbers can be made")
    return Made(literal=value, source=node.source)


def _with_digest(operation: Operation, node: Node) -> Operation:
    parameter = _find(operation, node.text(), node)
    if parameter.place is not Place.PATH or parameter.type != Type(Kind.STR):
        raise node.refuse("a text in the path is expected")
    if operation.bodies or any(p.place is Place.PART for p in operation.parameters):
        raise node.refuse("an operation without a body is expected")
    over = operation.shortcut.over if operation.shortcut is not None else ""
    return replace(operation, shortcut=Shortcut(over=over, digest=node.text()))
