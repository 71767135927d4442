"""For FastAPI: a dependency that is the verified event.

@app.post("/hook")
async def hook(event: Annotated[WebhookEvent, Depends(webhook(secret=SECRET))]): ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request

from .starlette import verified_event
from .webhooks import TOLERANCE_SECONDS, Scheme, WebhookEvent

__all__ = ["verified_event", "webhook"]


def webhook(
    *,
    secret: str | Sequence[str],
    dialect: Scheme | None = None,
    tolerance: float = TOLERANCE_SECONDS,
) -> Callable[[Request], Awaitable[WebhookEvent]]:
    """The dependency. Answers 401 if the signature is not right, 413 beyond 1 MiB."""

    async def event(request: Request) -> WebhookEvent:
        return await verified_event(request, secret=secret, dialect=dialect, tolerance=tolerance)

    # FastAPI reads the annotations, which are texts here.
    event.__annotations__ = {"request": Request, "return": WebhookEvent}
    return event
