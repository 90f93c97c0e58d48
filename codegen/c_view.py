# SPDX-License-Identifier: MIT
"""The IR to what the templates print: one page for each file."""

from __future__ import annotations

from dataclasses import dataclass

from codegen.c_calls import Calls, CallView
from codegen.c_tables import tables_view
from codegen.c_types import StructView, TypesView, diff_parameters, types_view
from codegen.ctext import c_comment, c_str, doc, fill, fill_block, with_comment
from codegen.ir import Api, Group, Service
from codegen.names import RESERVED, Names
from codegen.placement import COMMON, Placement, types_header
from codegen.problems import Problems, Source
from codegen.sdk import Sdk

_ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Page:
    """A file to make: where, by which template, from what."""

    path: str
    template: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class DiffView:
    """A diff function as a source defines it."""

    lines: tuple[str, ...]
    body: tuple[str, ...]


def pages(api: Api, sdk: Sdk, problems: Problems) -> list[Page]:
    """Every file of the library, in no particular order."""
    return _Pages(api, sdk, problems).all()


class _Pages:
    def __init__(self, api: Api, sdk: Sdk, problems: Problems) -> None:
        self._api = api
        self._problems = problems
        self._names = Names(sdk, problems)
        self._placement = Placement(api)
        self._common = types_view(api, COMMON, self._placement, self._names)
        self._prefix = api.prefix
        self._upper = api.prefix.upper()

    def all(self) -> list[Page]:
        self._claim_own()
        out = [self._client_header(), self._client_source(), self._private_header()]
        out.append(self._umbrella())
        if not self._common.empty:
            out.append(self._common_header())
        for service in self._api.services.values():
            out += self._service(service)
        for group in self._groups():
            out += self._group(group)
        self._check_files(out)
        out.append(self._sources(out))
        migration = self._migration()
        if migration["rows"]:
            out.append(self._page("pythonik.md", "pythonik.md.j2", **migration))
        return out

    def _claim_own(self) -> None:
        source = Source("sdk.yaml", 1, "#")
        stem = f"{self._prefix}_client"
        for end in ("", "_options", "_new", "_new_sized", "_free", "_freep", "_run"):
            self._names.claim(stem + end, source, "the client")
        for end in ("_close", "_runtime", "_wait", "_args", "_fn"):
            self._names.claim(stem + end, source, "the client")

    def _groups(self) -> list[Group]:
        used = {o.group for s in self._api.services.values() for o in s.operations}
        return [self._api.groups[name] for name in sorted(used)]

    def _service_of(self, group: Group) -> Service:
        for service in self._api.services.values():
            if any(o.group == group.name for o in service.operations):
                return service
        raise AssertionError(group.name)

    def _page(self, path: str, template: str, **values: object) -> Page:
        spec = values.pop("spec", "spec/")
        return Page(
            path,
            template,
            {
                "prefix": self._prefix,
                "upper": self._upper,
                "spec": spec,
                "guard": _guard(self._prefix, path),
                **values,
            },
        )

    def _header(self, name: str) -> str:
        return f"include/{self._prefix}/{name}.h"

    def _migration(self) -> dict[str, object]:
        functions: dict[str, list[str]] = {}
        for service in self._api.services.values():
            for operation in service.operations:
                for method in operation.pythonik:
                    made = functions.setdefault(c_comment(method).replace("|", ""), [])
                    made.append(f"`{self._prefix}_{operation.id}`")
        return {
            "rows": tuple(
                {"python": method, "functions": ", ".join(sorted(functions[method]))}
                for method in sorted(functions)
            )
        }

    # ---- the client --------------------------------------------------------------------

    def _client_header(self) -> Page:
        members: list[str] = []
        for credential in self._api.credentials:
            need = "required" if credential.required else "default NULL: not sent"
            about = c_comment(credential.description)
            comment = f"{need}; copied, wiped at the end. {about}".strip()
            if credential.option in RESERVED:
                self._problems.add(
                    Source("sdk.yaml", 1, "#/credentials"),
                    f"'{credential.option}' is a reserved word; rename the option",
                )
            members += with_comment(f"    const char *{credential.option};", comment)
        first = self._api.credentials[0].option if self._api.credentials else ""
        return self._page(
            self._header("client"),
            "client.h.j2",
            comment=doc(
                [
                    "@file client.h",
                    f"A client of {c_comment(self._api.name)}: one account on one server. "
                    f"{c_comment(self._api.description)}",
                    "",
                    "What holds for every call, callback and thread is in uvrest/client.h.",
                    "Memory: the words borrowed, copied, owned, arena and taken are defined "
                    "in docs/memory.md.",
                ]
            ),
            server=c_comment(self._api.server),
            members=tuple(members),
            shared_size=(
                f"offsetof({self._prefix}_client_options, {first})"
                if first
                else "sizeof *options"
            ),
        )

    def _client_source(self) -> Page:
        return self._page(
            "src/client.c",
            "client.c.j2",
            name=c_str(self._api.name),
            server=c_str(self._api.server),
            error_member=c_str(self._api.error_member),
            options=fill_block(
                "static const char *const credential_names[] = {",
                [*(c_str(c.option) for c in self._api.credentials), "NULL"],
                "};",
            ),
            headers=fill_block(
                "static const char *const credential_headers[] = {",
                [*(c_str(c.header) for c in self._api.credentials), "NULL"],
                "};",
            ),
            required="SEND_REQUIRED" if self._api.credentials else "0",
            requests=self._api.requests,
            window_ms=self._api.window_ms,
        )

    def _private_header(self) -> Page:
        return self._page(
            "src/ops.h",
            "ops.h.j2",
            services=sorted(self._api.services),
            bits=[c.option.upper() for c in self._api.credentials],
            required=self._required(),
        )

    def _required(self) -> str:
        bits = [f"SEND_{c.option.upper()}" for c in self._api.credentials if c.required]
        return " | ".join(bits) or "0"

    def _umbrella(self) -> Page:
        return self._page(
            self._header(self._prefix),
            "umbrella.h.j2",
            comment=doc(
                [
                    f"@file {self._prefix}.h",
                    f"All of {c_comment(self._api.name)}. A program that uses one service "
                    "includes that service's header alone.",
                ]
            ),
            headers=["client", *(_umbrella(s) for s in self._api.services.values())],
        )

    # ---- types -------------------------------------------------------------------------

    def _common_header(self) -> Page:
        return self._page(
            self._header(COMMON),
            "types.h.j2",
            comment=doc(
                [
                    f"@file {COMMON}.h",
                    "Models that several services share.",
                    "",
                    "Memory: arena where decoded, borrowed by the call where given to one.",
                ]
            ),
            includes=["uvrest/client.h"],
            types=self._common,
            service=None,
        )

    def _service(self, service: Service) -> list[Page]:
        types = types_view(
            self._api, types_header(service), self._placement, self._names
        )
        ids = self._model_ids(service)
        return [
            self._types_header(service, types, ids),
            self._umbrella_header(service),
            self._models_source(service, types, ids),
            self._page(
                f"tables/{service.name}.inc",
                "tables.inc.j2",
                spec=f"spec/{service.file}",
                tables=tables_view(service, self._names),
            ),
        ]

    def _model_ids(self, service: Service) -> list[str]:
        """The constants that number a service's models, its own names claimed before them."""
        model_type = self._names.type(f"{service.name}_model")
        source = Source(service.file, 1, "#")
        for name, what in (
            (model_type, "a service's models"),
            (f"{model_type}_id", "the numbers of a service's models"),
            (self._names.type(f"{service.name}_schema"), "a service's tables"),
        ):
            self._names.claim(name, source, what)
        return [
            self._names.claim(
                self._names.model_id(service.name, short),
                service.structs[short].source,
                "the number of a model",
            )
            for short in sorted(service.structs)
        ]

    def _types_header(self, service: Service, types: TypesView, ids: list[str]) -> Page:
        includes = ["uvrest/client.h"]
        if not self._common.empty:
            includes.append(f"{self._prefix}/{COMMON}.h")
        return self._page(
            self._header(types_header(service)),
            "types.h.j2",
            spec=f"spec/{service.file}",
            comment=doc(
                [
                    f"@file {types_header(service)}.h",
                    f"{c_comment(service.title)}: the models that several groups "
                    "share or no call uses, and the numbers of all models.",
                    "",
                    "Memory: arena where decoded, borrowed by the call where given "
                    "to one.",
                ]
            ),
            includes=includes,
            types=types,
            service=service.name,
            ids=ids,
        )

    def _umbrella_header(self, service: Service) -> Page:
        groups = sorted({o.group for o in service.operations})
        return self._page(
            self._header(_umbrella(service)),
            "umbrella.h.j2",
            spec=f"spec/{service.file}",
            comment=doc(
                [
                    f"@file {_umbrella(service)}.h",
                    f"{c_comment(service.title)}, all of it. "
                    f"{c_comment(service.description)}",
                ]
            ),
            headers=[types_header(service), *groups],
        )

    def _models_source(
        self, service: Service, types: TypesView, ids: list[str]
    ) -> Page:
        return self._page(
            f"src/{service.name}_models.c",
            "models.c.j2",
            spec=f"spec/{service.file}",
            service=service.name,
            umbrella=_umbrella(service),
            last=(sorted(service.structs)[-1], ids[-1]) if ids else None,
            diffs=self._diffs(service, types)
            + self._diffs(service, self._common, only_home=True),
        )

    def _diffs(
        self, service: Service, types: TypesView, only_home: bool = False
    ) -> list[DiffView]:
        out = []
        for struct in types.structs:
            if not struct.diff_lines:
                continue
            short = struct.name.removeprefix(f"{self._prefix}_")
            if only_home and self._placement.home_of(short) is not service:
                continue
            out.append(self._diff(service, struct, short))
        return out

    def _diff(self, service: Service, struct: StructView, short: str) -> DiffView:
        return DiffView(
            lines=fill(
                f"uvrest_status {struct.name}_diff(", diff_parameters(struct.name), ")"
            ),
            body=fill(
                "    return uvrest_gen_diff(",
                [
                    f"&{self._prefix}__{service.name}_schema",
                    self._names.model_id(service.name, short),
                    *("before", "after", "arena", "out_patch"),
                ],
                ");",
                " " * 8,
            ),
        )

    # ---- groups ------------------------------------------------------------------------

    def _group(self, group: Group) -> list[Page]:
        service = self._service_of(group)
        calls = self._calls(group, service)
        types = types_view(self._api, group.name, self._placement, self._names)
        delivers = sorted({c.deliver for c in calls if c.deliver is not None})
        spec = f"spec/{service.file}"
        return [
            self._page(
                self._header(group.name),
                "group.h.j2",
                spec=spec,
                comment=doc(
                    [
                        f"@file {group.name}.h",
                        c_comment(group.description),
                        "",
                        "Every call has two forms: one that returns at once and calls "
                        "back, and a blocking twin that ends in _wait.",
                        "Memory: what a callback receives is borrowed until it returns, "
                        "unless uvrest_call_take(); arguments are borrowed until the "
                        "call has started.",
                    ]
                ),
                includes=["client", types_header(service)],
                types=types,
                calls=calls,
            ),
            self._page(
                f"src/{group.name}.c",
                "group.c.j2",
                spec=spec,
                group=group.name,
                service=service.name,
                delivers=[fill("UVREST_DELIVER(", pair, ")") for pair in delivers],
                calls=calls,
                diffs=self._diffs(service, types),
            ),
        ]

    def _calls(self, group: Group, service: Service) -> list[CallView]:
        maker = Calls(self._api, service, self._names)
        own = [o for o in service.operations if o.group == group.name]
        own.sort(
            key=lambda o: (
                o.shortcut is not None,
                o.id if o.shortcut is not None else o.path,
                _ORDER.index(o.method),
            )
        )
        return [maker.view(operation) for operation in own]

    # ---- the list ----------------------------------------------------------------------

    def _check_files(self, made: list[Page]) -> None:
        seen: set[str] = set()
        for page in made:
            if page.path in seen:
                self._problems.add(
                    Source("sdk.yaml", 1, "#/groups"),
                    f"{page.path} is made twice; rename the group of that name",
                )
            seen.add(page.path)

    def _sources(self, made: list[Page]) -> Page:
        paths = sorted(page.path for page in made)
        return self._page(
            "sources.cmake",
            "sources.cmake.j2",
            sources=[p for p in paths if p.endswith(".c")],
            headers=[p for p in paths if p.startswith("include/")],
        )


def _umbrella(service: Service) -> str:
    return f"{service.name}_service"


def _guard(prefix: str, path: str) -> str:
    stem = path.rsplit("/", 1)[-1].removesuffix(".h").upper()
    return f"{prefix.upper()}_{stem}_H"


__all__ = ["Page", "pages"]
