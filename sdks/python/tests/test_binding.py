"""What an approval is bound to."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any

import pytest

from bellwire import AdminClient, ReceiptError, action_digest, verify_receipt
from bellwire.binding import canonical

# RFC 8785, appendix B.
NUMBERS = {
    0x0000000000000000: "0",
    0x8000000000000000: "0",
    0x0000000000000001: "5e-324",
    0x8000000000000001: "-5e-324",
    0x7FEFFFFFFFFFFFFF: "1.7976931348623157e+308",
    0x4340000000000000: "9007199254740992",
    0xC340000000000000: "-9007199254740992",
    0x4430000000000000: "295147905179352830000",
    0x44B52D02C7E14AF5: "9.999999999999997e+22",
    0x44B52D02C7E14AF6: "1e+23",
    0x44B52D02C7E14AF7: "1.0000000000000001e+23",
    0x444B1AE4D6E2EF4E: "999999999999999700000",
    0x444B1AE4D6E2EF4F: "999999999999999900000",
    0x444B1AE4D6E2EF50: "1e+21",
    0x3EB0C6F7A0B5ED8C: "9.999999999999997e-7",
    0x3EB0C6F7A0B5ED8D: "0.000001",
    0x41B3DE4355555553: "333333333.3333332",
    0xBECBF647612F3696: "-0.0000033333333333333333",
    0x43143FF3C1CB0959: "1424953923781206.2",
}


@pytest.mark.parametrize("bits", NUMBERS)
def test_numbers_are_written_as_the_rfc_says(bits: int) -> None:
    (number,) = struct.unpack(">d", struct.pack(">Q", bits))
    assert canonical(number) == NUMBERS[bits]


def test_what_cannot_be_exact_is_refused() -> None:
    for odd in (2**53, -(2**53), float("inf"), float("nan"), Decimal("1e400")):
        with pytest.raises(ValueError, match="number"):
            canonical({"n": odd})


def test_names_are_sorted_by_utf_16() -> None:
    value = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7}
    names = ["\\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]
    assert canonical(value) == "{" + ",".join(
        f'"{name}":{number}' for name, number in zip(names, (2, 4, 6, 7, 1, 5, 3), strict=True)
    ) + "}"  # fmt: skip


@pytest.mark.parametrize(
    ("agent_id", "details"),
    [
        (None, None),
        ("agt_7", {"database": "staging", "rows": 12, "share": Decimal("0.10"), "ö": ["€", None]}),
        (
            None,
            {"z": {"b": 1e21, "a": -0.5}, "😀": True, "big": 2**53 - 1, "small": Decimal("1e-7")},
        ),
    ],
)
def test_it_is_the_digest_that_the_server_makes(
    admin: AdminClient, agent_id: str | None, details: dict[str, Any] | None
) -> None:
    asked = admin.request_approval(
        title="?", action="a.b", details=details, agent_id=agent_id, channels=["console"]
    )
    digest = action_digest(
        workspace_id=admin.me()["workspace_id"], agent_id=agent_id, action="a.b", details=details
    )
    assert digest == asked["action_digest"]
    admin.decide_approval(asked["id"], decision="approve", reason="fine")
    admin.consume_approval(asked["id"], action_digest=digest)


def test_a_receipt_is_checked_offline(admin: AdminClient) -> None:
    asked = admin.request_approval(title="?", action="a.b", channels=["console"])
    ended = admin.decide_approval(asked["id"], decision="approve", reason="fine")
    receipt = ended["receipt"]
    assert receipt is not None
    keys = [one["public_key"] for one in admin.public_keys()]
    claims = verify_receipt(receipt, keys[0])
    assert (claims["approval_id"], claims["status"]) == (asked["id"], "approved")
    assert claims["action_digest"] == asked["action_digest"]
    header, body, signature = receipt.split(".")
    changed = body[:-4] + ("AAAA" if body[-4:] != "AAAA" else "BBBB")
    for wrong in (f"{header}.{changed}.{signature}", f"{header}.{body}", "x", "é.é.é", receipt[5:]):
        with pytest.raises(ReceiptError):
            verify_receipt(wrong, keys[0])
    for key in ("whpk_" + "A" * 43 + "=", "whpk_x"):
        with pytest.raises(ReceiptError):
            verify_receipt(receipt, key)
