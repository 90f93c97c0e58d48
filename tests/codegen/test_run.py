# SPDX-License-Identifier: MIT
"""What holds for every run: same bytes, small changes, the whole of iconik, the commands."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from codegen.cli import main, run
from codegen.load import load_text
from codegen.problems import Refusal
from codegen.tags import tag_of
from features import FEATURES, HERE, ROOT, texts_of

SPEC = ROOT / "spec"


def _changed(old: dict[str, str], new: dict[str, str]) -> dict[str, list[str]]:
    """Lines that one output has and the other has not, by file."""
    out = {}
    for path in sorted(set(old) | set(new)):
        before, after = (t.get(path, "").splitlines() for t in (old, new))
        lines = [f"-{x}" for x in before if x not in after]
        lines += [f"+{x}" for x in after if x not in before]
        if lines:
            out[path] = lines
    return out


def _with(folder: Path, tmp_path: Path, change: object) -> dict[str, str]:
    """The output of a feature after a change of its document."""
    copy = tmp_path / "changed"
    shutil.copytree(folder, copy)
    document = json.loads((copy / "spec.json").read_text(encoding="utf-8"))
    change(document)  # type: ignore[operator]
    (copy / "spec.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    own = copy / "sdk.yaml"
    result = run(copy, own if own.exists() else HERE / "sdk.yaml")
    assert [str(p) for p in result.problems.sorted()] == []
    return result.texts


def test_same_input_same_bytes(tmp_path: Path) -> None:
    """Whatever the seed of hashes, the locale, the time zone and the folder."""
    assert run(SPEC).texts == run(SPEC).texts
    program = (
        "import sys; from pathlib import Path; from codegen.cli import run;"
        "texts = sorted(run(Path(sys.argv[1])).texts.items());"
        "sys.stdout.buffer.write(repr(texts).encode())"
    )
    copy = tmp_path / "elsewhere" / "spec"
    shutil.copytree(SPEC, copy)
    outputs = set()
    for seed, locale, zone, folder, spec in (
        ("1", "C", "UTC", ROOT, Path("spec")),
        ("2", "C.UTF-8", "Asia/Tokyo", tmp_path, SPEC),
        ("3", "tr_TR.UTF-8", "America/New_York", copy.parent, copy),
    ):
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
        env |= {"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        done = subprocess.run(
            [sys.executable, "-c", program, str(spec)],
            cwd=folder,
            env=env,
            capture_output=True,
            check=True,
        )
        assert len(done.stdout) > 1_000_000
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_order_of_the_document_does_not_matter(tmp_path: Path) -> None:
    def turn(document: dict[str, object]) -> None:
        _reverse(document["paths"])
        _reverse(document["components"])

    for name in ("members", "groups", "retry", "answers"):
        folder = HERE / name
        assert _with(folder, tmp_path / name, turn) == texts_of(folder)


def _reverse(tree: object) -> None:
    if isinstance(tree, dict):
        for key in reversed(list(tree)):
            tree[key] = tree.pop(key)
            if key != "parameters":
                _reverse(tree[key])


def test_output_says_nothing_of_time_user_or_place() -> None:
    for path, text in run(SPEC).texts.items():
        assert str(ROOT) not in text, path
        assert not re.search(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T|/(home|root)/", text), path


def test_a_member_with_a_known_name_is_one_struct_line_and_one_row(
    tmp_path: Path,
) -> None:
    def add(document: dict) -> None:
        members = document["components"]["schemas"]["User"]["properties"]
        members["screw"] = {"type": "string"}

    changes = _changed(texts_of(HERE / "groups"), _with(HERE / "groups", tmp_path, add))
    assert changes == {
        "include/demo/spec_types.h": ["+    const char *screw;"],
        "tables/spec.inc": ["+UVREST_FIELD(user, demo_user, screw, screw, STR, 0, 0)"],
    }


def test_a_member_with_a_new_name_is_one_more_row(tmp_path: Path) -> None:
    def add(document: dict) -> None:
        members = document["components"]["schemas"]["User"]["properties"]
        members["age"] = {"type": "integer", "format": "int32"}

    changes = _changed(texts_of(HERE / "groups"), _with(HERE / "groups", tmp_path, add))
    assert changes == {
        "include/demo/spec_types.h": ["+    uvrest_opt_i32 age;"],
        "tables/spec.inc": [
            '+UVREST_NAME(age, "age", %d)' % tag_of("age"),
            "+UVREST_FIELD(user, demo_user, age, age, I32, 0, 0)",
        ],
    }


def test_an_enum_value_is_one_enumerator_and_its_rows(tmp_path: Path) -> None:
    def add(document: dict) -> None:
        thing = document["components"]["schemas"]["Thing"]["properties"]
        thing["state"]["enum"].append("HIDDEN")

    changes = _changed(texts_of(HERE / "enums"), _with(HERE / "enums", tmp_path, add))
    assert changes == {
        "include/demo/things.h": ["+    DEMO_THING_STATE_HIDDEN,"],
        "tables/spec.inc": [
            '+UVREST_NAME(HIDDEN, "HIDDEN", %d)' % tag_of("HIDDEN"),
            "+UVREST_TEXT(thing_state, HIDDEN)",
        ],
    }


def test_a_query_parameter_is_one_member_and_one_row(tmp_path: Path) -> None:
    def add(document: dict) -> None:
        operation = document["paths"]["/a/"]["get"]
        schema = {"type": "boolean"}
        operation["parameters"] = [
            {
                "name": "full",
                "in": "query",
                "description": "All of it.",
                "schema": schema,
            }
        ]

    changes = _changed(texts_of(HERE / "retry"), _with(HERE / "retry", tmp_path, add))
    assert changes == {
        "include/demo/things.h": ["+    uvrest_opt_bool full; /* All of it. */"],
        "src/things.c": [
            '+    {"full", offsetof(demo_things_get_args, full), 0, UVREST_IN_QUERY, '
            "UVREST_KIND_BOOL, 0},"
        ],
    }


# ---- the whole of iconik ---------------------------------------------------------------


def test_all_operations_are_generated() -> None:
    result = run(SPEC)
    assert [str(p) for p in result.problems.sorted()] == []
    assert result.api is not None
    operations = [o for s in result.api.services.values() for o in s.operations]
    documented = [o for o in operations if o.shortcut is None]
    assert (len(documented), len(result.api.gaps)) == (788, 0)
    assert [n for s in result.api.services.values() for n in s.lesser] == []
    for operation in operations:
        header = result.texts[f"include/iconik/{operation.group}.h"]
        assert f"uvrest_status iconik_{operation.id}(" in header
        assert f"uvrest_status iconik_{operation.id}_wait(" in header


def test_generated_code_keeps_its_budget() -> None:
    lines = operations = 0
    for path, text in run(SPEC).texts.items():
        if not path.startswith("src/"):
            continue
        assert max(len(line) for line in text.splitlines()) <= 110, path
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        table = r"static const uvrest_param \w+\[\] = \{\n.*?\n\};\n"
        code = re.sub(table, "", code, flags=re.S)
        lines += sum(1 for line in code.splitlines() if line.strip())
        operations += len(re.findall(r"^static const uvrest_op ", text, re.M))
    assert operations >= 788
    assert lines / operations <= 15


def test_source_lines_are_well_kept() -> None:
    for path, text in run(SPEC).texts.items():
        assert text.endswith("\n") and not text.endswith("\n\n"), path
        assert "\n\n\n" not in text, path
        assert not re.search(r"[ \t]+$", text, re.M), path
        assert "\t" not in text, path


# ---- the commands ----------------------------------------------------------------------


def _arguments(command: str, folder: Path, out: Path) -> list[str]:
    sdk = HERE / "sdk.yaml"
    return [command, "--spec", str(folder), "--sdk", str(sdk), "--out", str(out)]


def test_generate_then_check_is_current(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "out"
    assert main(_arguments("generate", HERE / "members", out)) == 0
    assert main(_arguments("check", HERE / "members", out)) == 0
    assert "is current." in capsys.readouterr().out


def test_generate_writes_what_changed_and_removes_what_is_gone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(_arguments("generate", HERE / "members", out)) == 0
    stamp = (out / "src/client.c").stat().st_mtime_ns
    (out / "src/old.c").write_text((out / "src/client.c").read_text())
    (out / "src/things.c").write_text(
        "/* Generated by codegen from spec/: cut off */\n"
    )
    assert main(_arguments("check", HERE / "members", out)) == 1
    assert main(_arguments("generate", HERE / "members", out)) == 0
    assert not (out / "src/old.c").exists()
    assert (out / "src/things.c").read_text() == texts_of(HERE / "members")[
        "src/things.c"
    ]
    assert (out / "src/client.c").stat().st_mtime_ns == stamp


def test_files_of_others_are_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "src").mkdir()
    mine = tmp_path / "src/things.c"
    mine.write_text("int mine;\n")
    assert main(_arguments("generate", HERE / "members", tmp_path)) == 1
    assert "not made by codegen" in capsys.readouterr().err
    assert mine.read_text() == "int mine;\n"
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["things.c"]


def test_a_refused_input_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "out"
    assert main(_arguments("generate", HERE / "refuse_schemas", out)) == 1
    assert main(_arguments("check", HERE / "refuse_schemas", out)) == 1
    assert "refused, " in capsys.readouterr().err
    assert not out.exists()


def test_check_lists_what_is_degraded_and_left_out(
    capsys: pytest.CaptureFixture,
) -> None:
    for name, row, reason in (
        (
            "arrays",
            "all                              0         1         0",
            "nested: ",
        ),
        (
            "gaps",
            "all                              1         0         1",
            "Form bodies",
        ),
    ):
        folder = HERE / name
        sdk = (
            folder / "sdk.yaml" if (folder / "sdk.yaml").exists() else HERE / "sdk.yaml"
        )
        main(
            ["check", "--spec", str(folder), "--sdk", str(sdk), "--out", "/nonexistent"]
        )
        out = capsys.readouterr().out
        assert row in out
        assert reason in out


def test_a_folder_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture) -> None:
    assert main(["check", "--spec", "/nonexistent"]) == 2
    assert "/nonexistent" in capsys.readouterr().err


# ---- reading ---------------------------------------------------------------------------


def test_scalars_are_those_of_json_and_all_else_is_text() -> None:
    text = (
        "[NO, on, 2020-01-01, 1:20, 0x10, 1_000, 012, -5, 1.5, 1e3, true, null, '5', ~]"
    )
    assert load_text("x.yaml", text).root.plain() == [
        *("NO", "on", "2020-01-01", "1:20", "0x10", "1_000", "012"),
        *(-5, 1.5, 1000.0, True, None, "5", None),
    ]


def test_big_numbers_stay_exact() -> None:
    text = '{"low": -9223372036854775808, "high": 9007199254740993}'
    assert load_text("x.json", text).root.plain() == {
        "low": -(2**63),
        "high": 2**53 + 1,
    }


def test_nodes_know_their_place() -> None:
    root = load_text("x.yaml", "a/b:\n  c~d:\n    - 1\n    - {e: 2}\n").root
    node = root.need("a/b").need("c~d").items()[1].need("e")
    assert str(node.source) == "x.yaml:4: #/a~1b/c~0d/1/e"


def test_two_documents_in_a_file_are_refused() -> None:
    with pytest.raises(Refusal, match="x.yaml:3: #: a second document"):
        load_text("x.yaml", "a: 1\n---\nb: 2\n")


def test_every_feature_is_known() -> None:
    assert len(FEATURES) >= 20


def test_one_service_does_not_pull_in_another(tmp_path: Path) -> None:
    """A static program that calls one service links that service's objects alone."""
    flags = ["-std=c11", "-fvisibility=hidden"]
    for folder in ("generated/include", "generated", "runtime/include"):
        flags.append(f"-I{ROOT / folder}")
    sources = sorted((ROOT / "generated/src").glob("*.c"))
    command = ["gcc", "-c", *flags, *[str(source) for source in sources]]
    subprocess.run(command, check=True, cwd=tmp_path)
    objects = sorted(str(path) for path in tmp_path.glob("*.o"))
    subprocess.run(["ar", "rcs", "libiconik.a", *objects], check=True, cwd=tmp_path)
    (tmp_path / "main.c").write_text(
        "#include <iconik/jobs.h>\n"
        "int main(void) { return iconik_jobs_get(NULL, NULL, NULL, NULL, NULL); }\n"
    )
    link = ["gcc", *flags, "main.c", "-L.", "-liconik", "-o", "program"]
    link.append("-Wl,--unresolved-symbols=ignore-all")
    subprocess.run(link, check=True, cwd=tmp_path)
    symbols = subprocess.run(
        ["nm", "program"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert re.findall(r"iconik__(\w+)_schema", symbols) == ["jobs"]
    assert "iconik_jobs_list" in symbols
    assert "iconik_assets" not in symbols and "iconik_files" not in symbols
