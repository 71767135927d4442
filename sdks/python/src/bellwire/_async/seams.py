"""What waiting is, here and in `bellwire._sync.seams`. Both are written by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
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


async def kept(
    work: Callable[[], Awaitable[T]], undo: Callable[[T], Awaitable[None]], within_s: float
) -> T:
    """What `work` gives. If the task is cancelled while it is under way, it goes on for so many
    seconds at most, and what it gives is undone: whoever asked for it will not hear of it."""
    given: list[T] = []
    fault: list[Exception] = []
    over = anyio.Event()
    going_on = anyio.CancelScope(shield=True)

    async def run() -> None:
        with going_on:
            try:
                given.append(await work())
            except Exception as error:  # Raised below, and not as one of a group.
                fault.append(error)
            finally:
                over.set()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            try:
                await over.wait()
            except BaseException:
                going_on.deadline = anyio.current_time() + within_s
                raise
    except BaseException:
        if given:
            await undo(given[0])
        raise
    if fault:
        raise fault[0]
    return given[0]


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
