# SPDX-License-Identifier: MIT
"""Reads and prints JSON so that every number keeps its digits: 9007199254740993 and 1.50 come back as they came."""

from __future__ import annotations

import json
import re
import secrets
from decimal import Decimal
from typing import Any


class Number:
    """A number that a Python int cannot stand for, by the text it was sent as."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def value(self) -> Decimal:
        return Decimal(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text


# json's fast encoder knows no such class, so a Number goes through it as a marked string and is unwrapped afterwards.
# Nobody outside can know the mark, so no text of a client is ever taken for a number.
_MARK = secrets.token_hex(12)
_MARKED = re.compile(f'"{_MARK}([^"]*)"')


def _integer(text: str) -> Any:
    return Number(text) if text == "-0" else int(text)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _wrap(value: Any) -> str:
    if isinstance(value, Number):
        return _MARK + value.text
    raise TypeError(f"{type(value).__name__} has no JSON form")


_decoder = json.JSONDecoder(parse_float=Number, parse_int=_integer, parse_constant=_no_constant)
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_wrap, check_circular=False)
_ascii_encoder = json.JSONEncoder(separators=(",", ":"), default=_wrap, check_circular=False)


def loads(data: bytes) -> Any:
    """Raises ValueError where the text is no JSON document in UTF-8."""
    try:
        return _decoder.decode(data.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def dumps(value: Any) -> bytes:
    text = _encoder.encode(value)
    if _MARK in text:
        text = _MARKED.sub(r"\1", text)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can spell and UTF-8 cannot
        return _MARKED.sub(r"\1", _ascii_encoder.encode(value)).encode("ascii")
