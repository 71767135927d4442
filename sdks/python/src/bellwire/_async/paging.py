"""Lists that come page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from .._page import Page
from ..errors import TransportError

T = TypeVar("T")
Fetch = Callable[[Mapping[str, Any]], Awaitable[Any]]


class AsyncPager(Generic[T]):
    """A list. Iterating over it goes through all pages, each asked for when it is needed; `page()` is
    the first of them alone."""

    def __init__(self, fetch: Fetch, items: str, query: Mapping[str, Any]) -> None:
        self._fetch = fetch
        self._items = items
        self._query = dict(query)

    async def page(self, cursor: str | None = None) -> Page[T]:
        """One page: the first, or the one that `cursor` (a `next_cursor`) begins."""
        query = {**self._query, "cursor": cursor or self._query.get("cursor")}
        answer = await self._fetch(query)
        items = answer.get(self._items) if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise TransportError(f"the answer has no list of {self._items}; is this Bellwire?")
        return Page(items, answer.get("next_cursor"), answer.get("total"))

    async def pages(self) -> AsyncIterator[Page[T]]:
        """All pages."""
        cursor = None
        while True:
            page = await self.page(cursor)
            yield page
            cursor = page.next_cursor
            if cursor is None:
                return

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items})"
