"""The one place that talks HTTP: keys, tries, errors."""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, TypeVar

import httpx

from .. import _json
from .._lines import Lines
from .._request import RetryPolicy, base_url_of, path_of, query_of, retries_status
from .._sse import Frame, Frames
from .._version import __version__
from ..errors import APIError, BellwireError, TransportError, error_of, retry_after_s
from .paging import AsyncPager
from .seams import exchange, sleep

# The server sends a comment every 15 seconds; silence for longer is a dead connection.
_HEARTBEATS_S = 45.0
DEFAULT_URL = "http://127.0.0.1:4800"
T = TypeVar("T")
_Self = TypeVar("_Self", bound="AsyncTransport")


class AsyncTransport:
    """What every group of methods stands on. Use `AsyncClient` or `AsyncAdminClient`."""

    def __init__(
        self,
        api_key: str | None = None,
        workspace_id: str | None = None,
        base_url: str | None = None,
        *,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        """`api_key` and `base_url` are `BELLWIRE_KEY` and `BELLWIRE_URL` of the environment if absent.

        A key acts in one workspace. With a `workspace_id` the client makes sure that it is this one
        before it does anything, so that a key in the wrong place does no harm.

        `timeout` is in seconds and for each try, from its beginning to the last byte of the answer.
        An `http_client` of your own (a proxy, certificates) is not closed by this client.
        """
        key = api_key or os.environ.get("BELLWIRE_KEY")
        if not key:
            raise ValueError("no API key: pass api_key=, or set BELLWIRE_KEY")
        if any(not "!" <= c <= "~" for c in key):
            # Said here and without the key; said later it would be with it.
            raise ValueError("the API key holds a character that no key has, such as a line end")
        url = base_url or os.environ.get("BELLWIRE_URL") or DEFAULT_URL
        self._base_url = base_url_of(url)
        self._retry = retry or RetryPolicy()
        self._timeout = timeout
        self._headers = httpx.Headers(
            {"authorization": f"Bearer {key}", "user-agent": f"bellwire-python/{__version__}"}
        )
        self._workspace_id = workspace_id
        self._workspace_seen = workspace_id is None
        self._own_http = http_client is None
        self._http = http_client or httpx.AsyncClient()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._base_url!r})"

    async def __aenter__(self: _Self) -> _Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._own_http:
            await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Any request of the API, as the methods make them; the parsed answer. Without an
        `idempotency_key` only a GET is repeated if it is in doubt whether it was done."""
        answer: Any = await self._request(
            method,
            path,
            query=query,
            body=body,
            headers=headers,
            idempotency_key=idempotency_key,
        )
        return answer

    async def _request(
        self,
        method: str,
        template: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        keyed: bool = False,
        repeatable: bool = False,
        patience_s: float = 0.0,
    ) -> T:  # sync: type: ignore[type-var]
        """The parsed answer, after as many tries as it takes and the policy allows. Its type is what
        the caller says that the route answers with.

        `keyed`: the route knows idempotency keys, so one is made, and the request may be repeated.
        `repeatable`: it may be repeated as it is.
        `patience_s`: so much longer than usual the answer may take.
        """
        if not self._workspace_seen:
            await self._see_workspace()
        key = idempotency_key or (f"py-{uuid.uuid4()}" if keyed else None)
        try:
            response = await self._answered(
                method,
                template,
                path=path,
                query=query,
                body=body,
                headers=headers if key is None else {**(headers or {}), "idempotency-key": key},
                patience_s=patience_s,
                repeatable=repeatable or method == "GET" or key is not None,
            )
            if response.status_code == 204 or not response.content:
                return None  # type: ignore[return-value]
            answer: T = self._parsed(method, template, response)
            return answer
        except TransportError as error:
            error.idempotency_key = key
            raise

    def _parsed(self, method: str, template: str, response: httpx.Response) -> Any:
        try:
            answer = _json.loads(response.content)
        except ValueError:
            answer = None
        # Whatever the API answers with is an object.
        if not isinstance(answer, dict):
            raise TransportError(
                f"{method} {template}: the answer is not JSON as the API has it; "
                f"is {self._base_url} Bellwire?"
            )
        return answer

    async def _answered(
        self,
        method: str,
        template: str,
        *,
        repeatable: bool,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        patience_s: float = 0.0,
    ) -> httpx.Response:
        """The first answer that is good, or final. `repeatable`: it does no harm twice."""
        request = self._built(method, template, path, query, body, headers, patience_s)
        retry = 0
        while True:
            asked_s = None
            try:
                response = await exchange(self._http, request, self._timeout + patience_s)
            except httpx.RequestError as error:
                # What could not connect was not sent.
                unsent = isinstance(
                    error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
                )
                delay = self._delay_s(retry, None) if unsent or repeatable else None
                if delay is None:
                    raise self._unanswered(method, template, error) from error
            else:
                if response.is_success:
                    return response
                asked_s = retry_after_s(response.headers)
                again = retries_status(
                    response.status_code, response.headers, repeatable=repeatable
                )
                delay = self._delay_s(retry, asked_s) if again else None
                if delay is None:
                    raise error_of(response.status_code, _problem(response), response.headers)
            await sleep(delay)
            retry += 1

    @asynccontextmanager
    async def _streamed(
        self,
        template: str,
        *,
        query: Mapping[str, Any],
        accept: str,
        headers: Mapping[str, str] | None = None,
        read_timeout: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """An answer that is read as it comes. One try."""
        if not self._workspace_seen:
            await self._see_workspace()
        request = self._built("GET", template, None, query, None, headers, 0.0)
        request.headers["accept"] = accept
        request.extensions["timeout"] = {
            "connect": self._timeout,
            "read": read_timeout or self._timeout,
            "write": self._timeout,
            "pool": self._timeout,
        }
        try:
            response = await self._http.send(request, stream=True, follow_redirects=False)
            try:
                if not response.is_success:
                    await response.aread()
                    raise error_of(response.status_code, _problem(response), response.headers)
                yield response
            finally:
                await response.aclose()
        except httpx.RequestError as error:
            raise self._unanswered("GET", template, error) from error

    async def _followed(
        self,
        template: str,
        *,
        query: Mapping[str, Any],
        after: Callable[[], Awaitable[str]] | None = None,
    ) -> AsyncGenerator[Frame, None]:
        """The frames of a stream, for ever. A connection that breaks is made again, behind what
        `after` then says; so is one that cannot be made at first.
        """
        retry = 0
        while True:
            frames, lines = Frames(), Lines()
            try:
                place = {} if after is None else {"after": await after()}
                async with self._streamed(
                    template,
                    query={**query, **place},
                    accept="text/event-stream",
                    read_timeout=_HEARTBEATS_S,
                ) as response:
                    async for chunk in response.aiter_bytes():
                        retry = 0
                        for line in lines.push(chunk):
                            frame = frames.push(line)
                            if frame is not None:
                                yield frame
            except TransportError:
                # Tried again for ever: `retry` only makes the pauses longer.
                delay = self._retry.reconnect_s(retry)
            except APIError as error:
                if error.status not in (429, 502, 503, 504):
                    raise
                asked_s = min(float(error.retry_after or 0), self._retry.retry_after_max_s)
                delay = max(self._retry.reconnect_s(retry), asked_s)
            else:
                # The server is stopping.
                delay = self._retry.reconnect_s(retry)
            await sleep(delay)
            retry += 1

    def _paged(
        self,
        method: str,
        template: str,
        items: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any],
    ) -> AsyncPager[T]:
        """A list whose pages are at `template`, under the name `items`."""

        async def fetch(query: Mapping[str, Any]) -> Any:
            answer: Any = await self._request(method, template, path=path, query=query)
            return answer

        return AsyncPager(fetch, items, query)

    async def _see_workspace(self) -> None:
        response = await self._answered("GET", "/v1/me", repeatable=True)
        found = self._parsed("GET", "/v1/me", response).get("workspace_id")
        if found != self._workspace_id:
            raise BellwireError(f"the key is of {found}, not of {self._workspace_id}")
        self._workspace_seen = True

    def _built(
        self,
        method: str,
        template: str,
        path: Mapping[str, str] | None,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        patience_s: float,
    ) -> httpx.Request:
        request = self._http.build_request(
            method,
            self._base_url + path_of(template, path or {}),
            params=query_of(query or {}) or None,
            content=None if body is None else _json.encoded(body),
            headers=headers,
            timeout=self._timeout + patience_s,
        )
        request.headers.update(self._headers)
        if body is not None:
            request.headers["content-type"] = "application/json"
        return request

    def _delay_s(self, retry: int, asked_s: int | None) -> float | None:
        return self._retry.delay_s(retry, random.random(), asked_s)  # noqa: S311

    def _unanswered(self, method: str, template: str, error: Exception) -> TransportError:
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        return TransportError(f"{method} {template}: no answer from {self._base_url} ({said})")


def _problem(response: httpx.Response) -> object:
    try:
        return _json.loads(response.content)
    except ValueError:
        return {"detail": response.text[:200]}
