# SPDX-License-Identifier: MIT
"""The 8-bit tag of a name, and the name's identifier in the tables."""

from __future__ import annotations

import re


def tag_of(text: str) -> int:
    """As uvrest/gen.h defines it: the first and the last 8 bytes and the length, multiplied."""
    data = text.encode("utf-8")
    first = int.from_bytes(data[:8], "little")
    last = int.from_bytes(data[-8:], "little")
    return ((first * 3 ^ last) + len(data)) * 0xFF51AFD7ED558CCD >> 56 & 0xFF


# Macros of the headers that the tables are compiled with: they would be expanded.
_MACROS = re.compile(
    r"NULL|EOF|bool|true|false|errno|linux|unix|i386|UVREST_.*|_[A-Z_].*"
    r"|(U?INT|SIZE|PTRDIFF|WCHAR|WINT|SIG_ATOMIC)\w*_(MIN|MAX)"
)


def name_id(text: str) -> str:
    """An identifier that stands for the text alone: other bytes become _xHH_.

    An underscore that would begin such an escape is escaped itself, and so is the first
    byte of a macro's name and of `_end`, which the tables need.
    """
    if text == "":
        return "_x00_"  # NUL itself is in no name
    if text == "_end" or _MACROS.fullmatch(text):
        return _escape(text[0]) + text[1:]
    escaped = re.sub(r"_(?=x[0-9A-F]{2}_)", "_x5F_", text)
    return "".join(
        c if c.isascii() and (c.isalnum() or c == "_") else _escape(c) for c in escaped
    )


def _escape(char: str) -> str:
    return "".join(f"_x{byte:02X}_" for byte in char.encode("utf-8"))
