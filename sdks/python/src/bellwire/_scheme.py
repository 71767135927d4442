"""The ways in which requests are signed, and why one is not believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from .errors import BellwireError

Scheme = Literal[
    "standard",
    "cloudevents",
    "trove",
    "trovefiles",
    "paygraph",
    "pacspace",
    "keystore",
    "stripe",
    "github",
    "slack",
]
"""How a request is signed: a dialect of Bellwire, or another sender's scheme."""

Headers = Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]
"""Header names in any case, as text or as the bytes of ASGI. A list of pairs may hold a name twice,
which is refused."""

DIALECTS: tuple[Scheme, ...] = (
    "standard",
    "cloudevents",
    "trove",
    "trovefiles",
    "paygraph",
    "pacspace",
    "keystore",
)
SCHEMES: tuple[Scheme, ...] = (*DIALECTS, "stripe", "github", "slack")

TOLERANCE_SECONDS = 300
"""How far a timestamp may be from now, either way."""

SIGNATURE_HEADER: dict[str, str] = {
    "standard": "webhook-signature",
    "cloudevents": "webhook-signature",
    "trove": "x-trove-signature",
    "trovefiles": "x-trove-signature",
    "paygraph": "x-paygraph-signature",
    "pacspace": "x-pacspace-signature",
    "keystore": "x-webhook-signature",
    "stripe": "stripe-signature",
    "github": "x-hub-signature-256",
    "slack": "x-slack-signature",
}
# These carry no time; the freshness of a `paygraph` approval is its `expires_at`.
UNTIMED = frozenset({"keystore", "github", "paygraph"})
KEYED_BY_BYTES = frozenset({"standard", "cloudevents"})
STAMPED = frozenset({"trove", "trovefiles", "paygraph", "stripe"})


class WebhookSignatureError(BellwireError):
    """The request is not to be believed. Subclasses say which check failed."""


class MissingHeader(WebhookSignatureError):
    """A header that the scheme needs is not there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"header {name} is missing")
        self.name = name


class MalformedHeader(WebhookSignatureError):
    """A header is there, but twice, empty, too long, or not in the scheme's form."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(f"header {name} is malformed{hint}")
        self.name = name


class TimestampOutOfTolerance(WebhookSignatureError):
    """The signature may be right but is too old, or from the future."""

    def __init__(self, age_seconds: int) -> None:
        super().__init__(f"the timestamp is {age_seconds} s old, which is out of tolerance")
        self.age_seconds = age_seconds


class NoMatch(WebhookSignatureError):
    """No secret made any of the listed signatures."""

    def __init__(self) -> None:
        super().__init__("no signature matches")


class BadSecret(WebhookSignatureError):
    """None of the secrets can be read: not base64 where it must be, too short, empty, or a public
    key (`whpk_…`) in a scheme other than Ed25519. A fault of this side: it is to be seen, where the
    others are answered with 401."""

    def __init__(self, message: str = "no secret is usable") -> None:
        super().__init__(message)


class InvalidPayload(WebhookSignatureError):
    """The signature is right, and the body is not an event of the dialect."""
