"""Receiving approvals and deciding them, with the endpoint's own secret and no key.

    @ApprovalWebhook.handler(secret=SECRET)
    def on_approval(event):
        if event.is_duplicate():
            return
        if event.transaction["amount_usd"] <= 2000:
            event.approve(reason="within the team's budget")
        else:
            event.deny(reason="too much")

What comes of it is an ASGI application (mount it, or give it to a route of FastAPI or Starlette), has
a `flask` view, and takes a bare body and headers with `handle`.
"""

from __future__ import annotations

import inspect
import itertools
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast, overload

from ._scheme import BadSecret
from ._turns import turns_of
from .approvals import RETRY_DELAYS_S, ApprovalEvent, AsyncApprovalEvent, in_thread
from .dedupe import DuplicateStore, MemoryStore
from .errors import AlreadyDecided
from .signatures import can_sign
from .webhooks import Headers, Scheme, WebhookSignatureError, verify_webhook

log = logging.getLogger("bellwire.approvals")

BODY_BYTES_MAX = 1024 * 1024
# How long a delivery waits for the same one before it. The server gave it up by then.
_TURN_S = 30.0
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Reply:
    """What to answer a delivery with."""

    status: int
    body: bytes = b""


_BUSY = Reply(503, b"it is being handled\n")
Handler = Callable[[ApprovalEvent], object]
AsyncHandler = Callable[[AsyncApprovalEvent], Awaitable[object]]
_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class ApprovalHandler:
    """What `ApprovalWebhook.handler` makes of a function: an ASGI application that answers POST."""

    def __init__(
        self,
        function: Handler | AsyncHandler,
        *,
        secret: str | Sequence[str],
        dialect: Scheme | None,
        store: DuplicateStore | None,
        retry_delays_s: Sequence[float],
    ) -> None:
        self.function = function
        self._secrets = [secret] if isinstance(secret, str) else list(secret)
        self._dialect = dialect
        self._store = MemoryStore() if store is None else store
        self._turns = turns_of(self._store)
        self._retry_delays_s = retry_delays_s
        self._is_async = inspect.iscoroutinefunction(function)
        self.__name__ = getattr(function, "__name__", "approvals")
        self.__doc__ = function.__doc__

    def __repr__(self) -> str:
        return f"ApprovalHandler({self.__name__})"

    def handle(self, body: bytes, headers: Headers) -> Reply:
        """What to answer this delivery with, after the handler had it. Raises BadSecret if the secret
        cannot be read: that is a fault of this side."""
        if self._is_async:
            import anyio

            return anyio.run(self.handle_async, body, headers)
        event = self._asked(body, headers, ApprovalEvent)
        if isinstance(event, Reply):
            return event
        if not self._turns.take(event.approval_id, _TURN_S):
            return _BUSY
        try:
            cast(Handler, self.function)(event)
        except Exception as error:
            return self._failed(event, error)
        except BaseException:
            event.forget()
            raise
        else:
            return self._done(event)
        finally:
            self._turns.give(event.approval_id)

    async def handle_async(self, body: bytes, headers: Headers) -> Reply:
        """The same in an event loop. A function that is not `async` runs in a thread."""
        if not self._is_async:
            return await in_thread(lambda: self.handle(body, headers))
        event = self._asked(body, headers, AsyncApprovalEvent)
        if isinstance(event, Reply):
            return event
        if not await self._turns.take_async(event.approval_id, _TURN_S):
            return _BUSY
        try:
            await cast(AsyncHandler, self.function)(event)
        except Exception as error:
            return self._failed(event, error)
        except BaseException:
            # Cancelled, for one.
            event.forget()
            raise
        else:
            return self._done(event)
        finally:
            self._turns.give(event.approval_id)

    @cached_property
    def flask(self) -> Callable[[], Any]:
        """A Flask view: `app.post("/approvals")(on_approval.flask)`."""

        def view() -> Any:
            import flask

            from .flask import body_of

            body = body_of(flask.request)
            headers = list(flask.request.headers)
            reply = Reply(413) if body is None else self.handle(body, headers)
            return flask.Response(reply.body, reply.status, content_type="text/plain")

        # Flask knows views by their names, and an application may have several of these.
        view.__name__ = f"{self.__name__}_{next(_NUMBERS)}"
        return view

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("this answers http alone")
        if scope["method"] != "POST":
            reply = Reply(405)
        else:
            body = await _body(receive)
            headers = [
                (name.decode("latin-1"), v.decode("latin-1")) for name, v in scope["headers"]
            ]
            reply = Reply(413) if body is None else await self.handle_async(body, headers)
        fields = [(b"content-length", str(len(reply.body)).encode())]
        if reply.body:
            fields.append((b"content-type", b"text/plain; charset=utf-8"))
        if reply.status == 204:
            fields = []
        await send({"type": "http.response.start", "status": reply.status, "headers": fields})
        await send({"type": "http.response.body", "body": reply.body})

    @overload
    def _asked(
        self, body: bytes, headers: Headers, kind: type[AsyncApprovalEvent]
    ) -> AsyncApprovalEvent | Reply: ...
    @overload
    def _asked(
        self, body: bytes, headers: Headers, kind: type[ApprovalEvent]
    ) -> ApprovalEvent | Reply: ...
    def _asked(
        self, body: bytes, headers: Headers, kind: type[ApprovalEvent]
    ) -> ApprovalEvent | Reply:
        try:
            event = verify_webhook(
                secret=self._secrets, body=body, headers=headers, dialect=self._dialect
            )
        except BadSecret:
            # Not the sender's fault: it is to be seen.
            raise
        except WebhookSignatureError as error:
            log.warning("a delivery was refused: %s", error)
            return Reply(401, f"{error}\n".encode())
        if event.type != "approval.requested":
            return Reply(204)
        data = event.data if isinstance(event.data, dict) else {}
        if not all(isinstance(data.get(name), str) for name in ("approval_id", "callback_url")):
            log.error(
                "an approval is without approval_id or callback_url: is its dialect one of %s?",
                "standard, cloudevents, trove, trovefiles, paygraph",
            )
            return Reply(400, b"the approval has no approval_id or no callback_url\n")
        return kind(
            event,
            secret=self._signing(event.secret_index),
            store=self._store,
            retry_delays_s=self._retry_delays_s,
        )

    def _signing(self, index: int) -> str | None:
        """The secret to sign decisions with: the one that verified, or the first that can."""
        ordered = [self._secrets[index], *self._secrets]
        return next((secret for secret in ordered if can_sign(secret)), None)

    def _done(self, event: ApprovalEvent) -> Reply:
        if event.is_told():
            return Reply(204)
        # A decision that is only in this process ends with it. Its sending goes on meanwhile.
        log.warning("the decision about %s is not taken yet; it is asked again", event.approval_id)
        event.forget()
        return Reply(503, b"the decision is not taken yet\n")

    def _failed(self, event: ApprovalEvent, error: Exception) -> Reply:
        if isinstance(error, AlreadyDecided) and event.is_ended_by(error):
            # Nothing is left to be done about it.
            log.info("%s was decided before", event.approval_id)
            return Reply(204)
        log.error("the handler of %s failed; it is asked again", event.approval_id, exc_info=error)
        event.forget()
        return Reply(500, b"the handler failed\n")


class ApprovalWebhook:
    """Where approvals come in."""

    @staticmethod
    def handler(
        *,
        secret: str | Sequence[str],
        dialect: Scheme | None = None,
        store: DuplicateStore | None = None,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
    ) -> Callable[[Handler | AsyncHandler], ApprovalHandler]:
        """Makes an endpoint of a function that gets an ApprovalEvent, or an AsyncApprovalEvent if it
        is `async`.

        Every delivery is verified with `secret` first: by the Standard Webhooks headers, which come
        with every dialect, unless a `dialect` is named. Events other than `approval.requested` are
        accepted and dropped. If the function raises, the delivery is answered with 500 and comes
        again, but not after an AlreadyDecided about this approval, which is the end of it. If a
        decision was not taken when the function returns, the answer is 503 and it comes again too.
        One approval is handled by one call at a time. `store` is where `is_duplicate` remembers: this
        process, if absent.
        """

        def made(function: Handler | AsyncHandler) -> ApprovalHandler:
            return ApprovalHandler(
                function,
                secret=secret,
                dialect=dialect,
                store=store,
                retry_delays_s=retry_delays_s,
            )

        return made


async def _body(receive: _Receive) -> bytes | None:
    """The body of a request; None if it is too large."""
    parts, length = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        parts.append(part)
        length += len(part)
        if length > BODY_BYTES_MAX:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)
