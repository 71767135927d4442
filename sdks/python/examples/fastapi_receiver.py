"""Receives deliveries, and tells Slack about reports.

    pip install bellwire fastapi uvicorn
    BELLWIRE_WEBHOOK_SECRET=whsec_... SLACK_WEBHOOK_URL=https://hooks.slack.com/... \\
        uvicorn fastapi_receiver:app --port 4801

The endpoint is one with `"dialect": "trovefiles", "events": ["file.written"]`.
"""

from __future__ import annotations

import os

import httpx
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request

from bellwire import MemoryStore, WebhookEvent, WebhookSignatureError, verify_webhook

app = FastAPI()
seen = MemoryStore()


@app.post("/webhooks/bellwire")
async def receive(request: Request, later: BackgroundTasks) -> dict[str, bool]:
    try:
        event = verify_webhook(
            secret=os.environ["BELLWIRE_WEBHOOK_SECRET"],
            body=await request.body(),
            signature_header=request.headers.get("X-Trove-Signature"),
        )
    except WebhookSignatureError as error:
        raise HTTPException(status_code=401, detail=str(error)) from error
    # A delivery may come twice.
    if seen.add(event.id):
        later.add_task(react, event)
    return {"ok": True}


async def react(event: WebhookEvent) -> None:
    if event.type == "file.written" and event.data["path"].startswith("reports/"):
        text = f"New report for {event.namespace}: {event.data['path']}"
        async with httpx.AsyncClient() as client:
            await client.post(os.environ["SLACK_WEBHOOK_URL"], json={"text": text})
