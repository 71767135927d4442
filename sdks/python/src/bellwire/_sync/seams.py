"""What waiting is, here and in `bellwire._async.seams`. Both are written by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, TypeVar, cast

import httpx

T = TypeVar("T")


def sleep(seconds: float) -> None:
    """Waits."""
    time.sleep(seconds)


def shield(within_s: float) -> AbstractContextManager[object]:  # noqa: ARG001
    """Nothing cancels a thread."""
    return nullcontext()


def kept(work: Callable[[], T], undo: Callable[[T], None], within_s: float) -> T:  # noqa: ARG001
    """What `work` gives: nothing cancels a thread."""
    return work()


def exchange(http: httpx.Client, request: httpx.Request, within_s: float) -> httpx.Response:
    """The whole answer, in about so many seconds: each wait for more of it is no longer than that,
    and none begins later."""
    end = time.monotonic() + within_s
    response = http.send(request, stream=True, follow_redirects=False)
    try:
        response.stream = _Until(cast(httpx.SyncByteStream, response.stream), end, within_s)
        response.read()
    finally:
        response.close()
    return response


class _Until(httpx.SyncByteStream):
    """A body that is given up once it takes too long."""

    def __init__(self, body: httpx.SyncByteStream, end: float, within_s: float) -> None:
        self._body = body
        self._end = end
        self._within_s = within_s

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            if time.monotonic() > self._end:
                raise httpx.ReadTimeout(f"no whole answer within {self._within_s:g} s")
            yield part

    def close(self) -> None:
        self._body.close()


class Taking(Generic[T]):
    """Nothing is awaited here."""
