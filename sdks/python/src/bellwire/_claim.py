"""What a request claims: its signatures, its time and its id, read strictly from its headers.

Each scheme has one syntax and nothing beside it is accepted: no spaces after commas, no second `t`, no
upper-case hex. Unknown versions in a list are skipped, as every scheme asks, but a list of nothing else
does not match.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from ._scheme import (
    KEYED_BY_BYTES,
    SIGNATURE_HEADER,
    STAMPED,
    Headers,
    MalformedHeader,
    MissingHeader,
    Scheme,
)

# More signatures than any rotation has, and the longest header value that is looked at.
_ENTRIES_MAX = 32
_VALUE_BYTES_MAX = 8 * 1024
# Seconds of the year 5138; what is larger was meant as milliseconds.
SECONDS_MAX = 99_999_999_999
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Stamp:
    text: str
    millis: int
    whole_seconds: bool


@dataclass
class Claim:
    """What a request says of itself."""

    id: str | None = None
    stamp: Stamp | None = None
    signatures: list[str] = field(default_factory=list)
    asymmetric: list[str] = field(default_factory=list)


class _Lookup:
    def __init__(self, headers: Headers) -> None:
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        self._values: dict[str, list[str | bytes]] = {}
        for name, value in pairs:
            text = name.decode("latin-1") if isinstance(name, bytes) else str(name)
            self._values.setdefault(text.lower(), []).append(value)

    def names(self) -> Set[str]:
        """Of all headers, in lower case."""
        return self._values.keys()

    def only(self, name: str) -> str:
        """The header's only value. One that comes twice is malformed: sender and receiver may each
        read another one."""
        values = self._values.get(name)
        if not values:
            raise MissingHeader(name)
        value = values[0]
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if len(values) > 1 or len(value.encode("utf-8", "replace")) > _VALUE_BYTES_MAX:
            raise MalformedHeader(name)
        value = value.strip(" \t")
        if not value or any(not " " <= c <= "~" for c in value):
            raise MalformedHeader(name)
        return value


def names_of(given: Headers) -> Set[str]:
    """The names of all headers, in lower case."""
    return _Lookup(given).names()


def read_claim(scheme: Scheme, given: Headers) -> Claim:
    """What `given` says, or MissingHeader or MalformedHeader."""
    headers = _Lookup(given)
    name = SIGNATURE_HEADER[scheme]
    value = headers.only(name)
    claim = Claim()
    if scheme in KEYED_BY_BYTES:
        claim.id = headers.only("webhook-id")
        # A dot in it would let a part of the id pass for the time.
        if "." in claim.id:
            raise MalformedHeader("webhook-id")
        claim.stamp = _stamp(headers, "webhook-timestamp")
        good = _read_standard(claim, value)
    elif scheme in STAMPED:
        good = _read_pairs(claim, value, with_time=True)
    elif scheme == "pacspace":
        claim.stamp = _stamp(headers, "x-pacspace-timestamp", millis=True)
        good = _read_pairs(claim, value, with_time=False)
    else:
        prefix = {"keystore": "", "github": "sha256=", "slack": "v0="}[scheme]
        if scheme == "slack":
            claim.stamp = _stamp(headers, "x-slack-request-timestamp")
        good = value.startswith(prefix) and _is_hex(value[len(prefix) :])
        claim.signatures.append(value[len(prefix) :])
    if not good:
        raise MalformedHeader(name)
    return claim


def _read_standard(claim: Claim, value: str) -> bool:
    """`v1,<base64>`, `v1a,<base64>` and unknown versions, one space between."""
    entries = value.split(" ")
    known = False
    for entry in entries:
        version, comma, signature = entry.partition(",")
        if not comma:
            continue
        known = known or bool(signature)
        if version == "v1":
            claim.signatures.append(signature)
        elif version == "v1a":
            claim.asymmetric.append(signature)
    return known and len(entries) <= _ENTRIES_MAX


def _read_pairs(claim: Claim, value: str, *, with_time: bool) -> bool:
    """`name=value` between commas: `t` once if it is to be there, any number of `v1`."""
    entries = value.split(",")
    if len(entries) > _ENTRIES_MAX:
        return False
    for entry in entries:
        name, equals, text = entry.partition("=")
        if not equals:
            return False
        if name == "t":
            if not with_time or claim.stamp is not None:
                return False
            claim.stamp = _read_stamp(text, millis=False)
            if claim.stamp is None:
                return False
        elif name == "v1":
            if not _is_hex(text):
                return False
            claim.signatures.append(text)
    return claim.stamp is not None and bool(claim.signatures)


def _stamp(headers: _Lookup, name: str, *, millis: bool = False) -> Stamp:
    stamp = _read_stamp(headers.only(name), millis=millis)
    if stamp is None:
        raise MalformedHeader(name)
    return stamp


def _read_stamp(text: str, *, millis: bool) -> Stamp | None:
    """Decimal digits only. Where milliseconds are known to occur they are told by their size."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    number = int(text)
    if number > 2**63 - 1:
        return None
    if millis and number > SECONDS_MAX:
        return Stamp(text, number, whole_seconds=False)
    return Stamp(text, number * 1000, whole_seconds=True)


def _is_hex(text: str) -> bool:
    return len(text) == 64 and _HEX.issuperset(text)


def content_of(scheme: Scheme, claim: Claim, body: bytes) -> bytes:
    stamp = claim.stamp.text.encode() if claim.stamp else b""
    if scheme in KEYED_BY_BYTES:
        return b".".join(((claim.id or "").encode(), stamp, body))
    if scheme in ("keystore", "github"):
        return body
    if scheme == "slack":
        return b"v0:" + stamp + b":" + body
    return stamp + b"." + body
