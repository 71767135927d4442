"""JSON in which no number is rounded.

Read: a number with a fraction or an exponent is a `Decimal`; a whole number is an `int`, but under a
name that ends in `_usd` (`Usd` in camelCase) it is a `Decimal` too, so that money has one type.
Written: a `Decimal` is a JSON number with all of its digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

_WRITTEN_OUT = 64


def loads(text: bytes | str) -> Any:
    """Also refuses what JSON has no room for: `NaN` and infinities."""
    try:
        return json.loads(
            text, parse_float=_exact, parse_constant=_refuse, object_pairs_hook=_exact_object
        )
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise ValueError("a number has an exponent beyond all bounds") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _exact_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    for name, value in pairs:
        if type(value) is int and name.endswith(("_usd", "Usd")):
            made[name] = Decimal(value)
    return made


def money(value: Any) -> Any:
    """`value` with the texts under names that end in `_usd` as `Decimal`, at every depth."""
    if isinstance(value, list):
        return [money(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _amount(item) if isinstance(item, str) and name.endswith("_usd") else money(item)
        for name, item in value.items()
    }


def _amount(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def dumps(value: object) -> str:
    """`value` as JSON text, with every digit of every `Decimal`: what `json.dumps` refuses. For
    `event.data`, answers of the client, and whatever is made of them."""
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def encoded(value: object) -> bytes:
    """`value` as JSON in UTF-8."""
    return dumps(value).encode()


def _write(value: object, out: list[str]) -> None:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("JSON has no NaN and no infinity")
        # Written out where that is readable: `1E+999999` has a million zeros.
        out.append(format(value, "f") if abs(value.adjusted()) < _WRITTEN_OUT else str(value))
    elif isinstance(value, Mapping):
        opening = "{"
        for name, item in value.items():
            if not isinstance(name, str):
                raise TypeError(f"a JSON name is a str, not {type(name).__name__}")
            out.append(f"{opening}{json.dumps(name, ensure_ascii=False)}:")
            _write(item, out)
            opening = ","
        out.append("}" if opening == "," else "{}")
    elif isinstance(value, (list, tuple)):
        opening = "["
        for item in value:
            out.append(opening)
            _write(item, out)
            opening = ","
        out.append("]" if opening == "," else "[]")
    elif isinstance(value, datetime):
        out.append(json.dumps(value.isoformat()))
    else:
        out.append(json.dumps(value, ensure_ascii=False, allow_nan=False))
