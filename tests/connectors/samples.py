"""Values that a schema of an OpenAPI document takes, the least that will do."""

from __future__ import annotations

from typing import Any

TEXTS = {
    "date-time": "2026-12-01T10:00:00Z", "date": "2026-12-01", "uuid": "3f1b0c52-6c4f-4d3f-9a3e-1a1a1a1a1a1a", "uri": "https://example.com/a",
    "duration": "PT1H",
}  # fmt: skip


def followed(schema: Any, root: dict[str, Any]) -> Any:
    """The schema, wherever it stands."""
    while isinstance(schema, dict) and "$ref" in schema:
        value: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            value = value[step.replace("~1", "/").replace("~0", "~")]
        schema = value
    return schema


def sample(schema: Any, root: dict[str, Any], is_full: bool = False, depth: int = 0) -> Any:
    """A value; with `is_full` with the fields that may be left out, too."""
    schema = followed(schema, root)
    if not isinstance(schema, dict):
        return "anything"
    for said in ("const", "default"):
        if schema.get(said) is not None:
            return schema[said]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return sample(schema[several][0], root, is_full, depth)
    if "allOf" in schema:
        parts = [sample(one, root, is_full, depth) for one in schema["allOf"]]
        return (
            {key: one for part in parts if isinstance(part, dict) for key, one in part.items()} if isinstance(parts[0], dict) else parts[0]
        )
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        wanted = schema.get("required", [])
        fields = schema.get("properties", {})
        return {key: sample(one, root, is_full, depth + 1) for key, one in fields.items() if key in wanted or (is_full and depth < 3)}
    if kind == "array":
        return [sample(schema.get("items", {}), root, is_full, depth + 1)] if is_full or schema.get("minItems") else []
    if kind in ("integer", "number"):
        return max(int(schema.get("minimum", 0)), int(schema.get("exclusiveMinimum", -1)) + 1)
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    if "pattern" in schema:
        return "abc"
    return TEXTS.get(schema.get("format", ""), "a b/+"[: schema.get("maxLength", 5)].ljust(schema.get("minLength", 0), "x"))
