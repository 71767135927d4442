"""What a request is and when it is sent again. Rules only: no clock, no dice, no network."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any
from urllib.parse import quote, urlsplit

from .errors import retry_after_s

Since = str | datetime | timedelta
"""A time, or a duration back from now: `"1h"`, `"7d"`, a `datetime` with a zone, a `timedelta`."""
Span = str | int | float | timedelta
"""A duration: `"30s"`, `"1h30m"`, a `timedelta`, or seconds."""


class Omit(Enum):
    """The type of `OMIT`."""

    OMIT = "omit"

    def __repr__(self) -> str:
        return "OMIT"


OMIT = Omit.OMIT
"""Left as it is, where None would take it away."""


def given(**members: Any) -> dict[str, Any]:
    """A body of what was given: None is left out."""
    return {name: value for name, value in members.items() if value is not None}


def changes(**members: Any) -> dict[str, Any]:
    """A body of what is to change: None is sent, and takes away."""
    return {name: value for name, value in members.items() if value is not OMIT}


def span(value: Span | None) -> str | None:
    """A duration as the API writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, timedelta):
        value = value.total_seconds()
    seconds = round(value)
    if seconds != value:
        raise ValueError("a duration is in whole seconds")
    return f"{seconds}s"


def seconds_of(value: Span) -> float:
    """A duration in seconds."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if not isinstance(value, str):
        return float(value)
    parts = re.findall(r"([0-9]+)(ms|[smhd])", value)
    if not parts or "".join(n + unit for n, unit in parts) != value:
        raise ValueError(f"{value!r} is not a duration such as '30s' or '1h30m'")
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
    return float(sum(int(n) * units[unit] for n, unit in parts))


def moment(value: Since | None) -> str | None:
    """A time, or a duration back from now, as the API writes it."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a datetime needs a time zone")
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    return span(value)


def check_decision(decision: str, reason: object) -> None:
    """Refuses what the server would count as a denial because it is not clear."""
    if decision not in ("approve", "deny"):
        raise ValueError(f"decision is {decision!r}: it is 'approve' or 'deny'")
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError("reason is blank: a decision without one counts as a denial; say why")


def base_url_of(text: str) -> str:
    """Where the server is, if that is a place and nothing else. What it is not is not repeated: it may
    hold a password."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(not "!" <= character <= "~" for character in text):
        raise ValueError("base_url is not a URL such as https://bellwire.example.com")
    if "@" in parts.netloc:
        raise ValueError("base_url holds a user or a password: pass the key as api_key= instead")
    if parts.query or parts.fragment:
        raise ValueError(
            "base_url has a query or a fragment: it ends with the path, if there is one"
        )
    return text.rstrip("/")


def path_of(template: str, ids: Mapping[str, str]) -> str:
    """`/v1/webhooks/{endpoint_id}` with its ids, none of which can leave its segment."""

    def put(found: re.Match[str]) -> str:
        value = ids[found[1]]
        if not value or value in (".", ".."):
            raise ValueError(f"{found[1]} is {value!r}, which is not an id")
        return quote(value, safe="")

    return re.sub(r"\{(\w+)\}", put, template)


def query_of(query: Mapping[str, Any]) -> dict[str, str]:
    """Query parameters as text: lists between commas, None left out."""
    made = {}
    for name, value in query.items():
        if value is None:
            continue
        if isinstance(value, bool):
            made[name] = "true" if value else "false"
        elif isinstance(value, Sequence) and not isinstance(value, str):
            made[name] = ",".join(value)
        else:
            made[name] = str(value)
    return made


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and how long apart, a request is tried again."""

    retries: int = 3
    """After the first try."""
    base_s: float = 0.5
    cap_s: float = 8.0
    reconnect_cap_s: float = 30.0
    """The longest pause of a stream that cannot be opened."""
    retry_after_max_s: float = 60.0
    """What the server asks to wait longer than is raised at once."""

    def delay_s(self, retry: int, dice: float, asked_s: int | None) -> float | None:
        """How long to wait before retry number `retry` (from 0); None to give up.

        `dice` is from 0 to 1: half of the pause is random, so that clients do not come back
        together. What the server asks for is a floor.
        """
        if retry >= self.retries or (asked_s is not None and asked_s > self.retry_after_max_s):
            return None
        pause = min(self.cap_s, self.base_s * 2.0**retry) * (0.5 + dice / 2)
        return max(pause, float(asked_s or 0))

    def reconnect_s(self, retry: int) -> float:
        """How long a stream waits before it is opened again."""
        return min(self.reconnect_cap_s, self.base_s * 2.0 ** min(retry, 16))


def retries_status(status: int, headers: Mapping[str, str], *, repeatable: bool) -> bool:
    """Whether an answer is worth another try.

    429 and 503 say that nothing was done, so any request may be repeated after them. A gateway's 502
    and 504, and a 408, leave open whether it was, so only what does no harm twice is: reads, and what
    carries an idempotency key. The same goes for a 409 that names a time: the first try is still
    under way.
    """
    if headers.get("x-should-retry", "").lower() == "false":
        return False
    if status in (429, 503):
        return True
    if not repeatable:
        return False
    return status in (408, 502, 504) or (status == 409 and retry_after_s(headers) is not None)
