# SPDX-License-Identifier: MIT
"""The tables agree with the runtime: tags by its own function, models by their numbers."""

import re
import subprocess
from pathlib import Path

from codegen.tags import name_id, tag_of
from features import ROOT

TABLES = sorted((ROOT / "generated/tables").glob("*.inc"))

# Prints the tag that the runtime computes for each name of a table.
PROGRAM = """
#include <stdio.h>
#include "tables.h"
#define UVREST_NAME(id, text, tag) {text, sizeof(text) - 1},
#define UVREST_MODEL(model, type)
#define UVREST_FIELD(model, type, member, name, kind, flags, of)
#define UVREST_ENUM(enumeration)
#define UVREST_TEXT(enumeration, name)
#define UVREST_UNION(choice, tag)
#define UVREST_CASE(choice, text, model)
static const struct { const char *text; size_t len; } names[] = {
#include "names.inc"
};
int main(void)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        printf("%u\\n", (unsigned)uvrest__tables_tag(names[i].text, names[i].len));
    return 0;
}
"""


def _tags_of_runtime(rows: str, folder: Path) -> list[int]:
    (folder / "names.inc").write_text(rows, encoding="utf-8")
    (folder / "main.c").write_text(PROGRAM, encoding="utf-8")
    runtime = ROOT / "runtime"
    includes = [f"-I{runtime / layer}" for layer in ("include", "base", "json")]
    binary = folder / "tags"
    subprocess.run(
        [
            "gcc",
            "-std=c11",
            "-O1",
            "-ffunction-sections",
            "-Wl,--gc-sections",
            *includes,
        ]
        + [str(folder / "main.c"), str(runtime / "json/tables.c"), "-o", str(binary)],
        check=True,
    )
    done = subprocess.run([str(binary)], check=True, capture_output=True, text=True)
    return [int(line) for line in done.stdout.split()]


def test_tags_are_those_of_the_runtime(tmp_path: Path) -> None:
    assert len(TABLES) == 14
    rows = "".join(path.read_text(encoding="utf-8") for path in TABLES)
    written = [
        int(tag) for tag in re.findall(r"^UVREST_NAME\([^;]*?, (\d+)\)$", rows, re.M)
    ]
    assert len(written) == rows.count("UVREST_NAME(") > 2000
    assert _tags_of_runtime(rows, tmp_path) == written


def test_tags_of_any_text_are_those_of_the_runtime(tmp_path: Path) -> None:
    texts = ["", "a", "é", "\x7f", "x" * 255, "https://www.w3.org/2000/09/xmldsig#sha1"]
    texts += [chr(97 + i % 26) * i for i in range(1, 64)]
    octal = ["".join(f"\\{byte:03o}" for byte in text.encode()) for text in texts]
    rows = "".join(f'UVREST_NAME(x, "{text}", 0)\n' for text in octal)
    assert _tags_of_runtime(rows, tmp_path) == [tag_of(text) for text in texts]


def test_name_ids_are_identifiers_of_one_text_each() -> None:
    texts = [
        "",
        "_",
        "__",
        "N/A",
        "N_A",
        "N-A",
        "N_x2F_A",
        "_x2F_",
        "/",
        "_end",
        "end",
        "NULL",
    ]
    texts += [
        "true",
        "INT64_MAX",
        "_Bool",
        "é",
        "e",
        "a b",
        "a_b",
        "_x_",
        "x",
        "_x5F_end",
        "1",
    ]
    ids = [name_id(text) for text in texts]
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", one) for one in ids)
    assert len(set(ids)) == len(texts)
    macros = {"NULL", "true", "INT64_MAX", "_Bool", "_end"}
    assert macros.isdisjoint(ids)


def test_numbers_of_models_are_in_the_order_of_the_rows() -> None:
    for path in TABLES:
        header = ROOT / f"generated/include/iconik/{path.stem}_types.h"
        text = header.read_text(encoding="utf-8")
        stem = f"ICONIK_{path.stem.upper()}_MODEL_"
        listed = re.findall(rf"^    {stem}(\w+),$", text, re.M)
        rows = path.read_text(encoding="utf-8")
        models = re.findall(r"^UVREST_MODEL\((\w+),", rows, re.M)
        assert listed == [model.upper() for model in models]
