# SPDX-License-Identifier: MIT
"""Operations of one document to the IR."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from codegen.composition import tells
from codegen.ir import Answer, Body, Content, Kind, Note, Operation, Parameter
from codegen.ir import Payload, Retry, Service, Shape, Type
from codegen.load import Documents, Node
from codegen.parameters import LEAVE_OUT, Parameters
from codegen.problems import Problems
from codegen.schemas import Lesser, Schemas
from codegen.sdk import Sdk
from codegen.words import snake, word_of

METHODS = ("get", "head", "post", "put", "patch", "delete")
_OPERATION = (
    *("operationId", "summary", "description", "tags", "deprecated", "parameters"),
    *("requestBody", "responses", "security", "externalDocs"),
    *("x-roles", "x-read-only", "x-changes", "x-paging", "x-pythonik"),
)
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_JSON = (Content.MODEL, Content.MODEL_ARRAY, Content.RAW, Content.STR)
_PATH = re.compile(r"(/([A-Za-z0-9._~!$&'()*+,;=:@%-]|\{[^{}/]+\})*)+$")
_MAX_SYMBOL = 63
_MAX_PATH = 2000
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
        self._parameters = Parameters(service, schemas, documents, problems)
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
        if len(base + path) > _MAX_PATH:
            raise node.refuse(f"a path longer than {_MAX_PATH} characters; {LEAVE_OUT}")
        gap = self._sdk.gaps.get(identity)
        if gap is not None:
            return
        parameters = self._parameters.of(identity, path, node, shared)
        bodies, parts = self._bodies(identity, node)
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
                accept=_accept(answers),
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

    # ---- bodies ----------------------------------------------------------------------

    def _bodies(
        self, identity: str, node: Node
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
        form = _form_of(content)
        if form:
            if len(content) > 1:
                what = f"of several bodies only {form}"
                self._service.lesser.append(Note(identity, what, request.source))
            if not self._parameters.knows_members(content[form]):
                what = "a form whose members are not known, as the bytes it is sent as"
                self._service.lesser.append(Note(identity, what, request.source))
                payload = Payload(Content.BYTES, media_type=form)
                return (Body(payload, "", required),), ()
            if form == _MULTIPART:
                return (), self._parameters.parts(content[form])
            return (), self._parameters.fields(identity, content[form])
        return self._alternatives(identity, request, required), ()

    def _alternatives(
        self, identity: str, request: Node, required: bool
    ) -> tuple[Body, ...]:
        """A body for each content type; what says the same as JSON is left."""
        content = request.need("content").mapping()
        ranked = sorted(content, key=lambda m: _rank(m, content[m]))
        first = ranked[0]
        kept = [first]
        for media_type in ranked[1:]:
            if media_type in (_FORM, _MULTIPART):
                if not _same_schema(content[media_type], content[first]):
                    what = "of several bodies none that is a form"
                    self._service.lesser.append(Note(identity, what, request.source))
            elif not is_json(media_type) or not _same_schema(
                content[media_type], content[first]
            ):
                kept.append(media_type)
        bodies: list[Body] = []
        for media_type in kept:
            suffix = _suffix(media_type, [b.suffix for b in bodies]) if bodies else ""
            name = f"{identity}_request" + (f"_{suffix}" if suffix else "")
            payload = self._payload(identity, content[media_type], media_type, name)
            bodies.append(Body(payload, suffix, required and len(kept) == 1))
        return tuple(bodies)

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
            if not re.match(r"[1-5]([0-9][0-9]|XX)$", text):
                raise entry.refuse(f"the status '{text}' is not understood; name one")
            status = int(text.replace("XX", "00"))
            if status >= 400:
                if "X" not in text:
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
            if all(answer.status != status for answer in answers):
                answers.append(Answer(status, payload))
            elif all(answer.payload != payload for answer in answers):
                what = f"{text} where it is another answer than {status}"
                self._service.lesser.append(Note(identity, what, response.source))
        if not answers:
            raise node.refuse("no answer means success; document one")
        return (
            tuple(self._common(identity, node, answers)),
            tuple(failures),
            tuple(redirects),
        )

    def _common(self, identity: str, node: Node, answers: list[Answer]) -> list[Answer]:
        """Several answers can be told apart if all are models; else they are raw."""
        shapes = {a.payload for a in answers if a.payload.content is not Content.NONE}
        if len(shapes) < 2 or all(s.content is Content.MODEL for s in shapes):
            return answers
        what = "several answers that are not all models are kept as they come"
        self._service.lesser.append(Note(identity, what, node.need("responses").source))
        raw = all(s.content is not Content.BYTES for s in shapes)
        kept = Payload(Content.RAW if raw else Content.BYTES)
        return [
            a if a.payload.content is Content.NONE else replace(a, payload=kept)
            for a in answers
        ]

    def _answer(self, identity: str, status: int, response: Node, name: str) -> Payload:
        content = response.get("content")
        media = content.mapping() if content is not None else {}
        if not media:
            return Payload(Content.NONE)
        if status in (204, 205, 304):
            what = f"a {status} has no body; what the document says of one is ignored"
            self._service.lesser.append(Note(identity, what, response.source))
            return Payload(Content.NONE)
        chosen = sorted(media, key=lambda m: _rank(m, media[m]))[0]
        others = [m for m in media if not _same_schema(media[m], media[chosen])]
        if others and any(is_json(m) for m in media):
            self._service.lesser.append(
                Note(identity, f"of several answers only {chosen}", response.source)
            )
        return self._payload(identity, media[chosen], chosen, name)

    def _payload(
        self, identity: str, content: Node, media_type: str, name: str
    ) -> Payload:
        content.only("schema", "example", "examples", "encoding")
        if not re.match(r"[!-~]+/[ -~]+$", media_type):
            raise content.refuse(f"'{media_type}' is no media type; {LEAVE_OUT}")
        schema = content.get("schema")
        if _rank(media_type, content)[0]:
            return Payload(Content.BYTES, media_type=media_type)
        if "*" in media_type:  # names a family; what is sent is
            media_type = "application/json"
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


def _accept(answers: tuple[Answer, ...]) -> str:
    """The media types to ask for, where they are JSON under another name."""
    found = {a.payload.media_type for a in answers if a.payload.content in _JSON}
    named = sorted(m for m in found if m)
    plain = all(m.split(";")[0].strip() == "application/json" for m in named)
    return "" if plain else ", ".join(named)


def _form_of(content: dict[str, Node]) -> str:
    """The form to send, if there is one and no JSON."""
    if any(is_json(media_type) for media_type in content):
        return ""
    return next((m for m in (_MULTIPART, _FORM) if m in content), "")


def _suffix(media_type: str, taken: list[str]) -> str:
    """What tells a further body apart: the subtype, with the type where that is not enough."""
    family, _, kind = media_type.partition("/")
    short, long = (word_of(t).strip("_") for t in (kind, f"{family} {kind}"))
    return next(
        s
        for s in (short, long, *(f"{long}_{n}" for n in range(2, 99)))
        if s not in taken
    )


def _same_schema(one: Node, other: Node) -> bool:
    """Whether two content types bring the same thing."""
    schemas = [entry.get("schema") for entry in (one, other)]
    plain = [schema.plain() if schema is not None else None for schema in schemas]
    return plain[0] == plain[1]


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
    return base in ("application/json", "text/json") or base.endswith("+json")


def _rank(media_type: str, content: Node) -> tuple[bool, bool, str]:
    """JSON before all else. What may be anything is JSON if its schema is no file's."""
    schema = content.get("schema")
    is_any = media_type == "*/*" and schema is not None and tells(schema)
    is_file = schema is not None and schema.mapping().get("format") is not None
    json = is_json(media_type) or (is_any and not is_file)
    return not json, not media_type.startswith("application/json"), media_type


def _list(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    return found.items() if found is not None else []
