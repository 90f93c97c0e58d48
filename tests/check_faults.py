# SPDX-License-Identifier: MIT
"""Holds tests/faults.md, the index of faults and security requirements, against the tests.

    check_faults.py            prints what does not fit, and fails
    check_faults.py --write    first adds to each entry the tests that bear its number

Every row and requirement has one entry. Every test named there exists in its file and is
registered: in the table of a C test whose file is in a CMakeLists.txt, in the case of a script, by
pytest's rule, or as a name given to add_test(). Every test that bears a row's number is named in
that row's entry. An entry without a test says "not yet:" or "not here:" and why.
"""
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
INDEX = HERE / "faults.md"
ROWS = [*range(1, 89), *range(91, 99), *range(110, 124)]
REQUIREMENTS = range(1, 25)

ENTRY = re.compile(r"^### (row|sec) (\d+): \S")
TESTS = re.compile(r"^- (tests/\S+): (.+)$")
EXCUSE = re.compile(r"^- (?:not yet|not here|partly): \S")
NUMBERS = re.compile(r"rows?((?:_(?:to_)?\d+)+)")


class Entry:
    def __init__(self, line):
        self.line = line
        self.tests = {}
        self.excused = False
        self.end = line + 1


def read_index(complain):
    entries, entry = {}, None
    for number, line in enumerate(INDEX.read_text(encoding="utf-8").splitlines()):
        head, tests = ENTRY.match(line), TESTS.match(line)
        if head:
            key = (head[1], int(head[2]))
            if key in entries:
                complain(f"{key[0]} {key[1]} is there twice")
            entry = entries[key] = Entry(number)
        elif line.startswith("#"):
            entry = None
        elif entry is None or line == "":
            continue
        elif tests:
            entry.tests.setdefault(tests[1], []).extend(
                name.strip() for name in tests[2].split(",")
            )
            entry.end = number + 1
        elif EXCUSE.match(line):
            entry.excused = True
        else:
            complain(f"line {number + 1}: neither tests nor a reason: {line}")
    return entries


def numbers_of(name):
    """The rows a name bears: row_7_…, …_rows_51_52, …_rows_39_to_44. More than ten: none."""
    found = set()
    for match in NUMBERS.finditer(name):
        numbers = re.findall(r"(to_)?(\d+)", match[1])
        for i, (to, number) in enumerate(numbers):
            found.update(
                range(int(numbers[i - 1][1]) if to else int(number), int(number) + 1)
            )
    return found if len(found) <= 10 else set()


def tests_of(path):
    """Names of the tests in a file, and of those among them that run."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".c":
        names = set(re.findall(r"^static void (\w+)\(void \*\*\w+\)", text, re.M))
        stem = path.stem.removeprefix("test_")
        lists = [HERE / "CMakeLists.txt", path.parent / "CMakeLists.txt"]
        listed = any(
            re.search(rf"\b{stem}\b", p.read_text()) for p in lists if p.exists()
        )
        tables = (
            re.findall(r"CMUnitTest \w+\[\] = \{(.*?)\n    \};", text, re.S)
            if listed
            else []
        )
        return names, names & set(re.findall(r"\w+", " ".join(tables)))
    if path.suffix == ".py":
        names = set(re.findall(r"^def (test_\w+)\(", text, re.M))
        return names, names if path.name.startswith("test_") else set()
    if path.suffix == ".sh":
        names = set(re.findall(r"^(\w+)\(\) \{", text, re.M))
        return names, {
            name for name in names if re.search(rf"^\s+\S+\) {name} ;;", text, re.M)
        }
    names = set(re.findall(r"add_test\(NAME ([\w.]+)", text))
    return names, names


def collect():
    paths = [
        p
        for s in ("*.c", "*.py", "*.sh", "CMakeLists.txt")
        for p in HERE.rglob(s)
        if "node_modules" not in p.parts
    ]
    return {path.relative_to(ROOT).as_posix(): tests_of(path) for path in sorted(paths)}


def missing_names(entries, found):
    """Tests that bear a number and are not in its entry: [(row, file, name)]."""
    missing = []
    for file, (names, _) in found.items():
        for name in sorted(names):
            for row in sorted(numbers_of(name)):
                entry = entries.get(("row", row))
                if (
                    row in ROWS
                    and entry is not None
                    and name not in entry.tests.get(file, [])
                ):
                    missing.append((row, file, name))
    return missing


def check_entries(entries, found, complain):
    wanted = [("row", n) for n in ROWS] + [("sec", n) for n in REQUIREMENTS]
    for kind, number in wanted:
        if (kind, number) not in entries:
            complain(f"{kind} {number} is missing")
    for (kind, number), entry in entries.items():
        if (kind, number) not in wanted:
            complain(f"{kind} {number} is none of ours")
        if not entry.tests and not entry.excused:
            complain(f"{kind} {number} has neither a test nor a reason")
        for file, named in entry.tests.items():
            names, run = found.get(file, (set(), set()))
            for name in named:
                if name not in names:
                    complain(f"{kind} {number}: no {name} in {file}")
                elif name not in run:
                    complain(f"{kind} {number}: {name} in {file} is not registered")


def write_missing(entries, missing):
    lines = INDEX.read_text(encoding="utf-8").splitlines()
    added = {}
    for row, file, name in missing:
        added.setdefault((entries[("row", row)].end, file), []).append(name)
    for (at, file), names in sorted(added.items(), reverse=True):
        lines.insert(at, f"- {file}: {', '.join(names)}")
    INDEX.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    complaints = []
    found = collect()
    if sys.argv[1:] == ["--write"]:
        entries = read_index(lambda text: None)
        write_missing(entries, missing_names(entries, found))
    entries = read_index(complaints.append)
    check_entries(entries, found, complaints.append)
    for row, file, name in missing_names(entries, found):
        complaints.append(
            f"row {row}: {name} of {file} is not named (check_faults.py --write adds it)"
        )
    for complaint in complaints:
        print(f"tests/faults.md: {complaint}")
    proven = sum(
        1 for (kind, _), entry in entries.items() if kind == "row" and entry.tests
    )
    print(f"{proven} of {len(ROWS)} rows have tests, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
