# SPDX-License-Identifier: MIT
"""Names of the wire in words: `accessKey`, `ACCESS-KEY` and `access.key` to `access_key`."""

from __future__ import annotations

import re

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(text: str) -> str:
    """Lower case, words joined by underscores; underscores at the ends are kept.

    Without a letter or digit in the text the answer is empty.
    """
    spaced = _CAMEL.sub("_", text)
    word = re.sub(r"[^A-Za-z0-9_]+", "_", spaced).lower()
    return word if re.search(r"[a-z0-9]", word) else ""


def word_of(text: str) -> str:
    """As snake(), but a text without letters and digits is spelled: `+` is `u2b`."""
    return snake(text) or "_".join(f"u{ord(char):x}" for char in text) or "empty"


def upper(text: str) -> str:
    """Upper case, words joined by underscores, none at the ends."""
    return re.sub(r"_+", "_", word_of(text)).strip("_").upper()


def model_name(schema: str) -> str:
    """The short name of a schema that has none settled by hand."""
    return word_of(re.sub(r"Schema$", "", schema) or schema).strip("_")
