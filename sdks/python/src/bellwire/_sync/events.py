# Made by scripts/generate_sync.py of _async/events.py: change that.
"""Events: post, read, follow; their types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

from .. import _json
from .._request import Since, Span, given, moment, seconds_of, span
from ..errors import BellwireError
from .paging import Pager
from .transport import Transport

if TYPE_CHECKING:
    from .. import models


class Events(Transport):
    """What happens."""

    def post_event(
        self,
        type: str,
        data: Mapping[str, Any],
        *,
        namespace: str | None = None,
        id: str | None = None,
        timestamp: Since | None = None,
        idempotency_key: str | None = None,
    ) -> models.Accepted:
        """Tells that something happened. Once this returns it is on disk, and on its way.

        With an `id` of your own (letters, digits, `_` and `-`) it is safe to post again for 24 h.
        """
        return self._request(
            "POST",
            "/v1/events",
            body=given(
                type=type, data=data, namespace=namespace, id=id, timestamp=moment(timestamp)
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def post_events(
        self, events: Sequence[models.PostEvent], *, idempotency_key: str | None = None
    ) -> models.BatchAnswer:
        """Up to 1000 at once, each answered by itself: look at `rejected`."""
        return self._request(
            "POST",
            "/v1/events/batch",
            body=given(events=list(events)),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def list_events(
        self,
        *,
        type: str | None = None,
        namespace: str | None = None,
        q: str | None = None,
        since: Since | None = None,
        until: Since | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Pager[models.Event]:
        """Newest first. `limit` is the size of a page."""
        return self._paged(
            "GET",
            "/v1/events",
            "events",
            query={
                "type": type,
                "namespace": namespace,
                "q": q,
                "since": moment(since),
                "until": moment(until),
                "cursor": cursor,
                "limit": limit,
            },
        )

    def get_event(self, event_id: str) -> models.EventDetail:
        """One event, with its deliveries."""
        return self._request("GET", "/v1/events/{event_id}", path={"event_id": event_id})

    def poll_events(
        self,
        *,
        after: str | None = None,
        types: Sequence[str] | None = None,
        namespace: str | None = None,
        limit: int | None = None,
        wait: Span | None = None,
    ) -> models.PollAnswer:
        """Events after a place, oldest first; waits up to `wait` (60 s at most) for the first of them.

        `after` is an event's id or the `next_cursor` of the poll before; the newest event if absent.
        """
        return self._request(
            "GET",
            "/v1/events/poll",
            query={
                "after": after,
                "types": types,
                "namespace": namespace,
                "limit": limit,
                "wait": span(wait),
            },
            patience_s=seconds_of(wait or 0),
        )

    def stream_events(
        self,
        *,
        types: Sequence[str] | None = None,
        namespace: str | None = None,
        after: str | None = None,
    ) -> Iterator[models.Event]:
        """Events as they happen, for ever. A connection that breaks is made again and resumes where
        it was, with nothing missed and nothing twice; so is one that cannot be made at first.

        `after` is an event's id to resume after; without it the stream begins with what happens after
        the first answer of the server.
        """
        last = after

        def place() -> str:
            nonlocal last
            if last is None:
                # Where it begins, to be known before the first event: a break may come earlier.
                begun = self.poll_events(types=types, namespace=namespace, limit=1)
                last = begun["next_cursor"]
            return last

        frames = self._followed(
            "/v1/events/stream",
            query={"types": types, "namespace": namespace, "after": after},
            after=place,
        )
        with closing(frames):
            for frame in frames:
                event = _event(frame.data)
                last = event["id"]
                yield event

    def list_event_types(
        self, *, cursor: str | None = None, limit: int | None = None
    ) -> Pager[models.TypeView]:
        """The workspace's own types by name, then the built-in ones with schema and example."""
        return self._paged(
            "GET", "/v1/event-types", "event_types", query={"cursor": cursor, "limit": limit}
        )

    def get_event_type(self, name: str) -> models.TypeView:
        """One event type."""
        return self._request("GET", "/v1/event-types/{name}", path={"name": name})


def _event(text: str) -> models.Event:
    try:
        made: Any = _json.loads(text)
        if isinstance(made, dict) and isinstance(made.get("id"), str):
            return cast("models.Event", made)
    except ValueError:
        pass
    raise BellwireError("the stream holds something that is no event; is this Bellwire?")
