# SPDX-License-Identifier: MIT
"""What is wrong with the input: where, what, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in the input: what an error message and a doc comment cite."""

    file: str
    line: int
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.pointer}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong."""

    source: Source
    what: str

    def __str__(self) -> str:
        return f"{self.source}: {self.what}"


class Refusal(Exception):
    """Something in the input is not understood. Caught where a neighbour can go on."""

    def __init__(self, source: Source, what: str) -> None:
        super().__init__(f"{source}: {what}")
        self.problem = Problem(source, what)


class Problems:
    """Gathers refusals, so that a run shows all of them and not the first."""

    def __init__(self) -> None:
        self._found: set[Problem] = set()

    def add(self, source: Source, what: str) -> None:
        """Notes a problem and goes on."""
        self._found.add(Problem(source, what))

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
