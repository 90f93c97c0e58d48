# SPDX-License-Identifier: MIT
"""Edits `models` of sdk.yaml as text, a line a model: the rest of that file is by hand."""

from __future__ import annotations

import re

_ENTRY = re.compile(r"    ([A-Za-z0-9_.-]+): (\S+)$")


def with_models(text: str, service: str, new: dict[str, str], lost: list[str]) -> str:
    """The text with the names of new schemas in, and those of lost ones out."""
    if not new and not lost:
        return text
    lines = text.split("\n")
    start, end = _block(lines, service)
    kept = {}
    for line in lines[start:end]:
        match = _ENTRY.match(line)
        name = match.group(1) if match is not None else line
        if name not in lost:
            kept[name] = line
    for schema, model in new.items():
        kept[schema] = f"    {schema}: {model}"
    return "\n".join(
        [*lines[:start], *(kept[name] for name in sorted(kept)), *lines[end:]]
    )


def _block(lines: list[str], service: str) -> tuple[int, int]:
    """The lines of a service below `models`."""
    start = lines.index(f"  {service}:", lines.index("models:")) + 1
    end = start
    while end < len(lines) and lines[end].startswith("    "):
        end += 1
    return start, end
