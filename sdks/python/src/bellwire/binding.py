"""What an approval is bound to, and the receipt that a decision is.

`action_digest` is to be made of what is about to be done, right before doing it: then
`consume_approval` refuses whatever is not exactly what people allowed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypedDict

from ._ed25519 import ed25519_signed
from .errors import BellwireError

_HEADER = b'{"alg":"EdDSA","typ":"bellwire-approval+jws"}'
_RECEIPT_BYTES_MAX = 64 * 1024
_WHOLE_MAX = 2**53 - 1
_DOUBLE_MAX = 2**1023 * (2 - 2**-52)


class Receipt(TypedDict):
    """A decision that anyone can check: who allowed what, how much at most, and until when."""

    approval_id: str
    workspace_id: str
    status: str
    """`approved`: nothing else has a receipt."""
    action: str
    action_digest: str
    amount_cap_usd: str | None
    """An exact decimal; None if it is not about money."""
    approvers: list[str]
    policy_id: str | None
    policy_version: int | None
    decided_at: str
    not_after: str
    """Until when it may be used. A receipt is genuine after that too, and no permission."""
    exp: int
    """The same in unix seconds."""


class ReceiptError(BellwireError):
    """It is no receipt, or not of this key."""


def verify_receipt(receipt: str, public_key: str) -> Receipt:
    """What a receipt says, if `public_key` (`whpk_…`, from `public_keys()`) signed it. Asks nobody;
    needs `bellwire[ed25519]`."""
    text = receipt.strip()
    parts = text.split(".")
    if len(text) > _RECEIPT_BYTES_MAX or len(parts) != 3:
        raise ReceiptError("it does not have the form of a receipt")
    header, claims, signature = (_decoded(part) for part in parts)
    # Ours to the byte: no other kind of signature is ever looked at.
    if header != _HEADER:
        raise ReceiptError("it does not have the form of a receipt")
    try:
        key = base64.b64decode(public_key.removeprefix("whpk_"), validate=True)
    except (binascii.Error, ValueError):
        raise ReceiptError("the public key cannot be read") from None
    if not ed25519_signed(key, signature, text.rpartition(".")[0].encode()):
        raise ReceiptError("it is not signed by this key, or was changed")
    told: Receipt = json.loads(claims)
    return told


def action_digest(
    *,
    workspace_id: str,
    agent_id: str | None = None,
    action: str,
    details: Mapping[str, Any] | None = None,
) -> str:
    """SHA-256 of the RFC 8785 form of an action, in hexadecimal digits."""
    content = {
        "workspace": workspace_id,
        "agent": agent_id,
        "action": action,
        "parameters": details or {},
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def canonical(value: object) -> str:
    """JSON in the form of RFC 8785: one text for each value."""
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, Mapping):
        # Sorted by UTF-16 code units, as the RFC says.
        names = sorted(value, key=lambda name: str(name).encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} is not JSON")


def _number(value: float | Decimal) -> str:
    """As ECMAScript writes the nearest double (RFC 8785, 3.2.2.3)."""
    if isinstance(value, int) and abs(value) > _WHOLE_MAX:
        raise ValueError("a whole number beyond 2^53 is to be sent as text: not all hash it alike")
    if not -_DOUBLE_MAX <= value <= _DOUBLE_MAX:
        raise ValueError("the number does not fit in a double")
    double = float(value)
    if double == 0:
        return "0"
    # `repr` has the fewest digits that read back, as ECMAScript has.
    _, digits, exponent = Decimal(repr(abs(double))).normalize().as_tuple()
    assert isinstance(exponent, int)
    text, sign = "".join(map(str, digits)), "-" if double < 0 else ""
    point = len(text) + exponent
    if len(text) <= point <= 21:
        return sign + text.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{text.rjust(len(text) - point, '0')}"
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{sign}{text[0]}{fraction}e{point - 1:+d}"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ReceiptError("it does not have the form of a receipt") from None
