# SPDX-License-Identifier: MIT
"""Turns a document of spec/ into what its vendor would publish.

Everything that is ours is gone (operationIds, summaries, descriptions, tags, x- members,
shared parameters, security), and everything that a vendor has and we have not is there: prose
of its own, credentials as header parameters, an error body written out at each operation,
members in another order, paths that list no operation.
"""

from typing import Any

Tree = dict[str, Any]
METHODS = ("get", "head", "post", "put", "patch", "delete")
PROSE = "What the vendor has to say about this, at length.\n\nAnd *more* of it: see `there`."
ERROR = {
    "type": "object",
    "title": "Error",
    "properties": {"errors": {"type": "array"}},
}


def vendor_like(trees: dict[str, Tree], name: str) -> Tree:
    """The document, as if it came from outside. trees: all of spec/, by file name."""
    return _Strip(trees, name).document()


class _Strip:
    def __init__(self, trees: dict[str, Tree], name: str) -> None:
        self._trees = trees
        self._name = name
        self._tree = trees[name]

    def document(self) -> Tree:
        paths: Tree = {"/health/": {"description": PROSE}}
        for path, item in self._tree["paths"].items():
            paths[path] = {
                method: self._operation(operation)
                for method, operation in _backwards(item).items()
                if method in METHODS
            }
        schemas = self._tree.get("components", {}).get("schemas", {})
        return {
            "info": {"title": "A vendor's API", "description": PROSE, "version": "v1"},
            "openapi": "3.0.3",
            "servers": [
                {"url": self._tree["servers"][0]["url"] + "/", "description": PROSE}
            ],
            "components": {
                "schemas": {n: self._schema(s) for n, s in _backwards(schemas).items()},
            },
            "paths": _backwards(paths),
        }

    def _resolve(self, entry: Tree) -> Tree:
        name = self._name
        while "$ref" in entry:
            file, _, pointer = entry["$ref"].partition("#")
            name = file or name
            entry = self._trees[name]
            for part in pointer.split("/")[1:]:
                entry = entry[part.replace("~1", "/").replace("~0", "~")]
        return entry

    def _operation(self, ours: Tree) -> Tree:
        parameters = [
            self._parameter(self._resolve(p)) for p in ours.get("parameters", [])
        ]
        security = ours.get("security", self._tree.get("security", []))
        for scheme in [s for alternative in security for s in alternative]:
            parameters.insert(0, self._header(scheme))
        out: Tree = {
            "description": PROSE,
            "summary": "Vendor's summary",
            "tags": ["vendor"],
            "parameters": parameters[::-1],
            "responses": {
                status: self._response(status, self._resolve(entry))
                for status, entry in _backwards(ours["responses"]).items()
            },
        }
        if ours.get("deprecated"):
            out["deprecated"] = True
        if "requestBody" in ours:
            out["requestBody"] = {
                **ours["requestBody"],
                "description": PROSE,
                "content": self._content(ours["requestBody"]["content"]),
            }
        return out

    def _header(self, scheme: str) -> Tree:
        found = self._resolve(self._tree["components"]["securitySchemes"][scheme])
        return {"name": found["name"], "in": "header", "required": True, "schema": {}}

    def _parameter(self, ours: Tree) -> Tree:
        out = {k: v for k, v in ours.items() if not k.startswith("x-")}
        return {**out, "description": PROSE, "schema": self._schema(ours["schema"])}

    def _response(self, status: str, ours: Tree) -> Tree:
        out: Tree = {"description": PROSE}
        if status == "default":
            out["content"] = {"application/json": {"schema": ERROR}}
        elif "content" in ours:
            out["content"] = self._content(ours["content"])
        return out

    def _content(self, ours: Tree) -> Tree:
        return {
            media: {"schema": self._schema(entry["schema"]), "example": PROSE}
            for media, entry in _backwards(ours).items()
        }

    def _schema(self, ours: Any) -> Any:
        if not isinstance(ours, dict) or "$ref" in ours:
            return ours
        out: Tree = {"title": "Vendor", "description": PROSE, "x-vendor": True}
        for key, value in _backwards(ours).items():
            if key == "description" or key.startswith("x-"):
                continue
            if key == "properties":
                out[key] = {n: self._schema(m) for n, m in _backwards(value).items()}
            elif key in ("items", "additionalProperties"):
                out[key] = self._schema(value)
            elif key in ("allOf", "oneOf"):
                out[key] = [self._schema(part) for part in value[::-1]]
            elif key in ("required", "enum"):
                out[key] = value[::-1]
            else:
                out[key] = value
        return out


def _backwards(tree: Tree) -> Tree:
    return dict(reversed(tree.items()))
