#!/usr/bin/env python3
"""Makes `bellwire.models` of openapi.json and `bellwire.event_data` of the event catalog.

    python scripts/generate_models.py            writes them
    python scripts/generate_models.py --check    exits with 1 if they are not what would be written

Schemas are keyed by their names, which are unique; operations are not looked at.
"""

from __future__ import annotations

import argparse
import json
import keyword
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
PACKAGE = HERE / "src/bellwire"

MODELS_HEAD = '''\
# Made by scripts/generate_models.py of openapi.json: change that.
"""What the API takes and answers with, as `TypedDict`: at run time they are the dictionaries that the
JSON is, so an answer costs nothing to make, and fields of a newer server are simply there.

Amounts are `Decimal`; times are RFC 3339 texts. A field may be absent where it may be None.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, TypedDict

from .money import Usd

Timestamp = str
"""RFC 3339, UTC."""
'''
EVENTS_HEAD = '''\
# Made by scripts/generate_models.py of the event catalog: change that.
"""The `data` of the built-in events, as `TypedDict`: `spent: PurchaseSucceeded = event.data`.

Fields are only ever added. Amounts are `Decimal`; times are RFC 3339 texts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, TypedDict
'''

Schema = Mapping[str, Any]
TAKEN = {"Any", "Decimal", "Literal", "TypedDict", "Usd"}


class Writer:
    """Writes classes; `named` are schemas that have a name of their own."""

    def __init__(self, named: Mapping[str, Schema]) -> None:
        self.named = named
        self.done: set[str] = set()
        self.out: list[str] = []

    def type_of(self, schema: Schema, field: str, owner: str) -> str:
        """The type of a field, without None."""
        if "$ref" in schema:
            name = name_of(schema)
            target = self.named[name]
            if name == "Timestamp":
                return name
            return name if is_record(target) else self.type_of(target, field, name)
        parts = schema.get("oneOf") or schema.get("anyOf")
        if parts:
            types = [self.optional(part, field, owner) for part in parts]
            return " | ".join(dict.fromkeys(t for t in types if t != "None"))
        if "enum" in schema:
            return f"Literal[{', '.join(repr(value) for value in schema['enum'])}]"
        kinds = [kind for kind in kinds_of(schema) if kind != "null"]
        if sorted(kinds) == ["number", "string"]:
            return "Usd"
        made = [self.plain(kind, schema, field, owner) for kind in kinds]
        return " | ".join(made) or "Any"

    def plain(self, kind: str, schema: Schema, field: str, owner: str) -> str:
        money = field.endswith("_usd") or "US dollars" in schema.get("description", "")
        if kind == "string":
            return "Decimal" if field.endswith("_usd") else "str"
        if kind == "number":
            return "Decimal" if money or schema.get("format") == "double" else "Decimal | int"
        if kind == "array":
            return f"list[{self.optional(schema.get('items', {}), field, owner)}]"
        if kind == "object":
            if schema.get("properties"):
                name = owner + "".join(part.capitalize() for part in field.split("_"))
                self.record(name, schema)
                return name
            values = schema.get("additionalProperties")
            inner = self.optional(values, "", owner) if isinstance(values, dict) else "Any"
            return f"dict[str, {inner}]"
        return {"integer": "int", "boolean": "bool"}[kind]

    def optional(self, schema: Schema, field: str, owner: str) -> str:
        """The type of a field, with None if it may be."""
        if kinds_of(schema) == ["null"]:
            return "None"
        parts = schema.get("oneOf") or schema.get("anyOf") or []
        null = "null" in kinds_of(schema) or any("null" in kinds_of(part) for part in parts)
        made = self.type_of(schema, field, owner)
        return f"{made} | None" if null else made

    def record(self, name: str, schema: Schema) -> None:
        """One class, its bases and nested classes before it."""
        if name in self.done:
            return
        self.done.add(name)
        bases = []
        properties: dict[str, Schema] = {}
        required: set[str] = set()
        for part in schema.get("allOf", [schema]):
            if "$ref" in part:
                base = name_of(part)
                self.record(base, self.named[base])
                bases.append(base)
            else:
                properties.update(part.get("properties", {}))
                required.update(part.get("required", ()))
        fields = {field: self.optional(of, field, name) for field, of in properties.items()}
        odd = {field: made for field, made in fields.items() if not is_name(field)}
        if odd:
            # What is no name in Python takes the other syntax. All of these are always there.
            members = ", ".join(f"{field!r}: {made!r}" for field, made in odd.items())
            self.out.append(f'_{name}Odd = TypedDict("_{name}Odd", {{{members}}})\n')
            bases.append(f"_{name}Odd")
        must = [field for field in fields if field in required and field not in odd]
        may = [field for field in fields if field not in required and field not in odd]
        doc = schema.get("description", "")
        if may and must:
            self.write(f"_{name}", bases or ["TypedDict"], "", must, fields, properties)
            bases = [f"_{name}"]
        total = ["total=False"] if may else []
        self.write(name, [*(bases or ["TypedDict"]), *total], doc, may or must, fields, properties)

    def write(
        self,
        name: str,
        bases: list[str],
        doc: str,
        fields: list[str],
        types: Mapping[str, str],
        properties: Mapping[str, Schema],
    ) -> None:
        lines = [f"class {name}({', '.join(bases)}):"]
        if doc:
            lines.append(docstring(doc))
        for field in fields:
            lines.append(f"    {field}: {types[field]}")
            said = description_of(properties[field])
            if said:
                lines.append(docstring(said))
        self.out.append("\n".join(lines if len(lines) > 1 else [*lines, "    pass"]) + "\n")


def name_of(reference: Schema) -> str:
    return class_name(reference["$ref"].rsplit("/", 1)[-1])


def class_name(name: str) -> str:
    made = re.sub(r"\W", "_", name)
    return f"{made}_" if made in TAKEN or keyword.iskeyword(made) else made


def kinds_of(schema: Schema) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def is_record(schema: Schema) -> bool:
    return "allOf" in schema or "properties" in schema or schema.get("type") == "object"


def is_name(field: str) -> bool:
    return field.isidentifier() and not keyword.iskeyword(field)


def description_of(schema: Schema) -> str:
    said = schema.get("description", "")
    for part in schema.get("oneOf", []):
        said = said or part.get("description", "")
    return str(said)


def docstring(text: str) -> str:
    words = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    lines, line = [], '    """'
    for word in words.split(" "):
        if len(line) + len(word) > 96 and line.strip():
            lines.append(line.rstrip())
            line = "    "
        line += word + " "
    closing = '"' + '"""' if line.rstrip().endswith('"') else '"""'
    if closing != '"""':
        return "\n".join([*lines, line.rstrip(), '    """'])
    return "\n".join([*lines, line.rstrip() + closing])


def models() -> str:
    document = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
    named = document["components"]["schemas"]
    schemas = {class_name(name): schema for name, schema in named.items()}
    writer = Writer(schemas)
    for name in sorted(schemas):
        if is_record(schemas[name]):
            writer.record(name, schemas[name])
    return "\n\n".join([MODELS_HEAD, *writer.out])


def catalog() -> Iterator[Schema]:
    for path in sorted((ROOT / "crates/wire/catalog").glob("*.json")):
        yield from json.loads(path.read_text(encoding="utf-8"))


def event_data() -> str:
    writer = Writer({})
    names = {}
    for kind in catalog():
        name = "".join(part.capitalize() for part in re.split(r"[._]", kind["name"]))
        schema = {**kind["schema"], "description": kind["description"]}
        writer.record(name, schema)
        names[kind["name"]] = name
    listed = "\n".join(f"    {kind!r}: {name}," for kind, name in sorted(names.items()))
    types = f"""EVENT_DATA: dict[str, type[Any]] = {{\n{listed}\n}}\n\"\"\"By event type.\"\"\"\n"""
    return "\n\n".join([EVENTS_HEAD, *writer.out, types])


def formatted(text: str, path: Path) -> str:
    for command in (["check", "--fix", "--quiet", "--select", "F401,UP,I"], ["format", "--quiet"]):
        text = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(path), "-"],
            input=text, capture_output=True, text=True, check=True, cwd=HERE,
        ).stdout  # fmt: skip
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    wrong = []
    for name, text in (("models.py", models()), ("event_data.py", event_data())):
        path = PACKAGE / name
        text = formatted(text, path)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        wrong.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    if check and wrong:
        print(f"not fresh, run scripts/generate_models.py: {', '.join(wrong)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
