# SPDX-License-Identifier: MIT
"""What the generator knows about the API. Nothing in here knows about C."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from codegen.load import Scalar
from codegen.problems import Source


class Kind(Enum):
    """What a value is."""

    BOOL = auto()
    I32 = auto()
    I64 = auto()
    F64 = auto()
    STR = auto()
    ENUM = auto()
    MODEL = auto()
    UNION = auto()
    RAW = auto()


class Shape(Enum):
    """How many of them, and how they are held."""

    ONE = auto()
    ARRAY = auto()
    MAP = auto()
    MAP_ARRAY = auto()


@dataclass(frozen=True, slots=True)
class Type:
    """A member's type. `of` is the short name of the model, union or enum."""

    kind: Kind
    shape: Shape = Shape.ONE
    of: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a model, or of a body that is sent in parts."""

    wire_name: str
    type: Type
    required: bool
    nullable: bool
    read_only: bool
    write_only: bool
    deprecated: bool
    format: str
    default: Scalar
    limits: str  # "0 to 100", or ""
    description: str
    place: str  # document and pointer
    source: Source


@dataclass(frozen=True, slots=True)
class EnumType:
    """Texts a member may hold. Sorted."""

    name: str
    values: tuple[str, ...]
    owner: str  # the model it belongs to
    member: str  # the member's wire name
    place: str
    source: Source


@dataclass(frozen=True, slots=True)
class Case:
    """One alternative of a union: the tag's text and the model it means."""

    text: str
    model: str


@dataclass(frozen=True, slots=True)
class UnionType:
    """One of several models, told apart by the text of one member. Cases sorted by text."""

    name: str
    tag: str
    cases: tuple[Case, ...]
    description: str
    place: str
    source: Source


@dataclass(frozen=True, slots=True)
class Struct:
    """A model: an object with known members, sorted by wire name."""

    name: str
    fields: tuple[Field, ...]
    description: str
    place: str
    source: Source


class Place(Enum):
    """Where an argument goes."""

    PATH = auto()
    QUERY = auto()
    HEADER = auto()
    PART = auto()  # of a multipart/form-data body
    FIELD = auto()  # of an application/x-www-form-urlencoded body


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of an operation that is not its body."""

    wire_name: str
    place: Place
    type: Type
    is_bytes: bool  # a part with a content type of its own
    required: bool
    deprecated: bool
    default: Scalar
    limits: str
    description: str
    values: tuple[str, ...]  # known texts
    source: Source
    spread: bool = False  # the entries of a map go by their own names


class Content(Enum):
    """What a body or an answer is."""

    NONE = auto()
    MODEL = auto()
    MODEL_ARRAY = auto()
    RAW = auto()
    STR = auto()
    BYTES = auto()
    SEVERAL = auto()


@dataclass(frozen=True, slots=True)
class Payload:
    """A body or an answer. `model` where it holds one."""

    content: Content
    model: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A way to send a body; an operation with several takes one of them."""

    payload: Payload
    suffix: str  # tells the second and further ones apart: "xml"
    required: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a status that means success brings."""

    status: int
    payload: Payload


class Retry(Enum):
    """Whether an operation may be repeated after it may have been executed."""

    NEVER = auto()
    SAFE = auto()
    IDEMPOTENT = auto()


@dataclass(frozen=True, slots=True)
class Made:
    """A body made from arguments: a value of the body's template."""

    literal: Scalar = None
    argument: str = ""
    elements: tuple[Made, ...] | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What an operation declared in sdk.yaml does differently from the one below it."""

    over: str
    body: tuple[tuple[str, Made], ...] = ()  # made: member and its value
    digest: str = ""  # parameter that is the MD5 of a local file


@dataclass(frozen=True, slots=True)
class Gather:
    """Entries that may stand at the top level of an answer; see gathers.py."""

    into: str
    origin: str
    to: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    id: str
    group: str
    method: str
    path: str  # from the server's root
    summary: str
    parameters: tuple[
        Parameter, ...
    ]  # path in path order, then query, header, part by name
    bodies: tuple[Body, ...]
    answers: tuple[Answer, ...]  # by status
    failures: tuple[int, ...]  # documented statuses that are no success
    redirects: tuple[int, ...]
    roles: tuple[str, ...]
    credentials: tuple[str, ...]  # option names
    retry: Retry
    paging: str
    deprecated: bool
    pythonik: tuple[str, ...]
    place: str
    source: Source
    shortcut: Shortcut | None = None
    gather: Gather | None = None
    accept: str = ""  # the media type to ask for, where it is not plain JSON

    @property
    def answer(self) -> Payload:
        """What a caller receives: the one shape, several, or none."""
        shapes = list(
            dict.fromkeys(
                a.payload for a in self.answers if a.payload.content is not Content.NONE
            )
        )
        if not shapes:
            return Payload(Content.NONE)
        return shapes[0] if len(shapes) == 1 else Payload(Content.SEVERAL)


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is generated in a lesser form, or left out, and why."""

    owner: str  # operation, or model by short name
    what: str
    source: Source


@dataclass(slots=True)
class Service:
    """One document: its operations and everything its schemas define."""

    name: str  # "users_notifications"
    file: str
    title: str
    description: str
    structs: dict[str, Struct] = field(default_factory=dict)
    enums: dict[str, EnumType] = field(default_factory=dict)
    unions: dict[str, UnionType] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    lesser: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret a client is made with, and the header it goes in."""

    option: str
    header: str  # "App-ID", "Authorization: Bearer "
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Group:
    """A resource: what one header and one source are about."""

    name: str
    service: str
    description: str
    source: Source


@dataclass(slots=True)
class Api:
    """Everything one run generates."""

    prefix: str
    name: str
    description: str
    server: str
    error_member: str
    requests: int
    window_ms: int
    credentials: tuple[Credential, ...]
    groups: dict[str, Group]
    services: dict[str, Service]
    gaps: list[Note]
