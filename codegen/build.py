# SPDX-License-Identifier: MIT
"""Trees to the IR: services, and what holds between them."""

from __future__ import annotations

from codegen.gathers import add_gathers
from codegen.ir import Api, Note, Operation, Service, Struct
from codegen.load import Document, Documents
from codegen.operations import Operations
from codegen.problems import Problems
from codegen.schemas import Schemas
from codegen.sdk import Sdk
from codegen.shortcuts import add_shortcuts
from codegen.words import snake


def build(documents: Documents, sdk: Sdk, problems: Problems) -> Api:
    """The whole API. What is wrong goes to problems; the rest is still built."""
    api = Api(
        prefix=sdk.prefix,
        name=sdk.name,
        description=sdk.description,
        server=sdk.server,
        error_member=sdk.error_member,
        requests=sdk.requests,
        window_ms=sdk.window_ms,
        credentials=tuple(credential for _, credential in sdk.credentials),
        groups=sdk.groups,
        services={},
        gaps=[],
    )
    for document in documents:
        if document.root.get("openapi") is None:
            continue
        with problems.gather():
            if document.root.need("paths").mapping():
                service = _service(document, documents, sdk, problems)
                api.services[service.name] = service
    _check_unique_ids(api, problems)
    add_gathers(api, sdk, problems)
    add_shortcuts(api, sdk, problems)
    _check_groups(api, sdk, documents, problems)
    _check_shared_models(api, problems)
    for identity, node in sdk.gaps.items():
        api.gaps.append(Note(identity, node.text_of("reason"), node.source))
    for (what, place), fix in sdk.names.items():
        if not fix.used and what == "type":
            problems.add(fix.node.source, f"nothing at {place} takes a name; drop it")
    return api


def _service(
    document: Document, documents: Documents, sdk: Sdk, problems: Problems
) -> Service:
    root = document.root
    root.only(
        *("openapi", "info", "servers", "security", "tags", "paths", "components"),
        "externalDocs",
    )
    version = root.need("openapi")
    if not str(version.value).startswith("3.0."):
        raise version.refuse("only OpenAPI 3.0 is understood; convert the document")
    info = root.need("info")
    service = Service(
        name=snake(document.stem),
        file=document.name,
        title=info.need("title").text(),
        description=info.text_of("description"),
    )
    schemas = Schemas(service, documents, sdk, problems)
    schemas.build_named(root, document.stem)
    Operations(service, schemas, documents, sdk, problems).build(root)
    return service


def _check_unique_ids(api: Api, problems: Problems) -> None:
    seen: dict[str, Operation] = {}
    for service in api.services.values():
        for operation in list(service.operations):
            other = seen.setdefault(operation.id, operation)
            if other is not operation:
                service.operations.remove(operation)
                problems.add(
                    operation.source,
                    f"the operationId '{operation.id}' is taken by {other.source}; "
                    "rename one",
                )


def _check_groups(api: Api, sdk: Sdk, documents: Documents, problems: Problems) -> None:
    known = {snake(document.stem) for document in documents}
    used = {o.group for s in api.services.values() for o in s.operations}
    for name, group in sdk.groups.items():
        if snake(group.service) not in known:
            problems.add(
                group.source, f"there is no service '{group.service}'; correct it"
            )
        elif name not in used and snake(group.service) in api.services:
            problems.add(
                group.source, f"no operation is in the group '{name}'; drop it"
            )


def _check_shared_models(api: Api, problems: Problems) -> None:
    """A name that several services use stands for one C struct: they must agree."""
    first: dict[str, tuple[Service, Struct]] = {}
    for service in api.services.values():
        for struct in service.structs.values():
            known = first.setdefault(struct.name, (service, struct))
            if known[0] is not service:
                difference = _difference(known, (service, struct))
                if difference:
                    problems.add(
                        struct.source,
                        f"the model '{struct.name}' is not the one of "
                        f"{known[1].source}: {difference}; give one another name in "
                        "sdk.yaml",
                    )


def _difference(one: tuple[Service, Struct], two: tuple[Service, Struct]) -> str:
    """How two structs of one name differ, or nothing. What they refer to is compared by
    name here and by content under its own name."""
    fields = {f.wire_name: f for f in one[1].fields}
    others = {f.wire_name: f for f in two[1].fields}
    for name in sorted(set(fields) ^ set(others)):
        return f"only one has '{name}'"
    for name, field in fields.items():
        other = others[name]
        for what in ("type", "required", "nullable", "read_only", "write_only"):
            if getattr(field, what) != getattr(other, what):
                return f"'{name}' differs in {what}"
        enum, other_enum = (
            s.enums.get(f.type.of) for s, f in ((one[0], field), (two[0], other))
        )
        if enum and other_enum and enum.values != other_enum.values:
            return f"'{name}' has other values"
        union, other_union = (
            s.unions.get(f.type.of) for s, f in ((one[0], field), (two[0], other))
        )
        if union and other_union and union.cases != other_union.cases:
            return f"'{name}' has other cases"
    return ""
