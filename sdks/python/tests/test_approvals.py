"""The approval handler: whom it believes, what it remembers, how it decides."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

import anyio
import flask
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from bellwire import (
    AdminClient,
    AlreadyDecided,
    ApprovalEvent,
    ApprovalHandler,
    ApprovalWebhook,
    AsyncApprovalEvent,
    BadSecret,
    BellwireError,
    Decision,
    MemoryStore,
    Scheme,
    SqliteStore,
    TransportError,
    Unauthorized,
    sign_webhook,
    verify_signature,
    verify_webhook,
)
from bellwire._turns import Turns

from .conftest import Receiver, eventually
from .running import serving

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"


def delivery(callback_url: str = "http://127.0.0.1:9/") -> tuple[bytes, dict[str, str]]:
    body = json.dumps(
        {
            "id": "evt_1",
            "type": "approval.requested",
            "timestamp": "2026-11-21T22:01:02.345Z",
            "workspace_id": "ws-1",
            "namespace": None,
            "data": {
                "approval_id": "apr_1",
                "created_at": "2026-11-21T22:01:02.345Z",
                "expires_at": "2026-11-21T22:16:02.345Z",
                "transaction": {"amount_usd": 1850.00, "vendor": "AWS"},
                "callback_url": callback_url,
                "action_digest": "0" * 64,
            },
        }
    ).encode()
    return body, sign_webhook(secret=SECRET, body=body, id="evt_1")


def test_only_what_is_signed_reaches_the_handler() -> None:
    seen: list[ApprovalEvent] = []

    @ApprovalWebhook.handler(secret=SECRET)
    def on_approval(event: ApprovalEvent) -> None:
        seen.append(event)

    body, headers = delivery()
    assert on_approval.handle(body + b" ", headers).status == 401
    assert seen == []
    assert on_approval.handle(body, headers).status == 204
    assert seen[0].approval_id == "apr_1"
    assert seen[0].transaction is not None
    assert str(seen[0].transaction["amount_usd"]) == "1850.0"
    assert SECRET not in repr(seen[0])
    assert SECRET not in repr(on_approval)
    other = b'{"id":"evt_2","type":"webhook.test","workspace_id":"w","data":{}}'
    headers = sign_webhook(secret=SECRET, body=other, id="evt_2")
    assert on_approval.handle(other, headers).status == 204
    assert len(seen) == 1


@pytest.mark.parametrize("make", [lambda _: MemoryStore(), lambda path: SqliteStore(path / "seen")])
def test_a_duplicate_is_told_and_a_failure_is_forgotten(
    make: Callable[[Path], MemoryStore | SqliteStore], tmp_path: Path
) -> None:
    store = make(tmp_path)
    said: list[bool] = []
    fail = [True]

    @ApprovalWebhook.handler(secret=SECRET, store=store)
    def on_approval(event: ApprovalEvent) -> None:
        said.append(event.is_duplicate(key=event.approval_id))
        if fail[0]:
            raise OSError("Slack is down")

    body, headers = delivery()
    assert on_approval.handle(body, headers).status == 500
    fail[0] = False
    assert [on_approval.handle(body, headers).status for _ in range(2)] == [204, 204]
    assert said == [False, False, True]
    assert not make(tmp_path).add("apr_1") or isinstance(store, MemoryStore)
    if isinstance(store, SqliteStore):
        store.close()


def test_memory_is_bounded() -> None:
    store = MemoryStore(keys_max=2)
    assert [store.add(key) for key in ("a", "b", "a", "c", "a")] == [True, True, False, True, True]


def test_a_file_forgets_what_is_old(tmp_path: Path) -> None:
    now = [1_000_000.0]
    store = SqliteStore(tmp_path / "seen", keep_days=2, clock=lambda: now[0])
    assert [store.add("a"), store.add("a")] == [True, False]
    now[0] += 86_400
    assert [store.add("b"), store.add("a")] == [True, False]
    now[0] += 86_401
    assert [store.add("a"), store.add("b")] == [True, False]
    rows = store._db.execute("SELECT key FROM seen_at ORDER BY key").fetchall()
    assert rows == [("a",), ("b",)]
    store.close()
    for days in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="keep_days"):
            SqliteStore(tmp_path / "seen", keep_days=days)


def test_a_decision_is_signed_and_sent_until_it_is_taken(receiver: Receiver) -> None:
    receiver.status = 503
    decided: Queue[Decision] = Queue()

    @ApprovalWebhook.handler(secret=SECRET, retry_delays_s=[0.5] * 60)
    def on_approval(event: ApprovalEvent) -> None:
        decided.put(event.approve(reason="fine", amount_usd="12.50"))

    assert on_approval.handle(*delivery(receiver.url)).status == 503
    got = receiver.next()
    receiver.status = 200
    decision = decided.get(timeout=10)
    assert decision.wait(10) == {}
    sent = json.loads(got.body)
    assert sent == {
        "approval_id": "apr_1",
        "decision": "approve",
        "reason": "fine",
        "amount_usd": "12.50",
    }
    headers = {name.lower(): value for name, value in got.headers.items()}
    assert (
        sign_webhook(
            secret=SECRET, body=got.body, id="apr_1", timestamp=int(headers["webhook-timestamp"])
        )["webhook-signature"]
        == (headers["webhook-signature"])
    )


def test_a_decision_that_never_gets_through_says_so() -> None:
    decided: list[Decision] = []
    seen: list[bool] = []

    @ApprovalWebhook.handler(secret=SECRET, retry_delays_s=[0, 0])
    def on_approval(event: ApprovalEvent) -> None:
        seen.append(event.is_duplicate())
        decided.append(event.deny())

    # Nobody has it: the server is to ask again, and then it is no duplicate.
    for _ in range(2):
        assert on_approval.handle(*delivery()).status == 503
    assert seen == [False, False]
    with pytest.raises(Exception, match="no answer"):
        decided[0].wait(10)
    assert decided[0].done()


def test_a_broken_answer_ends_the_wait_too(receiver: Receiver) -> None:
    receiver.status, receiver.answer = 200, b"not gzip"
    receiver.headers = {"content-encoding": "gzip"}
    decided: list[Decision] = []

    @ApprovalWebhook.handler(secret=SECRET, retry_delays_s=[0])
    def on_approval(event: ApprovalEvent) -> None:
        decided.append(event.deny())

    assert on_approval.handle(*delivery(receiver.url)).status == 503
    with pytest.raises(TransportError, match="DecodingError"):
        decided[0].wait(10)


def test_a_decision_is_not_sent_to_what_is_no_url() -> None:
    @ApprovalWebhook.handler(secret=SECRET)
    def on_approval(event: ApprovalEvent) -> None:
        with pytest.raises(BellwireError, match="callback_url is not a URL"):
            event.approve()
        for reason in ("", " \t"):
            with pytest.raises(ValueError, match="blank"):
                event.deny(reason=reason)

    assert on_approval.handle(*delivery("http://127.0.0.1:port/")).status == 204


def test_the_next_attempt_waits_for_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answered at once it would pass for done, and be lost when this one fails."""
    came: Queue[str] = Queue()
    take = Turns.take

    def seen(self: Turns, key: str, within_s: float) -> bool:
        came.put(key)
        return take(self, key, within_s)

    monkeypatch.setattr(Turns, "take", seen)
    go_on = threading.Event()
    duplicates: list[bool] = []
    statuses: list[int] = []

    @ApprovalWebhook.handler(secret=SECRET)
    def on_approval(event: ApprovalEvent) -> None:
        duplicates.append(event.is_duplicate())
        if len(duplicates) == 1:
            assert go_on.wait(20)
            raise OSError("Slack is down")

    def handle() -> None:
        statuses.append(on_approval.handle(*delivery()).status)

    threads = [threading.Thread(target=handle) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert came.get(timeout=20) == "apr_1"
    eventually(lambda: duplicates)
    go_on.set()
    for thread in threads:
        thread.join()
    assert statuses == [500, 204]
    assert duplicates == [False, False]


@pytest.mark.anyio
async def test_the_next_attempt_waits_in_an_event_loop_too() -> None:
    duplicates: list[bool] = []
    statuses: list[int] = []
    started, go_on = anyio.Event(), anyio.Event()

    @ApprovalWebhook.handler(secret=SECRET)
    async def on_approval(event: AsyncApprovalEvent) -> None:
        duplicates.append(event.is_duplicate())
        if len(duplicates) == 1:
            started.set()
            await go_on.wait()
            raise OSError("Slack is down")

    async def handle() -> None:
        statuses.append((await on_approval.handle_async(*delivery())).status)

    async with anyio.create_task_group() as group:
        group.start_soon(handle)
        await started.wait()
        group.start_soon(handle)
        await anyio.wait_all_tasks_blocked()
        assert statuses == []
        go_on.set()
    assert statuses == [500, 204]
    assert duplicates == [False, False]


@pytest.mark.anyio
async def test_a_cancelled_handler_is_asked_again() -> None:
    duplicates: list[bool] = []

    @ApprovalWebhook.handler(secret=SECRET)
    async def on_approval(event: AsyncApprovalEvent) -> None:
        duplicates.append(event.is_duplicate())
        if len(duplicates) == 1:
            scope.cancel()
            await anyio.sleep_forever()

    with anyio.CancelScope() as scope:
        await on_approval.handle_async(*delivery())
    assert (await on_approval.handle_async(*delivery())).status == 204
    assert duplicates == [False, False]


def test_somebody_was_first_is_the_end_of_it(admin: AdminClient, receiver: Receiver) -> None:
    endpoint = admin.create_webhook(url=receiver.url, events=["approval.requested"])
    asked = admin.request_approval(title="t", action="a.b")
    got = receiver.next()
    admin.decide_approval(asked["id"], decision="deny", reason="a person was first")
    calls: list[str] = []

    @ApprovalWebhook.handler(secret=endpoint["secret"] or "")
    def on_approval(event: ApprovalEvent) -> None:
        if not event.is_duplicate():
            calls.append(event.approval_id)
            event.approve()

    for _ in range(2):
        assert on_approval.handle(got.body, got.headers).status == 204
    assert calls == [asked["id"]]

    @ApprovalWebhook.handler(secret=endpoint["secret"] or "")
    def about_another(event: ApprovalEvent) -> None:
        raise AlreadyDecided(409, {"approval": {"id": "apr_other"}})

    assert about_another.handle(got.body, got.headers).status == 500


def test_decisions_are_signed_with_a_secret_that_signs(receiver: Receiver) -> None:
    receiver.status = 200
    pair = Ed25519PrivateKey.generate()
    point = pair.public_key().public_bytes_raw()
    public = "whpk_" + base64.b64encode(point).decode()
    old = "whsec_" + base64.b64encode(b"o" * 32).decode()
    body, by_new = delivery(receiver.url)
    by_old = sign_webhook(secret=old, body=body, id="evt_1")
    content = f"evt_1.{by_new['webhook-timestamp']}.".encode() + body
    made = base64.b64encode(pair.sign(content)).decode()
    by_pair = {**by_new, "webhook-signature": f"v1a,{made}"}

    def decide(event: ApprovalEvent) -> None:
        event.approve()

    for secrets, headers, signer in (
        ([SECRET, old], by_old, old),
        ([public, SECRET, old], by_new, SECRET),
        ([public, SECRET], by_pair, SECRET),
    ):
        on_approval = ApprovalWebhook.handler(secret=secrets)(decide)
        assert on_approval.handle(body, headers).status == 204
        got = receiver.next()
        verify_signature("standard", secret=signer, headers=got.headers, body=got.body)

    def cannot(event: ApprovalEvent) -> None:
        with pytest.raises(BadSecret, match="whsec_"):
            event.approve()

    assert ApprovalWebhook.handler(secret=public)(cannot).handle(body, by_pair).status == 204


@pytest.mark.parametrize("secret", ["", "whsec_AAAA"])
def test_a_secret_that_cannot_be_read_is_seen(secret: str) -> None:
    with pytest.raises(BadSecret):
        ApprovalWebhook.handler(secret=secret)(lambda _: None).handle(*delivery())


def test_what_names_no_approval_is_refused() -> None:
    body = b'{"id":"evt_1","type":"approval.requested","workspace_id":"w","data":[]}'
    headers = sign_webhook(secret=SECRET, body=body, id="evt_1")
    handler = ApprovalWebhook.handler(secret=SECRET)(lambda _: None)
    assert handler.handle(body, headers).status == 400


@pytest.mark.parametrize("dialect", ["standard", "paygraph"])
def test_the_server_takes_the_decision(admin: AdminClient, dialect: Scheme) -> None:
    late: Queue[ApprovalEvent] = Queue()
    store = MemoryStore()
    handlers: list[ApprovalHandler] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        # The secret is known once the endpoint is made, for which the port has to be.
        await handlers[0](scope, receive, send)

    def decide(event: ApprovalEvent) -> None:
        if event.is_duplicate():
            return
        if event.title == "later":
            late.put(event)
        elif event.title == "yes":
            event.approve(reason="fine")
        else:
            event.deny(reason="no")

    api = FastAPI()
    api.mount("/approvals", application)
    with serving(api) as url:
        endpoint = admin.create_webhook(
            url=url + "/approvals/", events=["approval.requested"], dialect=dialect
        )
        secret = endpoint["secret"]
        assert secret is not None
        handlers.append(ApprovalWebhook.handler(secret=secret, store=store)(decide))
        for title, status in (("yes", "approved"), ("no", "denied")):
            asked = admin.request_approval(title=title, action="a.b", timeout="60s")
            ended = admin.get_approval(asked["id"], wait="20s")
            assert ended["status"] == status
            assert ended["decided_by"] == [f"endpoint:{endpoint['id']}"]
        asked = admin.request_approval(title="later", action="a.b", timeout="60s")
        event = late.get(timeout=20)

    assert event.deny(reason="on second thoughts").wait(10)["status"] == "denied"
    # The same again is the same; another one comes too late.
    assert event.deny(reason="on second thoughts").wait(10)["status"] == "denied"
    with pytest.raises(AlreadyDecided) as refused:
        event.approve()
    assert refused.value.approval is not None
    assert refused.value.approval["status"] == "denied"
    assert admin.get_approval(asked["id"])["reason"] == "on second thoughts"
    forged = ApprovalEvent(event.event, secret=SECRET, store=store)
    with pytest.raises(Unauthorized):
        forged.approve()


def test_async_handlers_work_too(receiver: Receiver) -> None:
    receiver.status = 200

    @ApprovalWebhook.handler(secret=SECRET)
    async def on_approval(event: AsyncApprovalEvent) -> None:
        if not event.is_duplicate():
            await event.approve()
            decision = await event.deny()
            assert decision.done()

    body, headers = delivery(receiver.url)
    assert anyio.run(on_approval.handle_async, body, headers).status == 204
    assert on_approval.handle(body, headers).status == 204
    decisions = [json.loads(receiver.next().body)["decision"] for _ in range(2)]
    assert decisions == ["approve", "deny"]


def test_it_is_an_asgi_application() -> None:
    @ApprovalWebhook.handler(secret=SECRET)
    def on_approval(event: ApprovalEvent) -> None:
        raise OSError("boom")

    body, headers = delivery()
    api = FastAPI()
    api.add_route("/approvals", on_approval, methods=["POST"])  # type: ignore[arg-type]

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(api)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [
                (await client.post("/approvals", content=body, headers=headers)).status_code,
                (await client.post("/approvals", content=body)).status_code,
                (await client.get("/approvals")).status_code,
                (await client.post("/approvals", content=b"x" * 2_000_000)).status_code,
            ]

    assert anyio.run(ask) == [500, 401, 405, 413]


def test_it_has_a_flask_view() -> None:
    seen: list[str] = []

    @ApprovalWebhook.handler(secret=SECRET)
    def on_approval(event: ApprovalEvent) -> None:
        seen.append(event.title)

    app = flask.Flask("test")
    app.post("/approvals")(on_approval.flask)
    app.post("/the-same")(on_approval.flask)
    other = ApprovalWebhook.handler(secret=SECRET)(lambda _: seen.append("other"))
    another = ApprovalWebhook.handler(secret=SECRET)(lambda _: seen.append("another"))
    app.post("/other")(other.flask)
    app.post("/another")(another.flask)
    body, headers = delivery()
    with app.test_client() as client:
        assert client.post("/approvals", data=body, headers=headers).status_code == 204
        assert client.post("/approvals", data=body + b" ", headers=headers).status_code == 401
        assert client.post("/approvals", data=b"x" * 2_000_000).status_code == 413
        for path in ("/other", "/another", "/the-same"):
            assert client.post(path, data=body, headers=headers).status_code == 204
    assert seen == ["apr_1", "other", "another", "apr_1"]
    assert verify_webhook(secret=SECRET, body=body, headers=headers).id == "evt_1"
