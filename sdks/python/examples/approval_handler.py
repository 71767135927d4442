"""Asks a person in Slack whether an agent may do something, and passes the answer on.

    pip install bellwire fastapi uvicorn slack_sdk
    BELLWIRE_WEBHOOK_SECRET=whsec_... SLACK_BOT_TOKEN=xoxb-... SLACK_SIGNING_SECRET=... \\
        SLACK_CHANNEL=C... APPROVERS=U1,U2 uvicorn approval_handler:app --port 4802

The endpoint is one with `"dialect": "paygraph", "events": ["approval.requested"]` at /approvals; in
the Slack app, interactivity points to /slack. The decision is signed with the same secret: no key is
needed.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from slack_sdk import WebClient

from bellwire import (
    AlreadyDecided,
    ApprovalEvent,
    ApprovalWebhook,
    WebhookSignatureError,
    verify_signature,
)

slack = WebClient(
    os.environ["SLACK_BOT_TOKEN"],
    base_url=os.environ.get("SLACK_API_URL", "https://slack.com/api/"),
)
approvers = os.environ["APPROVERS"].split(",")
asked: dict[str, ApprovalEvent] = {}
app = FastAPI()


@ApprovalWebhook.handler(secret=os.environ["BELLWIRE_WEBHOOK_SECRET"])
def on_approval(event: ApprovalEvent) -> None:
    if event.is_duplicate(key=event.approval_id):
        return
    asked[event.approval_id] = event
    spend = event.transaction
    question = f"{spend['amount_usd']} USD to {spend['vendor']}?" if spend else event.title
    slack.chat_postMessage(
        channel=os.environ["SLACK_CHANNEL"],
        text=question,
        blocks=[section(f"*{question}*\nuntil {event.data['expires_at']}"), buttons(event)],
    )


app.add_route("/approvals", on_approval, methods=["POST"])  # type: ignore[arg-type]


@app.post("/slack")
async def clicked(request: Request) -> Response:
    body = await request.body()
    try:
        verify_signature(
            "slack",
            secret=os.environ["SLACK_SIGNING_SECRET"],
            headers=request.headers.items(),
            body=body,
        )
    except WebhookSignatureError as error:
        raise HTTPException(status_code=401, detail=str(error)) from error
    click = json.loads(parse_qs(body.decode())["payload"][0])
    await run_in_threadpool(decide, click)
    return Response()


def decide(click: dict[str, Any]) -> None:
    user, action = click["user"]["id"], click["actions"][0]
    event = asked.get(action["value"])
    if event is None or user not in approvers:
        return
    reason = f"clicked in Slack by {user}"
    try:
        decision = event.approve(reason) if action["action_id"] == "approve" else event.deny(reason)
        text = f"{decision.wait(2)['status']}: {reason}"
    except AlreadyDecided as error:
        first = error.approval or {}
        text = f"{first.get('status')}: {first.get('reason')}"
    except TimeoutError:
        text = f"{action['action_id']}: {reason} (not told yet)"
    channel, message = click["channel"]["id"], click["message"]["ts"]
    slack.chat_update(channel=channel, ts=message, text=text, blocks=[section(text)])


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def buttons(event: ApprovalEvent) -> dict[str, Any]:
    return {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": action,
                "style": style,
                "text": {"type": "plain_text", "text": action.capitalize()},
                "value": event.approval_id,
            }
            for action, style in (("approve", "primary"), ("deny", "danger"))
        ],
    }
