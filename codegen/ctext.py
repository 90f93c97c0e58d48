# SPDX-License-Identifier: MIT
"""Text of the documents on its way into C. It is foreign text: it reaches a string through
c_str() and a comment through c_comment() only, and breaks out of neither."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

WIDTH = 110


def c_str(text: str) -> str:
    """A C string literal of the text's UTF-8 bytes."""
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif char == "?":
            out.append("\\?")  # no trigraph
        elif 0x20 <= byte < 0x7F:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")  # three digits: what follows cannot join
    return '"' + "".join(out) + '"'


def c_comment(text: str) -> str:
    """Text on one line, for use inside a comment."""
    line = " ".join(text.split())
    line = "".join(c if _printable(c) else "?" for c in line)
    line = line.replace("*/", "* /").replace("/*", "/ *")
    return line.replace("??", "? ?")


def _printable(char: str) -> bool:
    """Whether a character shows as itself: no control, no change of direction."""
    return (
        char.isascii()
        and char.isprintable()
        or (unicodedata.category(char)[0] not in "CZ")
    )


def wrap(text: str, width: int) -> list[str]:
    """Words on lines of at most `width`; a longer word stands alone."""
    return textwrap.wrap(
        text, width, break_long_words=False, break_on_hyphens=False
    ) or [""]


def doc(paragraphs: Iterable[str]) -> tuple[str, ...]:
    """A doc comment at the margin; an empty paragraph is an empty line."""
    lines = ["/**"]
    for paragraph in paragraphs:
        for line in wrap(paragraph, WIDTH - 3):
            lines.append(f" * {line}".rstrip())
    lines.append(" */")
    if len(lines) == 3 and len(lines[1]) + 4 <= WIDTH:
        return (f"/** {lines[1][3:]} */",)
    return tuple(lines)


def with_comment(code: str, comment: str) -> tuple[str, ...]:
    """A member, with its comment behind it, or above where both are too long."""
    if not comment:
        return (code,)
    line = f"{code} /* {comment} */"
    if len(line) <= WIDTH:
        return (line,)
    indent = code[: len(code) - len(code.lstrip())]
    first, *rest = wrap(comment, WIDTH - len(indent) - 6)
    lines = [f"{indent}/* {first}", *(f"{indent}   {r}" for r in rest)]
    lines[-1] += " */"
    return (*lines, code)


SOFT = "\v"  # within a piece: a line may end here if the whole piece fits on none


def fill(
    start: str, pieces: Sequence[str], end: str, indent: str = "    "
) -> tuple[str, ...]:
    """Pieces between start and end, joined by commas, on as few lines as hold them."""
    lines = [start]
    for index, piece in enumerate(pieces):
        text = piece + (end if index + 1 == len(pieces) else ",")
        whole = text.replace(SOFT, " ")
        if len(indent) + len(whole) <= WIDTH:
            parts = [whole]
        else:
            parts = text.split(SOFT)
        for part in parts:
            glue = "" if lines[-1] == start else " "
            if len(lines[-1]) + len(glue) + len(part) <= WIDTH:
                lines[-1] += glue + part
            else:
                lines.append(indent + part)
    return tuple(line.rstrip() for line in lines)


def fill_block(
    start: str, pieces: Sequence[str], end: str, indent: str = "    "
) -> tuple[str, ...]:
    """As fill(), but the pieces begin on a line of their own."""
    lines = fill(indent, pieces, end, indent)
    return (start, *lines)


def split_literal(text: str, width: int) -> list[str]:
    """A text as string literals that stand side by side, cut behind commas and slashes."""
    parts = [""]
    for piece in re.findall(r"[^,/]*[,/]?", text):
        if parts[-1] and len(c_str(parts[-1] + piece)) > width:
            parts.append("")
        parts[-1] += piece
    return [c_str(part) for part in parts]
