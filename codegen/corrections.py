# SPDX-License-Identifier: MIT
"""Corrects the documents before anything reads them.

The documents say what the server's makers publish. Where that is wrong, sdk.yaml has
an entry under `corrections`:

    - service: files                # the document
      at: /paths/~1v1~1x~1/get/responses/200/content/application~1json/schema
      was: {$ref: '#/components/schemas/FileSchema'}
      put: {$ref: '#/components/schemas/KeyframeSchema'}
      reason: Why the server's documents are wrong here.

service  the document's name without its ending
at       a JSON pointer, or a list of them
was      optional: what the document says there. If it says something else by now, the
         correction is stale and refused. To add a member that is not there, leave it out
put      what stands there instead, or `remove: true`
reason   required

They apply in the order they are written; references in `put` are relative to the document.
"""

from __future__ import annotations

from codegen.load import Documents, Node, at_pointer
from codegen.problems import Problems
from codegen.sdk import Sdk, document_of


def apply_corrections(sdk: Sdk, documents: Documents, problems: Problems) -> None:
    """Changes the trees in place."""
    for node in sdk.corrections:
        with problems.gather():
            _apply(node, documents)


def _apply(node: Node, documents: Documents) -> None:
    node.only("service", "at", "was", "put", "remove", "reason")
    node.need("reason").text()
    document = document_of(node.need("service"), documents)
    at = node.need("at")
    put = node.get("put")
    if (put is None) == (not node.flag_of("remove")):
        raise node.refuse("either put or remove: true is expected")
    for place in at.items() if isinstance(at.value, list) else [at]:
        pointer = place.text()
        parent_pointer, _, last = pointer.rpartition("/")
        parent = at_pointer(document.root, parent_pointer)
        if parent is None or not isinstance(parent.value, (dict, list)):
            raise place.refuse(
                f"{document.name} has nothing at {parent_pointer}; "
                "correct the pointer, or drop the correction"
            )
        _check_was(node.get("was"), at_pointer(document.root, pointer), place)
        key = last.replace("~1", "/").replace("~0", "~")
        _replace(parent, key, put, place)


def _check_was(was: Node | None, now: Node | None, place: Node) -> None:
    if was is not None and (now is None or now.plain() != was.plain()):
        raise place.refuse(
            "the document does not say this any more; "
            "look again, and correct or drop the correction"
        )


def _replace(parent: Node, key: str, put: Node | None, place: Node) -> None:
    new = put.copy_to(parent.document, parent, key) if put is not None else None
    if isinstance(parent.value, dict):
        if new is not None:
            parent.value[key] = new
        elif parent.value.pop(key, None) is None:
            raise place.refuse("there is nothing to remove; drop the correction")
        return
    elements = parent.items()
    if not key.isdecimal() or int(key) >= len(elements):
        raise place.refuse(f"the array has no element '{key}'; correct the pointer")
    if new is not None:
        elements[int(key)] = new
    else:
        del elements[int(key)]
