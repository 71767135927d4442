"""The signature vectors that every implementation of Bellwire is held to."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bellwire import WebhookSignatureError, verify_signature

from .conftest import ROOT

VECTORS = ROOT / "crates/wire/tests/vectors"


def vectors() -> list[dict[str, Any]]:
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        found += json.loads(path.read_text(encoding="utf-8"))["vectors"]
    return found


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["name"])
def test_a_vector_is_accepted_or_refused_as_it_says(vector: dict[str, Any]) -> None:
    def verify() -> object:
        return verify_signature(
            vector["scheme"],
            secret=vector["secrets"],
            headers=vector["headers"],
            body=base64.b64decode(vector["body_base64"]),
            now=vector["now"] + vector.get("now_millis", 0) / 1000,
        )

    if vector["valid"]:
        verify()
        return
    with pytest.raises(WebhookSignatureError) as refused:
        verify()
    if vector.get("error"):
        assert type(refused.value).__name__ == vector["error"]


def test_there_are_vectors_of_every_scheme_of_its_own() -> None:
    from bellwire.webhooks import SCHEMES

    assert {vector["scheme"] for vector in vectors()} >= set(SCHEMES) - {"cloudevents"}
