"""Tries, time-outs, errors: against a transport that does as it is told."""

from __future__ import annotations

import asyncio
import json
import pickle
import socket
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import anyio
import httpx
import pytest

import bellwire._async.transport
import bellwire._sync.transport
from bellwire import (
    AdminClient,
    APIError,
    ApprovalRequired,
    AsyncAdminClient,
    BellwireError,
    BudgetExhausted,
    Client,
    Conflict,
    RateLimited,
    RetryPolicy,
    ServerError,
    TransportError,
    Unavailable,
)
from bellwire._request import retries_status
from bellwire.errors import retry_after_s

KEY = "bw_live_secret_of_the_test"
Answer = httpx.Response | Exception


class Script:
    """Answers in order, and what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting."""
    made: list[float] = []

    async def sleep(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr(bellwire._sync.transport, "sleep", made.append)
    monkeypatch.setattr(bellwire._async.transport, "sleep", sleep)
    return made


def client(script: Script, **more: Any) -> AdminClient:
    http = httpx.Client(transport=httpx.MockTransport(script))
    return AdminClient(KEY, base_url="http://bellwire.test", http_client=http, **more)


def answer(status: int, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body if body is not None else {}, headers=named)


ACCEPTED = {"event": {"id": "evt_1"}, "deliveries": 0}


def test_a_post_is_repeated_under_one_key(pauses: list[float]) -> None:
    script = Script(httpx.ReadTimeout("slow"), answer(503, retry_after="3"), answer(202, ACCEPTED))
    assert client(script).post_event("a.b", {}) == ACCEPTED
    keys = {request.headers["idempotency-key"] for request in script.asked}
    assert len(script.asked) == 3
    assert len(keys) == 1
    assert 0.25 <= pauses[0] <= 0.5
    assert pauses[1] == 3.0
    assert {request.headers["authorization"] for request in script.asked} == {f"Bearer {KEY}"}
    assert {request.extensions["timeout"]["read"] for request in script.asked} == {30.0}


@pytest.mark.anyio
async def test_the_async_twin_repeats_it_too(pauses: list[float]) -> None:
    script = Script(httpx.ConnectError("no"), answer(429), answer(202, ACCEPTED))
    http = httpx.AsyncClient(transport=httpx.MockTransport(script))
    made = AsyncAdminClient(KEY, base_url="http://bellwire.test", http_client=http)
    assert await made.post_event("a.b", {}) == ACCEPTED
    assert len(script.asked) == 3
    assert len(pauses) == 2
    await http.aclose()


def test_what_is_not_safe_is_not_repeated(pauses: list[float]) -> None:
    for fault in (httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut off")):
        script = Script(fault)
        with pytest.raises(TransportError, match=r"no answer from http://bellwire\.test"):
            client(script).consume_approval("apr_1", action_digest="0" * 64)
        assert len(script.asked) == 1
    script = Script(answer(502))
    with pytest.raises(ServerError):
        client(script).consume_approval("apr_1", action_digest="0" * 64)
    assert pauses == []
    # What was never sent, or surely not done, is.
    script = Script(httpx.ConnectError("no"), answer(503), answer(201, {"id": "key_1"}))
    client(script).consume_approval("apr_1", action_digest="0" * 64)
    assert len(script.asked) == 3


def test_tries_are_bounded_and_so_is_patience(pauses: list[float]) -> None:
    script = Script(*[answer(503, {"code": "unavailable"})] * 4)
    with pytest.raises(Unavailable):
        client(script, retry=RetryPolicy(retries=3)).me()
    assert len(script.asked) == 4
    assert len(pauses) == 3
    script = Script(answer(429, retry_after="3600"))
    with pytest.raises(RateLimited) as refused:
        client(script).me()
    assert refused.value.retry_after == 3600
    script = Script(answer(429))
    with pytest.raises(RateLimited):
        client(script, retry=RetryPolicy(retries=0)).me()


def test_what_is_under_way_is_asked_again(pauses: list[float]) -> None:
    script = Script(answer(409, retry_after="1"), answer(202, ACCEPTED))
    client(script).post_event("a.b", {})
    assert len(script.asked) == 2
    script = Script(answer(409))
    with pytest.raises(Conflict):
        client(script).post_event("a.b", {})


def test_the_server_can_say_that_it_is_final() -> None:
    assert not retries_status(503, {"x-should-retry": "false"}, repeatable=True)
    assert retries_status(503, {}, repeatable=False)
    assert not retries_status(504, {}, repeatable=False)
    assert not retries_status(402, {}, repeatable=True)
    assert not retries_status(500, {}, repeatable=True)


def test_pauses_grow_and_are_capped() -> None:
    policy = RetryPolicy(retries=20)
    assert [policy.delay_s(n, 1.0, None) for n in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert policy.delay_s(0, 0.0, None) == 0.25
    assert policy.delay_s(20, 0.0, None) is None
    assert policy.delay_s(0, 0.5, 60) == 60
    assert policy.delay_s(0, 0.5, 61) is None


PROBLEM = {
    "code": "budget_exceeded",
    "detail": "The budget is short.",
    "request_id": "req_1",
    "wallet_id": "wal_1",
    "blocking_wallet_id": "wal_0",
    "budget_limit_usd": 10.00,
    "spent_usd": 9,
    "held_usd": 0.5,
    "requested_usd": "1.00",
    "available_usd": 0.5,
    "resets_at": "2026-12-01T00:00:00.000Z",
}


def test_errors_hold_all_and_survive_a_process(pauses: list[float]) -> None:
    with pytest.raises(BudgetExhausted) as refused:
        client(Script(answer(402, PROBLEM, x_should_retry="false"))).wallet("wal_1").purchase(
            amount_usd=1, vendor="v", description="d"
        )
    error = refused.value
    assert error.blocking_wallet_id == "wal_0"
    assert error.spent_usd == Decimal(9)
    assert error.resets_at is not None
    assert error.resets_at.month == 12
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), str(again), again.spent_usd) == (type(error), str(error), error.spent_usd)
    asked = ApprovalRequired(
        {"purchase": {"id": "pur_1"}, "approval": {"id": "apr_1", "expires_at": None}}
    )
    assert pickle.loads(pickle.dumps(asked)).approval_id == "apr_1"  # noqa: S301


def test_a_strange_answer_is_an_error_of_its_own(pauses: list[float]) -> None:
    with pytest.raises(TransportError, match="not JSON"):
        client(Script(httpx.Response(200, text="<html>"))).me()
    with pytest.raises(APIError) as refused:
        client(Script(httpx.Response(418, text="<html>teapot"))).me()
    assert (refused.value.code, refused.value.detail) == ("http_418", "<html>teapot")
    with pytest.raises(APIError):
        client(Script(httpx.Response(301, headers={"location": "http://elsewhere.test"}))).me()


HTML = b"<html>"


@pytest.mark.parametrize("content", [HTML, b"[]", b'"text"', b'{"n": 1e9999999999999999999}'])
def test_whatever_comes_is_an_error_of_the_client(content: bytes, pauses: list[float]) -> None:
    def strange() -> httpx.Response:
        return httpx.Response(200, content=content)

    with pytest.raises(TransportError, match=r"is http://bellwire\.test Bellwire"):
        client(Script(strange()), workspace_id="ws-1").me()
    with pytest.raises(BellwireError):
        list(client(Script(strange())).list_events())
    with pytest.raises(TransportError):
        list(client(Script(strange())).export_audit())
    with pytest.raises(BellwireError):
        client(Script(answer(200, {}))).list_events().page()
    for status in (400, 402, 409, 500):
        with pytest.raises(APIError) as refused:
            client(Script(httpx.Response(status, content=content))).me()
        assert refused.value.status == status
    odd: dict[str, Any] = {"errors": 5, "budget_limit_usd": "much", "resets_at": 7, "approval": []}
    with pytest.raises(BudgetExhausted):
        client(Script(answer(402, odd))).me()


def test_an_error_says_what_to_ask_again_with(pauses: list[float]) -> None:
    def fault() -> Answer:
        return httpx.ReadTimeout("slow")

    script = Script(*[fault() for _ in range(4)])
    with pytest.raises(TransportError) as unknown:
        client(script).post_event("a.b", {})
    key = unknown.value.idempotency_key
    assert key
    assert {request.headers["idempotency-key"] for request in script.asked} == {key}
    assert pickle.loads(pickle.dumps(unknown.value)).idempotency_key == key  # noqa: S301
    with pytest.raises(TransportError) as unknown:
        client(Script(httpx.Response(200, content=HTML))).post_event("a.b", {}, idempotency_key="k")
    assert unknown.value.idempotency_key == "k"
    with pytest.raises(TransportError) as unknown:
        client(Script(*[fault() for _ in range(4)])).me()
    assert unknown.value.idempotency_key is None


def test_a_date_is_a_time_to_come_back_at() -> None:
    date = "Sat, 21 Nov 2026 22:01:02 GMT"
    later = "Sat, 21 Nov 2026 22:01:32 GMT"
    assert retry_after_s({"retry-after": later, "date": date}) == 30
    assert retry_after_s({"retry-after": date, "date": later}) == 0
    assert retry_after_s({"retry-after": "Sat, 21 Nov 2026"}) in (None, 0)
    for odd in ("soon", "-1", "1.5", ""):
        assert retry_after_s({"retry-after": odd}) is None
    assert (retry_after_s({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}) or 0) > 10**9


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@127.0.0.1",
        "https://hunter2@bellwire.test",
        "http://bellwire.test/?key=hunter2",
        "http://bellwire.test/#hunter2",
        "http://[hunter2",
        "http://bellwire.test:hunter2",
        "ftp://hunter2",
        "hunter2",
        "http:///hunter2",
        "http://hunter2\n",
        "http://hunter2 x",
    ],
)
def test_a_base_url_is_a_place_and_not_a_secret(url: str) -> None:
    with pytest.raises(ValueError, match="base_url") as refused:
        AdminClient(KEY, base_url=url)
    assert "hunter2" not in every_text(refused.value)


class Dripping:
    """Answers one byte at a time, each of them in time."""

    def __enter__(self) -> str:
        self.end = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self) -> None:
        connection, _ = self.socket.accept()
        with connection:
            connection.recv(65536)
            body = json.dumps({"workspace_id": "x" * 200}).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n"
            try:
                connection.sendall(head.encode())
                for byte in body:
                    connection.sendall(bytes([byte]))
                    if self.end.wait(0.02):
                        return
            except OSError:
                pass

    def __exit__(self, *_: object) -> None:
        self.end.set()
        self.thread.join()
        self.socket.close()


@pytest.mark.anyio
async def test_a_time_out_is_of_the_whole_answer() -> None:
    patience = RetryPolicy(retries=0)
    with (
        Dripping() as url,
        AdminClient(KEY, base_url=url, timeout=0.3, retry=patience) as one,
        pytest.raises(TransportError, match=r"no whole answer within 0\.3 s"),
    ):
        one.request("GET", "/v1/me")
    with Dripping() as url:
        async with AsyncAdminClient(KEY, base_url=url, timeout=0.3, retry=patience) as other:
            with pytest.raises(TransportError, match=r"no whole answer within 0\.3 s"):
                await other.request("GET", "/v1/me")


@pytest.mark.anyio
async def test_a_hold_that_cannot_be_voided_does_not_keep_its_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import bellwire._async.wallet

    monkeypatch.setattr(bellwire._async.wallet, "_VOID_S", 0.1)

    async def answering(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/void"):
            await anyio.sleep_forever()
        return answer(201, {"id": "hld_1", "amount_usd": 5, "status": "held"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answering)) as http:
        made = AsyncAdminClient(KEY, base_url="http://bellwire.test", http_client=http)
        with anyio.CancelScope() as scope:
            async with made.wallet("wal_1").hold(amount_usd=5, vendor="v"):
                scope.cancel()
                await anyio.sleep_forever()
    assert "hld_1 could not be voided" in caplog.text


class Making:
    """A server at which a hold is being made until it is let through."""

    def __init__(self, made: httpx.Response) -> None:
        self.begun = anyio.Event()
        self.through = anyio.Event()
        self.made = made
        self.asked: list[str] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path.endswith("/holds"):
            self.begun.set()
            await self.through.wait()
            return self.made
        return answer(200, {"id": "hld_1", "amount_usd": 5, "status": "voided"})

    async def take(self) -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(self)) as http:
            made = AsyncAdminClient(KEY, base_url="http://bellwire.test", http_client=http)
            async with made.wallet("wal_1").hold(amount_usd=5, vendor="v", wait=True):
                raise AssertionError("it was cancelled before")


HELD = {"id": "hld_1", "amount_usd": 5, "status": "held"}
ASKED = {"purchase": {"id": "pur_1"}, "hold": HELD, "approval": {"id": "apr_1"}}


@pytest.mark.parametrize(
    ("made", "undone"),
    [
        (answer(201, HELD), ["/v1/holds/hld_1/void"]),
        (answer(202, ASKED), ["/v1/approvals/apr_1/cancel", "/v1/holds/hld_1/void"]),
        (answer(402, {"code": "budget_exceeded"}), []),
    ],
)
@pytest.mark.anyio
async def test_a_hold_that_is_cancelled_while_it_is_made_is_voided(
    made: httpx.Response, undone: list[str]
) -> None:
    server = Making(made)
    async with anyio.create_task_group() as group:
        group.start_soon(server.take)
        await server.begun.wait()
        group.cancel_scope.cancel()
        server.through.set()
    assert server.asked == ["/v1/wallets/wal_1/holds", *undone]


def test_a_task_that_is_cancelled_twice_voids_its_hold_all_the_same() -> None:
    async def run() -> list[str]:
        server = Making(answer(201, HELD))
        task = asyncio.ensure_future(server.take())
        await server.begun.wait()
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
        server.through.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return server.asked

    assert asyncio.run(run()) == ["/v1/wallets/wal_1/holds", "/v1/holds/hld_1/void"]


@pytest.mark.anyio
async def test_a_hold_whose_answer_does_not_come_does_not_keep_its_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import bellwire._async.wallet

    monkeypatch.setattr(bellwire._async.wallet, "_VOID_S", 0.1)
    server = Making(answer(201, HELD))
    async with anyio.create_task_group() as group:
        group.start_soon(server.take)
        await server.begun.wait()
        group.cancel_scope.cancel()
    assert server.asked == ["/v1/wallets/wal_1/holds"]
    assert "no answer about a hold of wal_1" in caplog.text


def every_text(error: BaseException) -> str:
    texts = []
    seen: BaseException | None = error
    while seen is not None:
        texts += [repr(seen), str(seen), repr(vars(seen))]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(texts)


@pytest.mark.parametrize(
    "fault", [lambda: httpx.ReadTimeout("x"), lambda: answer(401, {"code": "unauthorized"})]
)
def test_keys_are_in_no_text(fault: Callable[[], Answer], pauses: list[float]) -> None:
    script = Script(*[fault() for _ in range(4)])
    made = client(script)
    assert KEY not in repr(made)
    assert KEY not in repr(vars(made))
    with pytest.raises((TransportError, APIError)) as refused:
        made.me()
    assert KEY not in every_text(refused.value)


def test_a_client_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELLWIRE_KEY", raising=False)
    with pytest.raises(ValueError, match="BELLWIRE_KEY"):
        Client()
    with pytest.raises(ValueError, match="line end") as refused:
        Client(KEY + "\n")
    assert KEY not in every_text(refused.value)
    monkeypatch.setenv("BELLWIRE_KEY", KEY)
    monkeypatch.setenv("BELLWIRE_URL", "http://other.test/")
    with Client() as made:
        assert repr(made) == "Client(base_url='http://other.test')"
