"""Verifying and making signatures. Needs the standard library alone, but for Ed25519."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from ._claim import SECONDS_MAX, Claim, Stamp, content_of, read_claim
from ._ed25519 import ed25519_signed
from ._scheme import (
    KEYED_BY_BYTES,
    SCHEMES,
    SIGNATURE_HEADER,
    STAMPED,
    TOLERANCE_SECONDS,
    UNTIMED,
    BadSecret,
    Headers,
    NoMatch,
    Scheme,
    TimestampOutOfTolerance,
)

_KEY_BYTES_MIN, _KEY_BYTES_MAX = 16, 64
_PUBLIC_KEY = "whpk_"


@dataclass(frozen=True)
class Verified:
    """What a signature vouches for."""

    id: str | None
    """The event's id, in the schemes whose signature covers it (`standard`, `cloudevents`)."""
    timestamp: datetime | None
    """When it was signed, in the schemes that say."""
    secret_index: int
    """Which of the secrets made the signature."""


def verify_signature(
    scheme: Scheme,
    *,
    secret: str | Sequence[str],
    headers: Headers,
    body: bytes,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Verified:
    """The signature alone, of any scheme, also Stripe's, GitHub's and Slack's."""
    if scheme not in SIGNATURE_HEADER:
        raise ValueError(f"unknown scheme {scheme!r}: one of {', '.join(SCHEMES)}")
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"tolerance is {tolerance}: it is a number of seconds, 0 or more")
    secrets = [secret] if isinstance(secret, str) else list(secret)
    claim = read_claim(scheme, headers)
    stamp = claim.stamp
    if stamp is not None and scheme not in UNTIMED:
        at = round((time.time() if now is None else now) * 1000)
        age_ms = (at // 1000 * 1000 if stamp.whole_seconds else at) - stamp.millis
        if abs(age_ms) > tolerance * 1000:
            # Rounded away from zero.
            raise TimestampOutOfTolerance(-(-age_ms // 1000) if age_ms > 0 else age_ms // 1000)
    index = _signer(scheme, claim, secrets, body)
    return Verified(claim.id, _time_of(stamp), index)


def sign_webhook(
    *,
    secret: str,
    body: bytes | str,
    id: str,
    timestamp: int | None = None,
    dialect: Scheme = "standard",
) -> dict[str, str]:
    """The headers that Bellwire would sign `body` with: for tests of a receiver, and for decisions.

    The Standard Webhooks headers are always among them. `timestamp` is in unix seconds, now if
    absent.
    """
    raw = body.encode() if isinstance(body, str) else bytes(body)
    at = str(int(time.time()) if timestamp is None else timestamp)
    key = _decode_key(secret)
    if key is None:
        raise BadSecret
    digest = hmac.new(key, b".".join((id.encode(), at.encode(), raw)), hashlib.sha256).digest()
    headers = {
        "webhook-id": id,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
    if dialect in KEYED_BY_BYTES:
        return headers
    text = secret.encode()
    stamped = _hex_mac(text, at.encode() + b"." + raw)
    if dialect in STAMPED:
        headers[SIGNATURE_HEADER[dialect]] = f"t={at},v1={stamped}"
    elif dialect == "pacspace":
        headers["x-pacspace-timestamp"] = at
        headers["x-pacspace-signature"] = f"v1={stamped}"
    elif dialect == "keystore":
        headers["x-webhook-signature"] = _hex_mac(text, raw)
    elif dialect == "github":
        headers["x-hub-signature-256"] = "sha256=" + _hex_mac(text, raw)
    elif dialect == "slack":
        headers["x-slack-request-timestamp"] = at
        headers["x-slack-signature"] = "v0=" + _hex_mac(text, b"v0:" + at.encode() + b":" + raw)
    else:
        raise ValueError(f"unknown scheme {dialect!r}: one of {', '.join(SCHEMES)}")
    return headers


def _time_of(stamp: Stamp | None) -> datetime | None:
    if stamp is None or stamp.millis > SECONDS_MAX * 1000:
        return None
    return datetime.fromtimestamp(stamp.millis / 1000, timezone.utc)


def _signer(scheme: Scheme, claim: Claim, secrets: Sequence[str], body: bytes) -> int:
    content = content_of(scheme, claim, body)
    readable = False
    for index, secret in enumerate(secrets):
        if scheme not in KEYED_BY_BYTES:
            # Everybody may know a public key, so whatever it makes proves nothing.
            if not secret.strip() or is_public_key(secret):
                continue
            readable = True
            if _is_listed(_hex_mac(secret.encode(), content), claim.signatures):
                return index
        elif is_public_key(secret):
            point = _decode(secret.strip().removeprefix(_PUBLIC_KEY))
            if point is None or len(point) != 32:
                continue
            readable = True
            for text in claim.asymmetric:
                made = _decode_strict(text)
                if made is not None and len(made) == 64 and ed25519_signed(point, made, content):
                    return index
        else:
            key = _decode_key(secret)
            if key is None:
                continue
            readable = True
            wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
            if _is_listed(wanted, claim.signatures):
                return index
    if readable:
        raise NoMatch
    raise BadSecret


def is_public_key(secret: str) -> bool:
    """Whether it is the public half of an Ed25519 pair, which signs nothing."""
    return secret.strip().startswith(_PUBLIC_KEY)


def can_sign(secret: str) -> bool:
    """Whether `sign_webhook` takes it."""
    return not is_public_key(secret) and _decode_key(secret) is not None


def _hex_mac(key: bytes, content: bytes) -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def _is_listed(wanted: str, listed: Sequence[str]) -> bool:
    """In constant time, and as text: text has one form, where decoding may accept several."""
    found = False
    for text in listed:
        found |= hmac.compare_digest(wanted.encode(), text.encode())
    return found


def _decode(text: str) -> bytes | None:
    """Base64 with or without its padding, as other senders write it."""
    return _decode_strict(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _decode_strict(text: str) -> bytes | None:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    # One form only: no set bits behind the last byte.
    return decoded if base64.b64encode(decoded).decode() == text else None


def _decode_key(secret: str) -> bytes | None:
    key = _decode(secret.removeprefix("whsec_"))
    return key if key is not None and _KEY_BYTES_MIN <= len(key) <= _KEY_BYTES_MAX else None
