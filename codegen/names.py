# SPDX-License-Identifier: MIT
"""Wire names to C identifiers. A clash is a problem to be settled by hand in sdk.yaml;
nothing gets a number that moves when a neighbour appears."""

from __future__ import annotations

from codegen.ir import EnumType, Field, Operation, Parameter, Place, Shape, Struct
from codegen.ir import UnionType
from codegen.problems import Problems, Source
from codegen.sdk import Sdk
from codegen.tags import name_id
from codegen.words import snake, upper

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

_STATES = ("UNSET", "NULL", "UNKNOWN")


class Names:
    """All C identifiers of a run, and who has them."""

    def __init__(self, sdk: Sdk, problems: Problems) -> None:
        self.prefix = sdk.prefix
        self.upper_prefix = sdk.prefix.upper()
        self._sdk = sdk
        self._problems = problems
        self._taken: dict[str, tuple[Source, str]] = {}

    def claim(self, identifier: str, source: Source, what: str) -> str:
        """Takes an identifier at file scope; a second claim is a problem."""
        other = self._taken.setdefault(identifier, (source, what))
        if other != (source, what):
            self._problems.add(
                source,
                f"the C name {identifier} ({what}) is also {other[1]} of {other[0]}; "
                "settle one of them in sdk.yaml",
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
            if not word:
                self._problems.add(
                    enum.source,
                    f"the value '{text}' makes no C name; name it in sdk.yaml",
                )
                continue
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
            word = upper(case.text)
            if not word:
                self._problems.add(
                    union.source, f"the case '{case.text}' makes no C name"
                )
            name = word + "_" if word in _STATES else word
            out.append((f"{stem}_{name}", self._free(snake(case.text).strip("_"))))
        self._check_members(union.source, [member for _, member in out])
        return tuple(out)

    def members(self, struct: Struct) -> dict[str, str]:
        """The C member of each wire name."""
        out = {f.wire_name: self._member(f) for f in struct.fields}
        taken = []
        for field in struct.fields:
            taken.append(out[field.wire_name])
            if field.type.shape in (Shape.ARRAY, Shape.MAP_ARRAY):
                taken.append(count_of(out[field.wire_name]))
        self._check_members(struct.source, taken)
        return out

    def _member(self, field: Field) -> str:
        fixed = self._sdk.fixed("member", field.place)
        return fixed or self._free(snake(field.wire_name), "extra")

    def arguments(self, operation: Operation) -> dict[tuple[Place, str], str]:
        """The C member of each parameter."""
        own = ["call", "body"]
        if operation.shortcut is not None and operation.shortcut.digest:
            own += ["file", "progress", "user"]
        out = {
            (p.place, p.wire_name): self._argument(p, own) for p in operation.parameters
        }
        bodies = [body_member(b.suffix) for b in operation.bodies]
        self._check_members(operation.source, [*out.values(), *bodies])
        return out

    def _argument(self, parameter: Parameter, own: list[str]) -> str:
        word = snake(parameter.wire_name)
        if not word:
            self._problems.add(
                parameter.source, f"'{parameter.wire_name}' makes no C name; rename it"
            )
        return self._free(word, *own)

    @staticmethod
    def _free(word: str, *own: str) -> str:
        """A word that is no keyword and none of ours."""
        if word[:1].isdigit():
            word = f"_{word}"
        return word + "_" if word in RESERVED or word in own else word

    def _check_members(self, source: Source, members: list[str]) -> None:
        seen = set()
        for member in members:
            if member in seen:
                self._problems.add(
                    source,
                    f"two members have the C name '{member}'; settle one of them "
                    "under names in sdk.yaml",
                )
            seen.add(member)

    def table_names(self, texts: dict[str, Source]) -> dict[str, str]:
        """The table identifier of each text of a service."""
        seen: dict[str, str] = {}
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


def count_of(member: str) -> str:
    """The member that counts an array's elements."""
    return f"n_{member.strip('_')}"


def body_member(suffix: str) -> str:
    """The member for a body."""
    return f"body_{suffix}" if suffix else "body"
