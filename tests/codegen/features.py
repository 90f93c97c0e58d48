# SPDX-License-Identifier: MIT
"""The feature folders: a spec.json each, beside the C or the refusal expected from it."""

from pathlib import Path

from codegen.cli import Run, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDERS = sorted(path.parent for path in HERE.glob("*/spec.json"))
FEATURES = [f for f in FOLDERS if not f.name.startswith("refuse_")]
REFUSALS = [f for f in FOLDERS if f.name.startswith("refuse_")]

# What every library has and one feature shows: whole_library.
_SAME = ("client.h", "client.c", "ops.h", "demo.h", "sources.cmake")


def generate(folder: Path) -> Run:
    """Runs the generator on a feature, with the common sdk.yaml if it has none."""
    own = folder / "sdk.yaml"
    return run(folder, own if own.exists() else HERE / "sdk.yaml")


def texts_of(folder: Path) -> dict[str, str]:
    """Every file a feature makes; its input is expected to be accepted."""
    result = generate(folder)
    assert [str(p) for p in result.problems.sorted()] == []
    return result.texts


def shown(folder: Path, path: str) -> bool:
    """Whether a file is kept beside the feature."""
    name = path.rsplit("/", 1)[-1]
    if folder.name in ("library", "credentials", "more_credentials"):
        return True
    return name not in _SAME and not name.endswith(("_service.h", "_models.c"))
