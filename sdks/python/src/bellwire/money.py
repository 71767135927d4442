"""Money is exact: `Decimal` here, decimal text on the wire, and never a float."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

Usd = Decimal | int | str
"""An amount in US dollars, with at most 9 decimals: `Decimal("12.50")`, `"12.50"`, `12`."""


def usd(amount: Usd) -> str:
    """`amount` as decimal text. A float is refused: it is not the amount that it looks like."""
    if isinstance(amount, bool) or not isinstance(amount, (Decimal, int, str)):
        raise TypeError(
            f"an amount is a str, an int or a Decimal, not a {type(amount).__name__}: "
            "write it as text, such as '12.50'"
        )
    try:
        exact = Decimal(amount)
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not an amount") from None
    if not exact.is_finite():
        raise ValueError(f"{amount!r} is not an amount")
    return format(exact, "f")
