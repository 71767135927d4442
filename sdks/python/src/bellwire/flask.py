"""For Flask: `event = verified_event(secret=SECRET)` inside of a view."""

from __future__ import annotations

from collections.abc import Sequence

import flask
from werkzeug.exceptions import RequestEntityTooLarge, Unauthorized

from .approval_handler import BODY_BYTES_MAX
from .webhooks import (
    TOLERANCE_SECONDS,
    BadSecret,
    Scheme,
    WebhookEvent,
    WebhookSignatureError,
    verify_webhook,
)

__all__ = ["verified_event"]


def verified_event(
    *,
    secret: str | Sequence[str],
    dialect: Scheme | None = None,
    tolerance: float = TOLERANCE_SECONDS,
) -> WebhookEvent:
    """The event that the present request delivers; answers 401 if its signature is not right, and 413
    if it is larger than 1 MiB. A secret that cannot be read is BadSecret: a fault of this side."""
    body = body_of(flask.request)
    if body is None:
        raise RequestEntityTooLarge
    try:
        return verify_webhook(
            secret=secret,
            body=body,
            headers=list(flask.request.headers),
            dialect=dialect,
            tolerance=tolerance,
        )
    except BadSecret:
        raise
    except WebhookSignatureError as error:
        raise Unauthorized(str(error)) from error


def body_of(request: flask.Request) -> bytes | None:
    """The body, of which no more is read than may be, before it is known who sent it; None if there
    is more."""
    length = request.content_length
    if length is not None:
        return None if length > BODY_BYTES_MAX else request.get_data()
    cached: bytes | None = getattr(request, "_cached_data", None)
    if cached is None:
        parts, left = [], BODY_BYTES_MAX + 1
        while left > 0 and (part := request.stream.read(left)):
            parts.append(part)
            left -= len(part)
        cached = b"".join(parts)
        if len(cached) > BODY_BYTES_MAX:
            return None
        # Kept where `get_data` and `get_json` look for it, as if they had read it.
        request._cached_data = cached
    return cached
