"""Verifying what Bellwire delivers, and signing as it does. Needs the standard library alone.

Ed25519 (`v1a` signatures, `whpk_` keys) needs the extra `bellwire[ed25519]`.

Every delivery carries the Standard Webhooks headers, whatever its dialect; a dialect may add a
signature of its own. Verify the raw bytes that arrived, before anything is parsed.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import _json
from ._claim import names_of
from ._ed25519 import Ed25519Missing
from ._scheme import (
    DIALECTS,
    SCHEMES,
    SIGNATURE_HEADER,
    TOLERANCE_SECONDS,
    BadSecret,
    Headers,
    InvalidPayload,
    MalformedHeader,
    MissingHeader,
    NoMatch,
    Scheme,
    TimestampOutOfTolerance,
    WebhookSignatureError,
)
from .signatures import Verified, sign_webhook, verify_signature

__all__ = [
    "DIALECTS",
    "SCHEMES",
    "TOLERANCE_SECONDS",
    "BadSecret",
    "Ed25519Missing",
    "Headers",
    "InvalidPayload",
    "MalformedHeader",
    "MissingHeader",
    "NoMatch",
    "Scheme",
    "TimestampOutOfTolerance",
    "Verified",
    "WebhookEvent",
    "WebhookSignatureError",
    "sign_webhook",
    "verify_signature",
    "verify_webhook",
]


# The headers that one dialect alone sends. `trovefiles` has those of `trove`.
_TOLD_BY: dict[str, Scheme] = {
    "x-paygraph-signature": "paygraph",
    "x-trove-signature": "trove",
    "x-pacspace-signature": "pacspace",
    "x-webhook-signature": "keystore",
}


@dataclass(frozen=True)
class WebhookEvent:
    """A verified event, the same in every dialect."""

    id: str
    """The same on every attempt: what to recognise a duplicate by. In the `keystore` dialect, whose
    body has none, it is `sha256:` and the digest of the body; for an approval in `paygraph` it is
    the approval's id."""
    type: str
    """`purchase.succeeded`, `file.written` …"""
    namespace: str | None
    """The customer it is about. None if it is about the workspace; in the dialects that do not say
    (`trove`, `paygraph`, `pacspace`, `keystore`); and where it cannot be told which dialect it is in:
    with `signature_header` alone, and with no headers but `webhook-…`."""
    data: Any
    """What happened: a dictionary as `bellwire.event_data` types it. Numbers with a fraction are
    `Decimal`, and so is every amount in US dollars: `bellwire.dumps` writes them as JSON. In
    `pacspace` and `keystore` its keys are in camelCase."""
    timestamp: datetime | None
    """When it happened."""
    workspace_id: str | None
    """Whose it is, where the dialect says and it is known, as for `namespace`."""
    body: dict[str, Any] = field(repr=False)
    """The whole body, parsed."""
    secret_index: int = 0
    """Which of the secrets signed it."""


def verify_webhook(
    *,
    secret: str | Sequence[str],
    body: bytes | str,
    signature_header: str | None = None,
    headers: Headers | None = None,
    dialect: Scheme | None = None,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> WebhookEvent:
    """The event in `body`, if it was signed with `secret`; raises WebhookSignatureError if not.

    Give `headers` (all of the request's) and nothing else and the Standard Webhooks headers are
    verified, which every delivery has, whatever its dialect. With a `dialect` its own signature
    header is verified, and the body is read as that dialect alone writes it: say it if you know it.

    `signature_header` instead of `headers` is the value of a header that stands alone:
    `X-Trove-Signature` or any other of the form `t=…,v1=…`, or what `dialect` names. A header that
    did not come may be passed as None.

    In `paygraph`, whose signature is the same on all attempts, an approval is refused once its
    `expires_at` has passed; the signatures of its other events never get old, so verify those by the
    Standard Webhooks headers, without a `dialect`.

    `body` is what arrived, byte for byte. `secret` may be several, during a rotation. `tolerance`
    is in seconds; `now` is a unix time, for tests.
    """
    raw = body.encode() if isinstance(body, str) else bytes(body)
    if headers is not None and signature_header is not None:
        raise TypeError("give either headers or signature_header")
    scheme: Scheme
    shape: Scheme | None = dialect
    if headers is None:
        if signature_header is None:
            raise MissingHeader("signature_header")
        scheme, headers = _standing_alone(signature_header, dialect)
        names: Set[str] = frozenset()
    else:
        scheme = dialect or "standard"
        headers = headers if isinstance(headers, Mapping) else list(headers)  # type: ignore[assignment]
        names = names_of(headers)
    verified = verify_signature(
        scheme, secret=secret, headers=headers, body=raw, tolerance=tolerance, now=now
    )
    parsed = _parsed(raw)
    if scheme == "paygraph" and "type" not in parsed and "expires_at" in parsed:
        _refuse_late(parsed["expires_at"], time.time() if now is None else now)
    found = _found(parsed, raw, shape or _shape(parsed, names), verified)
    return _made(found, parsed, verified)


def _refuse_late(expires_at: object, now: float) -> None:
    """Signed once for all attempts, an approval is as fresh as it says itself."""
    end = parse_time(expires_at)
    if end is None or end.tzinfo is None:
        raise InvalidPayload("the signature is right, but expires_at is not a time")
    late = now - end.timestamp()
    if late > 0:
        raise TimestampOutOfTolerance(-int(-late // 1))


def _standing_alone(value: str, dialect: Scheme | None) -> tuple[Scheme, dict[str, str]]:
    """The scheme of a signature header that is given without its name."""
    if dialect is None:
        if not any(part.strip().startswith("t=") for part in value.split(",")):
            hint = ": it is not t=…,v1=…; pass headers=, or say which dialect it is"
            raise MalformedHeader("signature_header", hint)
        dialect = "trove"
    if dialect not in SIGNATURE_HEADER:
        raise ValueError(f"unknown scheme {dialect!r}: one of {', '.join(SCHEMES)}")
    if dialect in ("standard", "cloudevents", "pacspace", "slack"):
        raise TypeError(f"{dialect} signs more than one header: pass headers= instead")
    return dialect, {SIGNATURE_HEADER[dialect]: value}


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        body = _json.loads(raw)
    except ValueError as error:
        raise InvalidPayload("the signature is right, but the body is not JSON") from error
    if not isinstance(body, dict):
        raise InvalidPayload("the signature is right, but the body is not a JSON object")
    return body


def _found(body: dict[str, Any], raw: bytes, shape: Scheme, verified: Verified) -> dict[str, Any]:
    """What `body` says in the dialect `shape`, from the places alone that this dialect has."""
    digest = "sha256:" + hashlib.sha256(raw).hexdigest()
    if shape == "paygraph" and "approval_id" in body and "type" not in body:
        ended = "decided_at" in body
        found: dict[str, Any] = {
            "id": verified.id or body["approval_id"],
            "type": "approval.decided" if ended else "approval.requested",
            "timestamp": body.get("decided_at" if ended else "created_at"),
            "data": body,
        }
    elif shape in ("trove", "paygraph"):
        rest = {k: v for k, v in body.items() if k not in ("id", "type", "timestamp")}
        found = {**_picked(body, id="id", type="type", timestamp="timestamp"), "data": rest}
    elif shape == "cloudevents":
        found = _picked(
            body, id="id", type="type", timestamp="time", namespace="subject", data="data"
        )
        source = body.get("source")
        if isinstance(source, str) and source.startswith("/workspaces/"):
            found["workspace_id"] = source.removeprefix("/workspaces/")
    elif shape == "trovefiles":
        found = _picked(body, "namespace", "workspace_id", "data", id="id", type="type")
        found["timestamp"] = body.get("created_at")
    elif shape == "pacspace":
        found = _picked(body, "data", id="id", type="event", timestamp="createdAt")
        found["workspace_id"] = body.get("tenantId")
    elif shape == "keystore":
        found = _picked(body, "data", "timestamp", type="event")
        found["id"] = verified.id or digest
    elif shape in ("github", "slack"):
        found = {"id": digest, "type": str(body.get("type", shape)), "data": body}
    elif shape == "stripe":
        found = _picked(body, "id", "type", "data")
    else:
        found = _picked(body, "id", "type", "timestamp", "namespace", "workspace_id", "data")
    return found


def _picked(body: Mapping[str, Any], *same: str, **named: str) -> dict[str, Any]:
    names = {**{name: name for name in same}, **named}
    return {ours: body.get(theirs) for ours, theirs in names.items()}


def _shape(body: Mapping[str, Any], names: Set[str]) -> Scheme:
    """Which dialect a verified body is written in.

    Who posts an event writes all of `data`, and in the flat dialects its members lie beside the
    envelope's: what looks like a namespace there may be anybody's word. So this goes by the headers
    that the dialects send, and by members that data cannot add or take away: `trove` and `paygraph`
    always have a `timestamp` of their own on top, `trovefiles` and `cloudevents` have no place for
    one. Where only the headers of Standard Webhooks were handed over, it is the `standard` dialect
    if it can be: an endpoint in a flat one is to be verified with all headers, or `dialect=`.
    """
    for header, dialect in _TOLD_BY.items():
        if header in names:
            return "trovefiles" if dialect == "trove" and _is_files(body) else dialect
    if "type" not in body:
        if "approval_id" in body and "event" not in body:
            return "paygraph"
        return "pacspace" if "createdAt" in body else "keystore"
    if _is_files(body):
        return "trovefiles"
    if not names:
        # A lone `t=…,v1=…`, and flat.
        return "trove"
    if "specversion" in body and "timestamp" not in body:
        return "cloudevents"
    return "standard" if "workspace_id" in body and "data" in body else "trove"


def _is_files(body: Mapping[str, Any]) -> bool:
    return "api_version" in body and "created_at" in body and "timestamp" not in body


def _made(found: Mapping[str, Any], body: dict[str, Any], verified: Verified) -> WebhookEvent:
    kind, event_id = found.get("type"), found.get("id") or verified.id
    if not isinstance(kind, str) or not isinstance(event_id, str):
        raise InvalidPayload("the signature is right, but the body has no type or no id")
    namespace, workspace = found.get("namespace"), found.get("workspace_id")
    return WebhookEvent(
        id=event_id,
        type=kind,
        namespace=namespace if isinstance(namespace, str) else None,
        data=found.get("data"),
        timestamp=parse_time(found.get("timestamp")),
        workspace_id=workspace if isinstance(workspace, str) else None,
        body=body,
        secret_index=verified.secret_index,
    )


def parse_time(text: object) -> datetime | None:
    """A time of an event, if it is one."""
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
