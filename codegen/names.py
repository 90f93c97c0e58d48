# SPDX-License-Identifier: MIT
"""Wire names to C identifiers. A clash is a problem to be settled by hand in sdk.yaml;
nothing gets a number that moves when a neighbour appears."""

from __future__ import annotations

from codegen.ir import EnumType, Field, Operation, Parameter, Place, Shape, Struct
from codegen.ir import Service, UnionType
from codegen.problems import Clash, Problems, Source
from codegen.sdk import Sdk
from codegen.tags import name_id
from codegen.words import upper, word_of

_C = """
auto break case char const continue default do double else enum extern float for goto if
inline int long register restrict return short signed sizeof static struct switch typedef
union unsigned void volatile while asm fortran typeof
"""
_CPP = """
alignas alignof and and_eq bitand bitor bool catch char8_t char16_t char32_t class compl
concept const_cast consteval constexpr constinit co_await co_return co_yield decltype
delete dynamic_cast explicit export false final friend import module mutable namespace new
noexcept not not_eq nullptr operator or or_eq override private protected public
reinterpret_cast requires static_assert static_cast template this thread_local throw true
try typeid typename using virtual wchar_t xor xor_eq
"""
_MACROS = "assert complex errno i386 imaginary linux noreturn offsetof stderr stdin stdout unix"
RESERVED = frozenset((_C + _CPP + _MACROS).split())

_MAX_ROWS = 65_500
_MAX_POOL = 65_500  # the tables have 16 bits for a place in it
_STATES = ("UNSET", "NULL", "UNKNOWN")


class Names:
    """All C identifiers of a run, and who has them."""

    def __init__(self, sdk: Sdk, problems: Problems) -> None:
        self.prefix = sdk.prefix
        self.upper_prefix = sdk.prefix.upper()
        self._sdk = sdk
        self._problems = problems
        self._taken: dict[str, tuple[Source, str]] = {}

    def claim(
        self, identifier: str, source: Source, what: str, value: str | None = None
    ) -> str:
        """Takes an identifier at file scope; a second claim is a problem. value: the text
        that an enumerator stands for."""
        other = self._taken.setdefault(identifier, (source, what))
        if other != (source, what):
            self._problems.add(
                source,
                f"the C name {identifier} ({what}) is also {other[1]} of {other[0]}; "
                "settle one of them in sdk.yaml",
                Clash("type", identifier.lower().removeprefix(f"{self.prefix}_"))
                if value is None
                else Clash("value", value),
            )
        return identifier

    def type(self, short: str) -> str:
        """A model, union or enum."""
        return f"{self.prefix}_{short}"

    def function(self, operation_id: str) -> str:
        """A call."""
        return f"{self.prefix}_{operation_id}"

    def model_id(self, service: str, short: str) -> str:
        """The number of a model."""
        return f"{self.upper_prefix}_{service.upper()}_MODEL_{short.upper()}"

    def enumerators(self, enum: EnumType) -> tuple[tuple[str, str], ...]:
        """The enumerator of each text, in order."""
        stem = f"{self.upper_prefix}_{enum.name.upper()}"
        out = []
        for text in enum.values:
            fixed = self._sdk.fixed("value", f"{enum.place}#{text}")
            word = fixed or upper(text) or ("EMPTY" if text == "" else "")
            if word in _STATES:
                word += "_"
            out.append((f"{stem}_{word}", text))
        return tuple(out)

    def states(self, short: str) -> tuple[str, ...]:
        """The three enumerators that every enum begins with."""
        return tuple(f"{self.upper_prefix}_{short.upper()}_{s}" for s in _STATES)

    def cases(self, union: UnionType) -> tuple[tuple[str, str], ...]:
        """Enumerator and member of each case, in order."""
        stem = f"{self.upper_prefix}_{union.name.upper()}_KIND"
        out = []
        for case in union.cases:
            fixed = self._sdk.fixed("value", f"{union.place}#{case.text}")
            word = fixed or upper(case.text)
            name = word + "_" if word in _STATES else word
            member = fixed.lower() if fixed else word_of(case.text).strip("_")
            out.append((f"{stem}_{name}", self._free(member)))
        self._check_members(
            union.source,
            [(m, Clash("value", c.text)) for (_, m), c in zip(out, union.cases)],
        )
        return tuple(out)

    def members(self, struct: Struct) -> dict[str, str]:
        """The C member of each wire name."""
        out = {f.wire_name: self._member(f) for f in struct.fields}
        taken: list[tuple[str, Clash | None]] = []
        for field in struct.fields:
            clash = Clash("member", field.wire_name, field.source)
            taken.append((out[field.wire_name], clash))
            if field.type.shape in (Shape.ARRAY, Shape.MAP_ARRAY):
                taken.append((count_of(out[field.wire_name]), clash))
        self._check_members(struct.source, taken)
        return out

    def _member(self, field: Field) -> str:
        fixed = self._sdk.fixed("member", field.place)
        return fixed or self._free(word_of(field.wire_name), "extra")

    def arguments(self, operation: Operation) -> dict[tuple[Place, str], str]:
        """The C member of each parameter."""
        own = ["call", "body"]
        if operation.shortcut is not None and operation.shortcut.digest:
            own += ["file", "progress", "user"]
        out = {
            (p.place, p.wire_name): self._argument(p, own) for p in operation.parameters
        }
        taken: list[tuple[str, Clash | None]] = [
            (body_member(b.suffix), None) for b in operation.bodies
        ]
        for p in operation.parameters:
            clash = Clash("member", p.wire_name, p.source)
            taken.append((out[p.place, p.wire_name], clash))
            if p.type.shape is Shape.ARRAY:
                taken.append((count_of(out[p.place, p.wire_name]), clash))
        self._check_members(operation.source, taken)
        return out

    def _argument(self, parameter: Parameter, own: list[str]) -> str:
        place = f"{parameter.source.file}{parameter.source.pointer}"
        fixed = self._sdk.fixed("member", place)
        return fixed or self._free(word_of(parameter.wire_name), *own)

    @staticmethod
    def _free(word: str, *own: str) -> str:
        """A word that is no keyword and none of ours."""
        if word[:1].isdigit():
            word = f"_{word}"
        return word + "_" if word in RESERVED or word in own else word

    def _check_members(
        self, source: Source, members: list[tuple[str, Clash | None]]
    ) -> None:
        """members: C names, and what each is settled as."""
        seen = set()
        for member, clash in members:
            if member in seen:
                self._problems.add(
                    source,
                    f"two members have the C name '{member}'; settle one of them "
                    "under names in sdk.yaml",
                    clash,
                )
            seen.add(member)

    def table_names(self, texts: dict[str, Source]) -> dict[str, str]:
        """The table identifier of each text of a service."""
        seen: dict[str, str] = {}
        size = sum(len(text.encode("utf-8")) + 2 for text in texts)
        if size > _MAX_POOL:
            self._problems.add(
                Source(next(iter(texts.values())).file, 1, "#"),
                f"{size} bytes of names are more than the {_MAX_POOL} one service holds; "
                "split the document into several",
            )
        for text, source in sorted(texts.items()):
            other = seen.setdefault(name_id(text), text)
            if other != text:
                self._problems.add(
                    source, f"'{text}' and '{other}' cannot stand in one table"
                )
            if len(text.encode("utf-8")) > 255 or "\0" in text:
                self._problems.add(
                    source, "a name is at most 255 bytes long and holds no NUL"
                )
        return {text: name_id(text) for text in sorted(texts)}

    def check_rows(self, service: Service) -> None:
        """Refuses what 16 bits do not count."""
        for what, count in (
            ("members", sum(len(s.fields) for s in service.structs.values())),
            ("values of enums", sum(len(e.values) for e in service.enums.values())),
        ):
            if count > _MAX_ROWS:
                self._problems.add(
                    Source(service.file, 1, "#"),
                    f"{count} {what} are more than the {_MAX_ROWS} one service holds; "
                    "split the document into several",
                )


def count_of(member: str) -> str:
    """The member that counts an array's elements."""
    return f"n_{member.strip('_')}"


def body_member(suffix: str) -> str:
    """The member for a body."""
    return f"body_{suffix}" if suffix else "body"
