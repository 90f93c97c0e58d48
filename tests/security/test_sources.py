# SPDX-License-Identifier: MIT
"""Security requirements that show in the sources and in what was built, by their numbers.

ICONIK_BUILD names the build's folder; ICONIK_SANITIZE is not empty if it was built with sanitizers.
"""
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ICONIK_BUILD", ROOT / "build" / "asan"))
SANITIZED = os.environ.get("ICONIK_SANITIZE", "") != ""
SOURCES = sorted((ROOT / "runtime").glob("*/*.c")) + sorted(
    (ROOT / "generated").rglob("*.c")
)


def code_of(path):
    """The code of a C file: no comments, no texts."""
    text = path.read_text(encoding="utf-8")
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: '""' if m[0][0] == '"' else " ", text, flags=re.S)


@pytest.fixture(scope="module")
def codes():
    found = {path.relative_to(ROOT).as_posix(): code_of(path) for path in SOURCES}
    assert len(found) > 50
    return found


def users_of(codes, names):
    """Which files call one of the functions."""
    call = re.compile(r"(?<![\w>.])(?:" + "|".join(names) + r")\s*\(")
    return sorted(name for name, code in codes.items() if call.search(code))


def library():
    found = sorted(BUILD.glob("libuvrest.so"))
    if not found:
        pytest.skip(f"no libuvrest.so in {BUILD}")
    return found[0]


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_sec_05_nothing_is_printed(codes):
    assert (
        users_of(
            codes,
            [
                "printf",
                "fprintf",
                "vfprintf",
                "puts",
                "fputs",
                "putchar",
                "perror",
                "syslog",
            ],
        )
        == []
    )
    assert not [
        name for name, code in codes.items() if re.search(r"\b(stdout|stderr)\b", code)
    ]
    # libcurl prints its log unless a function of ours takes it, which looks for some lines.
    talkative = [name for name, code in codes.items() if "CURLOPT_VERBOSE" in code]
    assert talkative == ["runtime/net/handle.c", "runtime/net/refusal.c"]
    listening = [
        name for name, code in codes.items() if "CURLOPT_DEBUGFUNCTION" in code
    ]
    assert listening == ["runtime/net/handle.c", "runtime/net/refusal.c"]


def test_sec_06_neither_netrc_nor_cookies(codes):
    assert not [
        n
        for n, c in codes.items()
        if re.search(r"CURLOPT_(NETRC|COOKIE|COOKIEFILE|COOKIEJAR|COOKIELIST)\b", c)
    ]


def test_sec_08_verification_cannot_be_switched_off(codes):
    handle = codes["runtime/net/handle.c"]
    assert re.search(r"SET\(CURLOPT_SSL_VERIFYPEER, 1L\)", handle)
    assert re.search(r"SET\(CURLOPT_SSL_VERIFYHOST, 2L\)", handle)
    assert re.search(
        r"SET\(CURLOPT_SSLVERSION, \(long\)CURL_SSLVERSION_TLSv1_2\)", handle
    )
    for name in ("VERIFYPEER", "VERIFYHOST"):
        assert sum(code.count(name) for code in codes.values()) == 1
    headers = "".join(
        p.read_text() for p in (ROOT / "runtime" / "include" / "uvrest").iterdir()
    )
    assert not re.search(r"insecure|verify_peer|no_verify|skip_tls", headers, re.I)


def test_sec_10_connections_live_an_hour_unless_told_otherwise(codes):
    assert re.search(r"SET\(CURLOPT_MAXLIFETIME_CONN,", codes["runtime/net/handle.c"])
    settings = codes["runtime/client/settings.c"]
    lifetime = re.search(r"#define DEFAULT_CONNECTION_LIFETIME_MS (\d+)", settings)
    assert 0 < int(lifetime[1]) <= 3600000
    for option in ("CURLOPT_HTTP09_ALLOWED", "CURLMOPT_PUSHFUNCTION"):
        assert not [name for name, code in codes.items() if option in code]


def test_sec_16_the_library_is_hardened():
    if SANITIZED:
        pytest.skip("a build with sanitizers is not hardened")
    so = str(library())
    program_headers = output_of("readelf", "-lW", so)
    assert "GNU_RELRO" in program_headers
    assert re.search(r"GNU_STACK\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+RW\s", program_headers)
    assert re.search(r"\bNOW\b", output_of("readelf", "-dW", so))
    assert "__stack_chk_fail" in output_of("nm", "-D", "--undefined-only", so)


BANNED = """
    sprintf vsprintf strcpy stpcpy strcat strncpy strncat wcscpy wcscat gets getwd realpath
    scanf sscanf fscanf vscanf vsscanf vfscanf alloca strdupa strndupa strtok atoi atol atoll atof
    tmpnam tempnam mktemp system popen rand srand asctime ctime gmtime localtime
""".split()


def test_sec_17_banned_functions_are_not_used(codes):
    headers = [
        path
        for folder in ("runtime", "generated")
        for path in (ROOT / folder).rglob("*.h")
    ]
    found = {path.relative_to(ROOT).as_posix(): code_of(path) for path in headers}
    assert len(found) > 60
    assert users_of({**codes, **found}, BANNED) == []


def test_sec_17_the_ban_has_teeth():
    """Each banned call is found; a member, a longer name and a name alone are none."""
    for name in BANNED:
        assert users_of({"a.c": f"    x = {name} (y);"}, BANNED) == ["a.c"]
        assert users_of({"a.c": f"x->{name}(y); my_{name}(y); {name};"}, BANNED) == []


def test_sec_18_cjson_stays_in_one_file(codes):
    assert [name for name, code in codes.items() if re.search(r"\bcJSON", code)] == [
        "runtime/json/value.c"
    ]
    assert (
        users_of(codes, ["cJSON_Parse", "cJSON_GetObjectItem", "cJSONUtils_\\w+"]) == []
    )


def test_sec_23_fuzz_targets_are_kept():
    targets = {path.stem for path in (ROOT / "tests" / "fuzz").glob("*.c")}
    assert {"decode", "headers", "time", "url"} <= targets
    for path in (ROOT / "tests" / "fuzz").glob("*.c"):
        assert "LLVMFuzzerTestOneInput" in path.read_text()


def test_sec_24_the_process_is_left_alone(codes):
    assert (
        users_of(
            codes,
            [
                "exit",
                "_exit",
                "abort",
                "quick_exit",
                "signal",
                "sigaction",
                "atexit",
                "setenv",
                "setlocale",
            ],
        )
        == []
    )
    assert set(users_of(codes, ["getenv", "secure_getenv"])) <= {
        "runtime/net/proxy.c",
        "runtime/net/libcurl.c",
    }
    assert not [
        n
        for n, c in codes.items()
        if re.search(r"__attribute__\s*\(\s*\(\s*(con|de)structor", c)
    ]


def test_sec_24_only_named_symbols_are_exported():
    lines = output_of("nm", "-D", "--defined-only", str(library())).splitlines()
    names = [line.split()[-1] for line in lines if "__odr_asan" not in line]
    assert len(names) > 20
    assert [
        n for n in names if not n.startswith("uvrest_") or n.startswith("uvrest__")
    ] == []


@pytest.mark.parametrize(
    "package, fixed",
    [
        ("libcurl4", "7.88.1-10+deb12u15"),
        ("libnghttp2-14", "1.52.0-1+deb12u3"),
        ("libuv1", "1.44.2-1+deb12u1"),
        ("libcjson1", "1.7.15-1+deb12u4"),
    ],
)
def test_sec_19_packages_have_their_fixes(package, fixed):
    """A library does not know at run time which fixes its packager has put in: the machine does."""
    if 'VERSION_ID="12"' not in Path("/etc/os-release").read_text():
        pytest.skip("the versions are Debian 12's")
    have = output_of("dpkg-query", "-W", "-f", "${Version}", package)
    ok = (
        subprocess.run(["dpkg", "--compare-versions", have, "ge", fixed]).returncode
        == 0
    )
    assert ok, f"{package} {have} lacks fixes of {fixed}: apt-get upgrade"
