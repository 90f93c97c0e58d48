# SPDX-License-Identifier: MIT
"""Answers whose entries come at the top level where their schema promises a map of them.

    - operations: [metadata_object_get]
      into: metadata_values     # the member that is a map of models
      from: values              # what marks an entry at the top level, and
      to: field_values          # the member of the map's model that it is
      reason: Why the server's documents are wrong here.

The runtime decodes both forms into the same member.
"""

from __future__ import annotations

from dataclasses import replace

from codegen.ir import Api, Content, Gather, Operation, Service, Shape
from codegen.ir import Struct, Type
from codegen.load import Node
from codegen.problems import Problems
from codegen.sdk import Sdk


def add_gathers(api: Api, sdk: Sdk, problems: Problems) -> None:
    """Marks the operations. Shortcuts, which come later, inherit it."""
    for node in sdk.gathers:
        with problems.gather():
            gather = _read(node)
            for name in node.need("operations").items():
                with problems.gather():
                    _mark(api, name, gather, node)


def _read(node: Node) -> Gather:
    node.only("operations", "into", "from", "to", "reason")
    node.need("reason").text()
    return Gather(
        into=node.need("into").text(),
        origin=node.need("from").text(),
        to=node.need("to").text(),
    )


def _mark(api: Api, name: Node, gather: Gather, node: Node) -> None:
    for service in api.services.values():
        for i, operation in enumerate(service.operations):
            if operation.id == name.text():
                _check(service, operation, gather, node)
                service.operations[i] = replace(operation, gather=gather)
                return
    raise name.refuse(f"there is no operation '{name.text()}'; correct the name")


def _check(service: Service, operation: Operation, gather: Gather, node: Node) -> None:
    if operation.answer.content is not Content.MODEL:
        raise node.refuse(f"{operation.id} does not answer one model; drop it")
    into = _field_type(service.structs[operation.answer.model], gather.into)
    if into is None or into.shape is not Shape.MAP or into.of not in service.structs:
        raise node.need("into").refuse(
            f"'{gather.into}' is no map of models in the answer of {operation.id}; correct it"
        )
    if _field_type(service.structs[into.of], gather.to) is None:
        raise node.need("to").refuse(
            f"the model of '{gather.into}' has no member '{gather.to}'; correct it"
        )


def _field_type(struct: Struct, name: str) -> Type | None:
    for field in struct.fields:
        if field.wire_name == name:
            return field.type
    return None
