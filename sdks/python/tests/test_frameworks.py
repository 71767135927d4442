"""The helpers for web frameworks."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Annotated

import anyio
import flask
import httpx
import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from werkzeug.test import create_environ, run_wsgi_app

import bellwire.fastapi
import bellwire.flask
import bellwire.starlette
from bellwire import BadSecret, WebhookEvent, sign_webhook

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
BODY = b'{"id":"evt_1","type":"a.b","workspace_id":"ws-1","namespace":null,"data":{"n":1}}'

api = FastAPI()
Event = Annotated[WebhookEvent, Depends(bellwire.fastapi.webhook(secret=SECRET))]


@api.post("/hook")
async def hook(event: Event) -> dict[str, object]:
    return {"id": event.id, "data": event.data}


async def endpoint(request: Request) -> Response:
    event = await bellwire.starlette.verified_event(request, secret=SECRET)
    return JSONResponse({"id": event.id, "data": event.data})


def answers(application: object) -> list[tuple[int, bytes]]:
    async def ask() -> list[tuple[int, bytes]]:
        transport = httpx.ASGITransport(application)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            headers = sign_webhook(secret=SECRET, body=BODY, id="evt_1")
            good = await client.post("/hook", content=BODY, headers=headers)
            bad = await client.post("/hook", content=BODY + b" ", headers=headers)
            twice = await client.post(
                "/hook", content=BODY, headers=[*headers.items(), ("webhook-id", "evt_1")]
            )
            return [(one.status_code, one.content) for one in (good, bad, twice)]

    return anyio.run(ask)


def test_fastapi_has_a_dependency() -> None:
    good, bad, twice = answers(api)
    assert good == (200, b'{"id":"evt_1","data":{"n":1}}')
    assert bad == (401, b'{"detail":"no signature matches"}')
    assert twice == (401, b'{"detail":"header webhook-id is malformed"}')


def test_starlette_has_a_function() -> None:
    good, bad, _ = answers(Starlette(routes=[Route("/hook", endpoint, methods=["POST"])]))
    assert good == (200, b'{"id":"evt_1","data":{"n":1}}')
    assert bad == (401, b"no signature matches")


def test_flask_has_a_function() -> None:
    app = flask.Flask("test")

    @app.post("/hook")
    def hook() -> dict[str, object]:
        event = bellwire.flask.verified_event(secret=SECRET)
        return {"id": event.id, "data": event.data}

    headers = sign_webhook(secret=SECRET, body=BODY, id="evt_1")
    with app.test_client() as client:
        good = client.post("/hook", data=BODY, headers=headers)
        assert (good.status_code, good.json) == (200, {"id": "evt_1", "data": {"n": 1}})
        bad = client.post("/hook", data=BODY + b" ", headers=headers)
        assert bad.status_code == 401
        assert b"no signature matches" in bad.data


def test_too_much_is_not_read() -> None:
    asked = 0

    async def receive() -> dict[str, object]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"x" * 400_000, "more_body": True}

    async def ask(headers: list[tuple[bytes, bytes]]) -> int:
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
        with pytest.raises(HTTPException) as refused:
            await bellwire.starlette.verified_event(Request(scope, receive), secret=SECRET)
        return refused.value.status_code

    assert anyio.run(ask, [(b"content-length", b"2000000")]) == 413
    assert asked == 0
    assert anyio.run(ask, []) == 413
    assert asked == 3


class Endless:
    """A body without an end."""

    def __init__(self) -> None:
        self.length = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "all of it is asked for"
        self.length += size
        return b"x" * size


def test_flask_does_not_read_too_much_either() -> None:
    app = flask.Flask("test")
    app.post("/hook")(lambda: bellwire.flask.verified_event(secret=SECRET).id)
    body = Endless()
    with app.test_client() as client:
        assert client.post("/hook", data=b"x" * 2_000_000).status_code == 413
    assert chunked(app, body, {})[1] == "413 REQUEST ENTITY TOO LARGE"
    assert body.length < 2_000_000
    headers = sign_webhook(secret=SECRET, body=BODY, id="evt_1")
    parts, status, _ = chunked(app, io.BytesIO(BODY), headers)
    assert (b"".join(parts), status) == (b"evt_1", "200 OK")


def chunked(
    app: flask.Flask, body: object, headers: dict[str, str]
) -> tuple[Iterable[bytes], str, object]:
    """What comes of a request that does not say how long it is."""
    environ = create_environ("/hook", method="POST", headers=headers)
    environ.pop("CONTENT_LENGTH", None)
    environ.update({"wsgi.input": body, "wsgi.input_terminated": True})
    return run_wsgi_app(app, environ)


def test_the_body_is_still_there_afterwards() -> None:
    async def both(request: Request) -> Response:
        event = await bellwire.starlette.verified_event(request, secret=SECRET)
        return JSONResponse({"id": event.id, "data": (await request.json())["data"]})

    good, _, _ = answers(Starlette(routes=[Route("/hook", both, methods=["POST"])]))
    assert good == (200, b'{"id":"evt_1","data":{"n":1}}')


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA"])
def test_a_secret_that_cannot_be_read_is_not_the_senders_fault(secret: str) -> None:
    async def endpoint(request: Request) -> Response:
        return Response((await bellwire.starlette.verified_event(request, secret=secret)).id)

    with pytest.raises(BadSecret):
        answers(Starlette(routes=[Route("/hook", endpoint, methods=["POST"])]))
    app = flask.Flask("test")
    app.post("/hook")(lambda: bellwire.flask.verified_event(secret=secret).id)
    headers = sign_webhook(secret=SECRET, body=BODY, id="evt_1")
    with app.test_client() as client:
        assert client.post("/hook", data=BODY, headers=headers).status_code == 500
