# SPDX-License-Identifier: MIT
"""What is wrong with the input: where, what, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in the input: what an error message and a doc comment cite."""

    file: str
    line: int
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.pointer}"


@dataclass(frozen=True, slots=True)
class Clash:
    """A C name that two things want. kind: of the entry under `names` that settles it."""

    kind: str  # "type", "member" or "value"
    text: str  # what is named: the C name of a type, a member's wire name, a value
    place: Source | None = None  # where it stands, if not where the problem is


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong."""

    source: Source
    what: str
    clash: Clash | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.source}: {self.what}"


class Refusal(Exception):
    """Something in the input is not understood. Caught where a neighbour can go on."""

    def __init__(self, source: Source, what: str, clash: Clash | None = None) -> None:
        super().__init__(f"{source}: {what}")
        self.problem = Problem(source, what, clash)


class Problems:
    """Gathers refusals, so that a run shows all of them and not the first."""

    def __init__(self) -> None:
        self._found: set[Problem] = set()

    def add(self, source: Source, what: str, clash: Clash | None = None) -> None:
        """Notes a problem and goes on."""
        self._found.add(Problem(source, what, clash))

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Notes a refusal that ends the block, and goes on after it."""
        try:
            yield
        except Refusal as refusal:
            self._found.add(refusal.problem)

    def __len__(self) -> int:
        return len(self._found)

    def sorted(self) -> list[Problem]:
        """All of them, by place."""
        return sorted(self._found)
