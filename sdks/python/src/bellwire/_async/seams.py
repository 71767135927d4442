"""What waiting is, here and in `bellwire._sync.seams`. Both are written by hand."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

import anyio
import httpx

T = TypeVar("T")


async def sleep(seconds: float) -> None:
    """Waits."""
    await anyio.sleep(seconds)


def shield(within_s: float) -> AbstractContextManager[object]:
    """What is done inside is done, even if the task is being cancelled, if it takes no longer."""
    return anyio.move_on_after(within_s, shield=True)


async def exchange(
    http: httpx.AsyncClient, request: httpx.Request, within_s: float
) -> httpx.Response:
    """The whole answer, in at most so many seconds."""
    try:
        with anyio.fail_after(within_s):
            return await http.send(request, follow_redirects=False)
    except TimeoutError:
        raise httpx.ReadTimeout(f"no whole answer within {within_s:g} s", request=request) from None


class Taking(Generic[T]):
    """Something that can be awaited instead of taken."""

    async def take(self) -> T:
        """What awaiting it gives."""
        raise NotImplementedError

    def __await__(self) -> Generator[Any, Any, T]:
        return self.take().__await__()
