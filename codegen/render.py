# SPDX-License-Identifier: MIT
"""Templates to text. Decides nothing."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from codegen.c_view import Page

_FOLDER = Path(__file__).parent / "templates"


def render(made: list[Page]) -> dict[str, str]:
    """The text of each file, by its path."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return {
        page.path: environment.get_template(page.template).render(page.values)
        for page in made
    }
