"""What was generated is what would be generated now."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bellwire import _json, models
from bellwire.event_data import EVENT_DATA

from .conforming import faults, held_to
from .conftest import ROOT

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@pytest.mark.parametrize(
    "script", sorted(SCRIPTS.glob("generate_*.py")), ids=lambda path: path.stem
)
def test_it_is_fresh(script: Path) -> None:
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_check_itself() -> None:
    held_to(models.NamespaceView, {"name": "a", "created_at": "b"}, "x")
    assert faults({"name": 1, "more": 2}, models.NamespaceView, "x") == [
        "x.created_at is missing",
        "x.more is not in NamespaceView",
        "x.name: 1 is no str",
    ]
    assert faults(Decimal(1), Decimal | None, "x") == []


def test_every_event_has_its_data() -> None:
    for path in sorted((ROOT / "crates/wire/catalog").glob("*.json")):
        for kind in json.loads(path.read_text(encoding="utf-8")):
            data: Any = EVENT_DATA[kind["name"]]
            assert data.__required_keys__ == set(kind["schema"].get("required", []))
            assert data.__annotations__.keys() == kind["schema"].get("properties", {}).keys()
            example = _json.loads(json.dumps(kind["example"]))
            found = faults(example, data, kind["name"])
            assert not found, found
