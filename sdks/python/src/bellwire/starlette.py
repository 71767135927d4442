"""For Starlette: `event = await verified_event(request, secret=SECRET)`."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request

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


async def verified_event(
    request: Request,
    *,
    secret: str | Sequence[str],
    dialect: Scheme | None = None,
    tolerance: float = TOLERANCE_SECONDS,
) -> WebhookEvent:
    """The event that was delivered; answers 401 if its signature is not right, and 413 if it is
    larger than 1 MiB. A secret that cannot be read is BadSecret: a fault of this side, not 401."""
    body = await _body(request)
    try:
        return verify_webhook(
            secret=secret,
            body=body,
            headers=request.headers.items(),
            dialect=dialect,
            tolerance=tolerance,
        )
    except BadSecret:
        raise
    except WebhookSignatureError as error:
        raise HTTPException(401, str(error)) from error


async def _body(request: Request) -> bytes:
    """The body, of which no more is read than may be, before it is known who sent it."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:19]) > BODY_BYTES_MAX:
        raise HTTPException(413)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise HTTPException(413)
    # Kept where `request.body()` and `request.json()` look for it, as if they had read it.
    request._body = bytes(body)
    return request._body
