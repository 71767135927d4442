"""The examples, run against the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI, Request

from bellwire import AdminClient, Scheme, Wallet, sign_webhook
from bellwire.webhooks import DIALECTS

from .conftest import Receiver, Server, eventually
from .running import loaded, serving

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


class Relay:
    """An ASGI application that is known before it is made."""

    application: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.application(scope, receive, send)


def test_the_receiver_posts_reports_to_slack(admin: AdminClient, receiver: Receiver) -> None:
    relay = Relay()
    with serving(relay) as url:
        endpoint = admin.create_webhook(
            url=url + "/webhooks/bellwire", events=["file.written"], dialect="trovefiles"
        )
        environment = {
            "BELLWIRE_WEBHOOK_SECRET": endpoint["secret"] or "",
            "SLACK_WEBHOOK_URL": receiver.url,
        }
        with loaded(EXAMPLES / "fastapi_receiver.py", environment) as example:
            relay.application = example["app"]
            for path in ("notes/a.md", "reports/q3.md"):
                admin.post_event(
                    "file.written",
                    {"path": path, "size": 1, "sha256": "0" * 64, "source": "api"},
                    namespace="acme",
                )
            assert json.loads(receiver.next().body) == {
                "text": "New report for acme: reports/q3.md"
            }
            eventually(
                lambda: [one["status"] for one in admin.list_deliveries()] == ["success"] * 2
            )
            forged = httpx.post(url + "/webhooks/bellwire", content=b"{}")
            assert forged.status_code == 401
            assert receiver.got.empty()


class Slack:
    """As much of Slack as the example needs."""

    def __init__(self) -> None:
        self.said: Queue[tuple[str, dict[str, Any]]] = Queue()
        self.app = FastAPI()
        self.app.add_api_route("/api/{method}", self.answer, methods=["POST"])

    async def answer(self, method: str, request: Request) -> dict[str, Any]:
        self.said.put((method, await request.json()))
        return {"ok": True, "channel": "C1", "ts": "1795298462.000100"}


def click(url: str, user: str, approval_id: str, action: str, secret: str = SLACK_SECRET) -> int:
    payload = {
        "type": "block_actions",
        "user": {"id": user},
        "channel": {"id": "C1"},
        "message": {"ts": "1795298462.000100"},
        "actions": [{"action_id": action, "value": approval_id}],
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    at = int(time.time())
    import hashlib
    import hmac

    mac = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"x-slack-request-timestamp": str(at), "x-slack-signature": f"v0={mac}"}
    headers["content-type"] = "application/x-www-form-urlencoded"
    return httpx.post(url + "/slack", content=body, headers=headers).status_code


@pytest.fixture
def asking_wallet(admin: AdminClient) -> Wallet:
    policy = admin.create_policy(name="ask", rules=[{"require_approval_above_usd": 1000}])
    return admin.wallet(
        admin.create_wallet(name="agent", budget_usd=5000, policy_id=policy["id"])["id"]
    )


def test_the_approval_handler_asks_in_slack_and_decides(
    admin: AdminClient, server: Server, asking_wallet: Wallet
) -> None:
    slack, relay = Slack(), Relay()
    with serving(slack.app) as slack_url, serving(relay) as url:
        endpoint = admin.create_webhook(
            url=url + "/approvals", events=["approval.requested"], dialect="paygraph"
        )
        environment = {
            "BELLWIRE_WEBHOOK_SECRET": endpoint["secret"] or "",
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_SIGNING_SECRET": SLACK_SECRET,
            "SLACK_API_URL": slack_url + "/api/",
            "SLACK_CHANNEL": "C1",
            "APPROVERS": "U1,U2",
        }
        with loaded(EXAMPLES / "approval_handler.py", environment) as example:
            relay.application = example["app"]

            def ask() -> tuple[str, str]:
                answer: Any = admin.create_purchase(
                    asking_wallet.id, amount_usd="1850.00", vendor="AWS", description="GPUs"
                )
                method, message = slack.said.get(timeout=20)
                assert method == "chat.postMessage"
                assert message["text"] == "1850.00 USD to AWS?"
                buttons = message["blocks"][1]["elements"]
                assert [one["action_id"] for one in buttons] == ["approve", "deny"]
                assert {one["value"] for one in buttons} == {answer["approval"]["id"]}
                return answer["approval"]["id"], answer["purchase"]["id"]

            approval_id, purchase_id = ask()
            assert click(url, "U1", approval_id, "approve", secret="wrong") == 401
            assert click(url, "U9", approval_id, "approve") == 200
            assert admin.get_approval(approval_id)["status"] == "pending"
            assert click(url, "U1", approval_id, "approve") == 200
            assert slack.said.get(timeout=20)[1]["text"] == "approved: clicked in Slack by U1"
            assert admin.get_purchase(purchase_id)["status"] == "succeeded"
            # A second click shows what was decided.
            assert click(url, "U2", approval_id, "deny") == 200
            assert slack.said.get(timeout=20)[1]["text"] == "approved: clicked in Slack by U1"

            approval_id, purchase_id = ask()
            # The same delivery again is no second message.
            delivery = admin.list_deliveries(type="approval.requested").page().items[0]
            eventually(lambda: admin.get_delivery(delivery["id"])["status"] == "success")
            admin.retry_delivery(delivery["id"])
            eventually(lambda: len(admin.get_delivery(delivery["id"])["attempt_log"]) == 2)
            assert slack.said.empty()
            assert click(url, "U2", approval_id, "deny") == 200
            assert slack.said.get(timeout=20)[1]["text"] == "denied: clicked in Slack by U2"
            assert admin.get_approval(approval_id)["status"] == "denied"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_plain_verifiers_accept_what_is_delivered(
    admin: AdminClient, receiver: Receiver, dialect: Scheme
) -> None:
    endpoint = admin.create_webhook(url=receiver.url, events=["*"], dialect=dialect)
    secret = endpoint["secret"] or ""
    admin.post_event("report.ready", {"n": 1})
    got = receiver.next()
    headers = {name.lower(): value for name, value in got.headers.items()}
    with loaded(EXAMPLES / "plain_verifier.py", {}) as example:
        verify: Callable[[str, dict[str, str], bytes], bool] = example["VERIFIERS"][dialect]
        assert verify(secret, headers, got.body)
        assert example["standard"](secret, headers, got.body)
        assert not verify(secret, headers, got.body + b" ")
        assert not verify("whsec_" + "A" * 64, headers, got.body)
        # What the SDK signs for tests is what the server signs.
        again = sign_webhook(
            secret=secret, body=got.body, id=headers["webhook-id"], dialect=dialect
        )
        assert verify(secret, again, got.body)


def test_the_plain_verifier_receives(admin: AdminClient) -> None:
    with running_receiver("trove", {}) as (url, _):
        endpoint = admin.create_webhook(url=url, events=["*"], dialect="trove")
    admin.update_webhook(endpoint["id"], status="paused")
    admin.post_event("report.ready", {"n": 1})
    with running_receiver("trove", {"SECRET": endpoint["secret"] or ""}) as (url, lines):
        admin.update_webhook(endpoint["id"], url=url, status="active")
        said = lines.get(timeout=20)
        assert said.startswith("verified ")
        assert json.loads(said.removeprefix("verified "))["type"] == "report.ready"
        for signature in ("t=1,v1=0", "v1=0", "t=now,v1=0"):
            assert httpx.post(url, headers={"x-trove-signature": signature}).status_code == 401
        assert httpx.post(url).status_code == 401


@contextmanager
def running_receiver(dialect: str, environment: dict[str, str]) -> Iterator[tuple[str, Queue[str]]]:
    """The example as it is started by hand, and its lines."""
    process = subprocess.Popen(
        [sys.executable, EXAMPLES / "plain_verifier.py", dialect, "0"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout
    try:
        port = output.readline().removeprefix("listening on ").strip()
        lines: Queue[str] = Queue()

        def read() -> None:
            for line in output:
                lines.put(line.strip())

        reader = threading.Thread(target=read)
        reader.start()
        yield f"http://127.0.0.1:{port}", lines
    finally:
        process.terminate()
        process.wait(timeout=10)
        reader.join()
        output.close()
