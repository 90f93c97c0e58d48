# SPDX-License-Identifier: MIT
"""Operations of one document to the IR."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from codegen.ir import Answer, Body, Content, Kind, Note, Operation, Parameter
from codegen.ir import Payload, Place, Retry, Service, Shape, Type
from codegen.load import Documents, Node
from codegen.problems import Problems
from codegen.schemas import Lesser, Schemas, limits_of
from codegen.sdk import Sdk
from codegen.words import snake

METHODS = ("get", "head", "post", "put", "patch", "delete")
_OPERATION = (
    *("operationId", "summary", "description", "tags", "deprecated", "parameters"),
    *("requestBody", "responses", "security", "externalDocs"),
    *("x-roles", "x-read-only", "x-changes", "x-paging", "x-pythonik"),
)
_PARAMETER = (
    *("name", "in", "required", "deprecated", "description", "schema", "example"),
    *("style", "explode", "allowEmptyValue"),
)
_PLACES = {"path": Place.PATH, "query": Place.QUERY, "header": Place.HEADER}
_OWN_HEADERS = ("accept", "authorization", "content-type")  # OpenAPI says: ignored
LEAVE_OUT = "leave the operation out under known_gaps in sdk.yaml"
_PATH = re.compile(r"(/([A-Za-z0-9._~!$&'()*+,;=:@%-]|\{[^{}/]+\})*)+$")
_MAX_SYMBOL = 63
_RESERVED_ENDS = ("_args", "_fn", "_wait", "_diff")


class Operations:
    """Builds the operations of one service."""

    def __init__(
        self,
        service: Service,
        schemas: Schemas,
        documents: Documents,
        sdk: Sdk,
        problems: Problems,
    ) -> None:
        self._service = service
        self._schemas = schemas
        self._documents = documents
        self._sdk = sdk
        self._problems = problems
        self._options = {
            scheme: credential.option for scheme, credential in sdk.credentials
        }

    def build(self, root: Node) -> None:
        """All paths, sorted by path, then GET POST PUT PATCH DELETE."""
        base = self._base_path(root)
        for path, item in sorted(root.need("paths").mapping().items()):
            with self._problems.gather():
                if not _PATH.match(path):
                    raise item.refuse(
                        "a path is letters, digits and -._~!$&'()*+,;=:@%, and {names}, "
                        "a slash first; encode or correct it"
                    )
                item.only(*METHODS, "parameters", "summary", "description")
                shared = item.get("parameters")
                for method in ("get", "head", "post", "put", "patch", "delete"):
                    node = item.get(method)
                    if node is None:
                        continue
                    with self._problems.gather():
                        self._operation(root, base, path, method, node, shared)

    def _base_path(self, root: Node) -> str:
        server = root.need("servers").items()[0].need("url")
        parts = urlsplit(server.text())
        base = f"{parts.scheme}://{parts.netloc}"
        if self._sdk.server and base != self._sdk.server:
            raise server.refuse(
                f"the server is not {self._sdk.server}, as sdk.yaml says; correct one"
            )
        return parts.path.rstrip("/")

    def _operation(
        self,
        root: Node,
        base: str,
        path: str,
        method: str,
        node: Node,
        shared: Node | None,
    ) -> None:
        node.only(*_OPERATION)
        identity = self._identity(node)
        gap = self._sdk.gaps.get(identity)
        if gap is not None:
            return
        parameters = self._parameters(path, node, shared)
        bodies, parts = self._bodies(identity, method, node)
        answers, failures, redirects = self._answers(identity, node)
        self._service.operations.append(
            Operation(
                id=identity,
                group=self._group(identity, node),
                method=method.upper(),
                path=base + path,
                summary=self._summary(node),
                parameters=(*parameters, *parts),
                bodies=bodies,
                answers=answers,
                failures=failures,
                redirects=redirects,
                roles=tuple(_role(n) for n in _list(node, "x-roles")),
                credentials=self._credentials(root, node),
                retry=self._retry(method, node),
                paging=node.text_of("x-paging"),
                deprecated=node.flag_of("deprecated"),
                pythonik=tuple(n.text() for n in _list(node, "x-pythonik")),
                place=node.place,
                source=node.source,
            )
        )

    def _identity(self, node: Node) -> str:
        identity = node.need("operationId")
        check_operation_id(identity, self._sdk.prefix)
        return identity.text()

    def _group(self, identity: str, node: Node) -> str:
        tags = _list(node, "tags")
        if len(tags) != 1:
            raise node.refuse("exactly one tag is expected: the operation's group")
        name = tags[0].text()
        group = self._sdk.groups.get(name)
        if group is None or snake(group.service) != self._service.name:
            raise tags[0].refuse(
                f"'{name}' is no group of this service; add it to sdk.yaml"
            )
        if identity != name and not identity.startswith(name + "_"):
            raise node.refuse(
                f"the operationId '{identity}' does not begin with its group, "
                f"'{name}_'; rename it or correct the tag"
            )
        return name

    @staticmethod
    def _summary(node: Node) -> str:
        summary = node.need("summary").text().strip()
        if not summary.endswith("."):
            raise node.need("summary").refuse(
                "a whole sentence is expected, with a '.'"
            )
        return summary

    @staticmethod
    def _retry(method: str, node: Node) -> Retry:
        reads = method in ("get", "head")
        if node.get("x-read-only") is not None and method != "post":
            raise node.need("x-read-only").refuse("only a POST may say so; remove it")
        if node.get("x-changes") is not None and not reads:
            raise node.need("x-changes").refuse("only a GET may say so; remove it")
        if reads:
            return Retry.NEVER if node.flag_of("x-changes") else Retry.SAFE
        if method in ("put", "delete"):
            return Retry.IDEMPOTENT
        return Retry.SAFE if node.flag_of("x-read-only") else Retry.NEVER

    def _credentials(self, root: Node, node: Node) -> tuple[str, ...]:
        security = node.get("security") or root.get("security")
        options = set()
        for alternative in security.items() if security is not None else ():
            for scheme, place in alternative.mapping().items():
                if scheme not in self._options:
                    raise place.refuse(
                        f"no credential in sdk.yaml has the scheme '{scheme}'; add one"
                    )
                options.add(self._options[scheme])
        return tuple(c.option for _, c in self._sdk.credentials if c.option in options)

    # ---- parameters ------------------------------------------------------------------

    def _parameters(
        self, path: str, node: Node, shared: Node | None
    ) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        own = _list(node, "parameters")
        for entry in (*(shared.items() if shared is not None else ()), *own):
            with self._problems.gather():
                target = self._documents.resolve(entry)
                target.only(*_PARAMETER)
                key = (target.need("in").text(), target.need("name").text())
                if (
                    key in found
                    and entry in own
                    and found[key].source.file == (entry.file)
                    and any(entry is not o and self._same(o, key) for o in own)
                ):
                    raise entry.refuse(f"'{key[1]}' stands here twice; remove one")
                if key[0] == "header" and key[1].lower() in _OWN_HEADERS:
                    raise target.refuse("this header is ours to send; remove it")
                found[key] = self._parameter(target)
        in_path = re.findall(r"\{([^{}]*)\}", path)
        declared = [name for where, name in found if where == "path"]
        for name in sorted(set(in_path) ^ set(declared)):
            self._problems.add(
                node.source,
                f"'{name}' is in the path or among the parameters, not in both; "
                "correct one",
            )
        order = {name: index for index, name in enumerate(in_path)}
        return tuple(
            sorted(
                found.values(),
                key=lambda p: (
                    list(Place).index(p.place),
                    order.get(p.wire_name, 0) if p.place is Place.PATH else 0,
                    p.wire_name,
                ),
            )
        )

    def _same(self, other: Node, key: tuple[str, str]) -> bool:
        target = self._documents.resolve(other)
        return (target.text_of("in"), target.text_of("name")) == key

    def _parameter(self, node: Node) -> Parameter:
        where = node.need("in")
        place = _PLACES.get(where.text())
        if place is None:
            raise where.refuse(
                f"parameters in {where.text()} are not understood; {LEAVE_OUT}"
            )
        required = node.flag_of("required")
        if place is Place.PATH and not required:
            raise node.refuse("a parameter in the path is required; say so")
        schema = self._documents.resolve(node.need("schema"))
        kind, values = self._parameter_type(node, schema)
        default = schema.get("default")
        return Parameter(
            wire_name=node.need("name").text(),
            place=place,
            type=kind,
            is_bytes=False,
            required=required,
            deprecated=node.flag_of("deprecated"),
            default=default.scalar() if default is not None else None,
            limits=limits_of(schema),
            description=node.need("description").text(),
            values=values,
            source=node.source,
        )

    def _parameter_type(self, node: Node, schema: Node) -> tuple[Type, tuple[str, ...]]:
        if schema.text_of("type") == "array":
            explode = node.get("explode")
            if explode is None or explode.flag():
                raise node.refuse(
                    "an array that is sent as repeated members is not understood; "
                    "with 'explode: false' it is one comma-separated text"
                )
            return Type(Kind.STR), ()
        enum = schema.get("enum")
        if enum is not None and schema.text_of("type", "string") == "string":
            return Type(Kind.STR), tuple(sorted(n.text() for n in enum.items()))
        kind = self._schemas.type_of(schema, "")
        if kind.shape is not Shape.ONE or kind.kind not in (
            *(Kind.STR, Kind.BOOL, Kind.I32, Kind.I64, Kind.F64),
        ):
            raise schema.refuse("a parameter is text, number or boolean; correct it")
        return kind, ()

    # ---- bodies ----------------------------------------------------------------------

    def _bodies(
        self, identity: str, method: str, node: Node
    ) -> tuple[tuple[Body, ...], tuple[Parameter, ...]]:
        request = node.get("requestBody")
        if request is None:
            return (), ()
        request = self._documents.resolve(request)
        request.only("description", "required", "content")
        required = request.flag_of("required")
        content = request.need("content").mapping()
        if not content:
            raise request.refuse("a body without a content type; name one")
        if "multipart/form-data" in content:
            if len(content) > 1:
                raise request.refuse(
                    f"multipart beside other content is not understood; {LEAVE_OUT}"
                )
            return (), self._parts(content["multipart/form-data"])
        bodies: list[Body] = []
        for media_type in sorted(content, key=lambda m: (not is_json(m), m)):
            if media_type == "application/x-www-form-urlencoded":
                raise content[media_type].refuse(
                    f"form bodies are not understood; {LEAVE_OUT}"
                )
            payload = self._payload(
                identity, content[media_type], media_type, f"{identity}_request"
            )
            suffix = snake(media_type.split("/")[1]).strip("_") if bodies else ""
            alone = len(content) == 1
            bodies.append(Body(payload, suffix, required and alone))
        return tuple(bodies), ()

    def _parts(self, content: Node) -> tuple[Parameter, ...]:
        schema = self._documents.resolve(content.need("schema"))
        required = {n.text() for n in _list(schema, "required")}
        parts = []
        for name, entry in sorted(schema.need("properties").mapping().items()):
            node = self._documents.resolve(entry)
            kind = self._part_type(node)
            is_bytes = kind.kind is Kind.STR and node.text_of("format") == "binary"
            parts.append(
                Parameter(
                    wire_name=name,
                    place=Place.PART,
                    type=kind,
                    is_bytes=is_bytes,
                    required=name in required,
                    deprecated=False,
                    default=None,
                    limits=limits_of(node),
                    description=node.text_of("description"),
                    values=(),
                    source=node.source,
                )
            )
        return tuple(parts)

    def _part_type(self, node: Node) -> Type:
        """A part is text, or what has a shape of its own as raw JSON."""
        if node.text_of("type") in ("array", "object"):
            return Type(Kind.RAW)
        kind = self._schemas.type_of(node, "")
        return Type(Kind.STR) if kind.kind is Kind.ENUM else kind

    # ---- answers ---------------------------------------------------------------------

    def _answers(
        self, identity: str, node: Node
    ) -> tuple[tuple[Answer, ...], tuple[int, ...], tuple[int, ...]]:
        responses = node.need("responses").mapping()
        answers: list[Answer] = []
        failures: list[int] = []
        redirects: list[int] = []
        inline = 0
        for text, entry in sorted(responses.items()):
            if text == "default":
                continue
            if not re.match(r"[1-5][0-9][0-9]$", text):
                raise entry.refuse(f"the status '{text}' is not understood; name one")
            status = int(text)
            if status >= 400:
                failures.append(status)
                continue
            response = self._documents.resolve(entry)
            response.only("description", "content", "headers")
            if status >= 300:
                redirects.append(status)
            name = f"{identity}_response"
            payload = self._answer(
                identity, status, response, name if not inline else f"{name}_{text}"
            )
            inline += payload.model.startswith(name)
            answers.append(Answer(status, payload))
        if not answers:
            raise node.refuse("no answer means success; document one")
        shapes = {a.payload for a in answers if a.payload.content is not Content.NONE}
        if len(shapes) > 1 and any(s.content is not Content.MODEL for s in shapes):
            raise node.refuse(
                "several kinds of answer that are not all models; correct them, or "
                + LEAVE_OUT
            )
        return tuple(answers), tuple(failures), tuple(redirects)

    def _answer(self, identity: str, status: int, response: Node, name: str) -> Payload:
        content = response.get("content")
        media = content.mapping() if content is not None else {}
        if not media:
            return Payload(Content.NONE)
        if status in (204, 205, 304):
            raise response.refuse(
                f"a {status} has no body; correct the answer, by a correction in sdk.yaml"
            )
        chosen = sorted(media, key=lambda m: (not is_json(m), m))[0]
        if len(media) > 1 and any(is_json(m) for m in media):
            self._service.lesser.append(
                Note(identity, f"of several answers only {chosen}", response.source)
            )
        return self._payload(identity, media[chosen], chosen, name)

    def _payload(
        self, identity: str, content: Node, media_type: str, name: str
    ) -> Payload:
        content.only("schema", "example", "examples", "encoding")
        if not is_json(media_type):
            return Payload(Content.BYTES, media_type=media_type)
        schema = content.get("schema")
        if schema is None:
            return Payload(Content.RAW, media_type=media_type)
        try:
            kind = self._schemas.type_of(schema, name)
        except Lesser:
            kind = Type(Kind.RAW, Shape.ARRAY)
        if kind.kind is Kind.MODEL and kind.shape is Shape.ONE:
            return Payload(Content.MODEL, kind.of, media_type)
        if kind.kind is Kind.MODEL and kind.shape is Shape.ARRAY:
            return Payload(Content.MODEL_ARRAY, kind.of, media_type)
        if kind == Type(Kind.STR):
            return Payload(Content.STR, media_type=media_type)
        if kind != Type(Kind.RAW):
            what = "a body or answer of this shape is kept as raw JSON"
            self._service.lesser.append(Note(identity, what, schema.source))
        return Payload(Content.RAW, media_type=media_type)


def check_operation_id(identity: Node, prefix: str) -> None:
    """Refuses an operationId that makes no good symbol."""
    text = identity.text()
    if not re.match(r"[a-z][a-z0-9]*(_[a-z0-9]+)*$", text):
        raise identity.refuse(
            f"'{text}' is not lower case with single underscores; rename it"
        )
    if text.endswith(_RESERVED_ENDS):
        raise identity.refuse(f"'{text}' ends like a generated name; rename it")
    if len(f"{prefix}_{text}") > _MAX_SYMBOL:
        raise identity.refuse(
            f"'{prefix}_{text}' is longer than {_MAX_SYMBOL} characters; shorten it"
        )


def _role(node: Node) -> str:
    if not node.text() or "," in node.text():
        raise node.refuse("a role is a text without a comma; write each on its own")
    return node.text()


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON."""
    base = media_type.split(";")[0].strip().lower()
    return base == "application/json" or base.endswith("+json")


def _list(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    return found.items() if found is not None else []
