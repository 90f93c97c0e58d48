# SPDX-License-Identifier: MIT
"""What spec/ of a new SDK begins as: sdk.yaml, and a document without paths for each service.

All of it is proposed: prefix and name from the title, the host of the server, credentials from
the security schemes, groups from tags or from the first words of paths, the member of error
bodies that holds the message from the answers to failures.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from codegen.importing import tag_of
from codegen.layout import Tree, dump
from codegen.names import RESERVED
from codegen.proposals import MARK
from codegen.vendor import Facts, credential_of
from codegen.words import word_of

_HEAD = "# What the document does not say and a C library needs; docs/spec.md tells of each.\n"
_NOISE = frozenset(
    """
a api apis as beta by document documentation for http https json of open openapi platform public
rest restful sample schema sdk server service services spec specification swagger the v version web
""".split()
)
_FOLDERS = frozenset("arpa asm bits linux net netinet rpc scsi sys uv uvrest".split())
_MESSAGES = ("errors", "error", "message", "detail", "details", "title", "reason")
_MAX_PREFIX = 16
_MAX_GROUP = 24
_MAX_SYMBOL = 63
# Members that every client has: uvrest/client_options.inc.
_OPTIONS = frozenset(
    """
alloc allow_http base_url ca_file ca_path connect_timeout_ms deadline_ms disable_rate_limit_handling
log log_user hook_user loop low_speed_ms max_arena_bytes max_body_bytes max_connection_age_ms
max_connection_lifetime_ms max_depth max_in_flight max_notes max_queued no_proxy on_request
on_response own_thread pool_connections pool_maxsize proxy rate_limit read_only reason retry size
strict timeout_ms token user_agent
""".split()
)


@dataclass(slots=True)
class Beginning:
    """A new SDK before its first import."""

    sdk: Tree
    trees: dict[str, Tree] = field(default_factory=dict)  # by file name
    by_tag: dict[str, str] = field(default_factory=dict)  # tag to group


def begin(documents: dict[str, tuple[Tree, Facts]]) -> Beginning:
    """documents: converted ones and their facts, by the file name they get."""
    first, _ = next(iter(documents.values()))
    title = " ".join(str(first["info"]["title"]).split())[:80]
    sdk: Tree = {
        MARK: True,
        "prefix": prefix_of(title),
        "name": title,
        "description": f"What the server calls {title}.",
        "server": _origin(first),
        "error_member": _error_member([tree for tree, _ in documents.values()]),
    }
    made = Beginning(sdk)
    options: dict[str, Tree] = {}
    groups: Tree = {}
    for file, (tree, facts) in documents.items():
        schemes = _schemes(tree)
        for key, (name, _) in schemes.items():
            options.setdefault(key, _credential(name, key, options, facts))
        made.trees[file] = _skeleton(tree, facts, {n: s for n, s in schemes.values()})
        for offer in facts.operations.values():
            tag = tag_of(offer)
            group = _group(tag, sdk["prefix"], file)
            made.by_tag[tag] = group
            groups[group] = {
                "service": file.rsplit(".", 1)[0],
                "description": f"{_sentence(tag)}.",
            }
    if options:
        sdk["credentials"] = list(options.values())
    sdk["groups"] = {name: groups[name] for name in sorted(groups)}
    sdk["models"] = {file.rsplit(".", 1)[0]: {} for file in documents}
    return made


def dump_sdk(sdk: Tree) -> str:
    """The text of a proposed sdk.yaml. The names of models stand last, one a line."""
    rest = {key: value for key, value in sdk.items() if key != "models"}
    lines = []
    for service, names in sdk.get("models", {}).items():
        if names:
            lines.append(f"  {service}:")
            lines += [f"    {name}: {names[name]}" for name in sorted(names)]
    models = "\n".join(["models:", *lines, ""]) if lines else ""
    return dump(rest, _HEAD) + models


def room_of(prefix: str) -> int:
    """How long an operationId may be."""
    return _MAX_SYMBOL - len(prefix) - 1


def prefix_of(title: str) -> str:
    """The first word of a title that says something, as a C identifier."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    telling = [w for w in words if w not in _NOISE and re.match(r"[a-z][a-z0-9]+$", w)]
    telling = [w for w in telling if not re.fullmatch(r"v[0-9]+", w)] or ["api"]
    prefix = str(telling[0])[:_MAX_PREFIX]
    return f"{prefix}_api" if prefix in RESERVED | _FOLDERS else prefix


def _sentence(tag: str) -> str:
    words = " ".join(re.findall(r"[^\W_]+", tag)) or tag
    return words[:1].upper() + words[1:]


def _origin(tree: Tree) -> str:
    parts = urlsplit(tree["servers"][0]["url"])
    return f"{parts.scheme}://{parts.netloc}"


def _group(tag: str, prefix: str, file: str) -> str:
    """A group's name: also that of a header and a source, beside those that all have."""
    name = re.sub(r"_+", "_", word_of(tag)).strip("_")[:_MAX_GROUP].strip("_")
    service = word_of(file.rsplit(".", 1)[0])
    taken = {"client", "common", "ops", prefix}
    taken |= {f"{service}_{end}" for end in ("types", "service", "models")}
    if name in taken or not re.match(r"[a-z]", name):
        name = f"{service}_{name}"
    return name


# ---- credentials -------------------------------------------------------------------------


def _schemes(tree: Tree) -> dict[str, tuple[str, Tree]]:
    """By what they send: the first scheme of each kind, with its name."""
    out: dict[str, tuple[str, Tree]] = {}
    for name, scheme in tree["components"].get("securitySchemes", {}).items():
        key = credential_of(scheme).lower()
        if key:
            out.setdefault(key, (name, scheme))
    return out


def _credential(name: str, key: str, taken: dict[str, Tree], facts: Facts) -> Tree:
    option = re.sub(r"_+", "_", word_of(name)).strip("_")
    if not re.match(r"[a-z]", option) or option in RESERVED or option in _OPTIONS:
        option = f"credential_{option}"
    others = {entry["option"] for entry in taken.values()}
    while option in others:
        option += "_too"
    lists = [
        [c.lower() for c in offer.credentials] for offer in facts.operations.values()
    ]
    always = all(credentials == [key] for credentials in lists)
    said = {
        "bearer": "The token.",
        "basic": "User and password, with a colon between.",
    }
    return {
        "option": option,
        "scheme": name,
        "required": always,
        "description": said.get(key, f"The value of {key}."),
    }


def _skeleton(tree: Tree, facts: Facts, schemes: Tree) -> Tree:
    out: Tree = {
        "openapi": "3.0.3",
        "info": {
            "title": tree["info"]["title"],
            "description": f"What the server calls {tree['info']['title']}.",
            "version": "1",
        },
        "servers": [{"url": tree["servers"][0]["url"]}],
    }
    usual = Counter(tuple(o.credentials) for o in facts.operations.values())
    most = usual.most_common(1)[0][0] if usual else ()
    by_key = {credential_of(scheme).lower(): name for name, scheme in schemes.items()}
    names = [by_key[key.lower()] for key in most if key.lower() in by_key]
    if names:
        out["security"] = [{name: [] for name in names}]
    out["tags"] = []
    out["paths"] = {}
    out["components"] = {"securitySchemes": schemes} if schemes else {}
    return out


# ---- errors ------------------------------------------------------------------------------


def _error_member(trees: list[Tree]) -> str:
    """The member that most answers to failures have; of those, the likeliest to say why."""
    found: Counter[str] = Counter()
    for tree in trees:
        for item in tree["paths"].values():
            for operation in item.values():
                for status, response in operation["responses"].items():
                    if status == "default" or status[0] in "45":
                        found.update(_members(tree, response))
    if not found:
        return _MESSAGES[0]
    return min(found, key=lambda name: (-found[name], _MESSAGES.index(name)))


def _members(tree: Tree, response: Tree) -> set[str]:
    schemas = [
        entry["schema"]
        for media, entry in response.get("content", {}).items()
        if "json" in media and "schema" in entry
    ]
    out: set[str] = set()
    seen: list[Any] = []
    while schemas:
        schema = schemas.pop()
        if not isinstance(schema, dict) or schema in seen:
            continue
        seen.append(schema)
        name = schema.get("$ref", "").rpartition("/")[2]
        schemas += [tree["components"].get("schemas", {}).get(name)] if name else []
        schemas += schema.get("allOf", [])
        out |= set(schema.get("properties", {})) & set(_MESSAGES)
    return out
