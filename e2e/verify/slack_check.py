#!/usr/bin/env python3
"""Reads what is sent to Slack with the models of Slack's own package: slack_check.py < [payload, …]

Each payload is the arguments of chat.postMessage, chat.update or views.open. A model checks the limits of what it
knows when it is written again; what it does not know is lost, so it must also come out as it went in.
"""

import json
import sys

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

# The limits of messages that the models leave to the server (docs.slack.dev, "Blocks").
TEXTS = {"section": 3000, "context": 3000}


def check_block(block):
    model = Block.parse(block)
    assert model is not None, f"unknown block {block['type']}"
    written = model.to_dict()
    assert same(block, written), f"{block} was read as {written}"
    for text in [block.get("text"), *block.get("fields", []), *block.get("elements", [])]:
        if isinstance(text, dict) and isinstance(text.get("text"), str):
            most = 2000 if text in block.get("fields", []) else 3000
            assert 1 <= len(text["text"]) <= most, f"a text of {len(text['text'])} characters"
    assert len(block.get("fields", [])) <= 10
    for element in block.get("elements", []):
        if element.get("type") == "button":
            assert len(element["text"]["text"]) <= 75 and len(element["value"]) <= 2000
            assert len(element["action_id"]) <= 255


def same(sent, read):
    """Whether everything that was sent is in what was read."""
    if isinstance(sent, dict):
        return isinstance(read, dict) and all(same(value, read.get(name)) for name, value in sent.items())
    if isinstance(sent, list):
        return isinstance(read, list) and len(sent) == len(read) and all(map(same, sent, read))
    return sent == read


def check(payload):
    blocks = payload["view"]["blocks"] if "view" in payload else payload.get("blocks", [])
    assert len(blocks) <= (100 if "view" in payload else 50)
    for block in blocks:
        check_block(block)
    if "view" in payload:
        view = payload["view"]
        View(**view).validate_json()
        assert len(view["private_metadata"]) <= 3000
        assert all(len(view[name]["text"]) <= 24 for name in ("title", "submit", "close"))
    else:
        assert 1 <= len(payload["text"]) <= 4000


for nth, payload in enumerate(json.load(sys.stdin)):
    try:
        check(payload)
    except Exception as error:
        sys.exit(f"payload {nth}: {type(error).__name__}: {error}\n{json.dumps(payload)}")
