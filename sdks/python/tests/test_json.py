"""Numbers keep their digits, and money has one type."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from bellwire import _json, dumps, sign_webhook, usd, verify_webhook
from bellwire._request import moment, path_of, query_of, seconds_of, span


def test_numbers_are_exact_both_ways() -> None:
    text = b'{"a":0.1,"b":1850.00,"c":12,"d_usd":5,"e":[1.5,{"fUsd":2}],"g":1E+2}'
    read = _json.loads(text)
    assert read["a"] == Decimal("0.1")
    assert str(read["b"]) == "1850.00"
    assert type(read["c"]) is int
    assert type(read["d_usd"]) is type(read["e"][1]["fUsd"]) is Decimal
    assert (
        _json.encoded(read)
        == b'{"a":0.1,"b":1850.00,"c":12,"d_usd":5,"e":[1.5,{"fUsd":2}],"g":100}'
    )


def test_what_is_written_is_json() -> None:
    value: dict[str, object] = {"é\n": ["\u2028", None, True, [], {}, (), 1.5, "😀"]}
    assert json.loads(_json.dumps(value)) == {"é\n": ["\u2028", None, True, [], {}, [], 1.5, "😀"]}
    for odd in (float("nan"), Decimal("Infinity"), {1: 2}, object(), "\ud83d"):
        with pytest.raises((ValueError, TypeError)):
            _json.encoded(odd)
    huge = _json.loads(b"[1E+400, 1E-400, 12E+63]")
    assert _json.dumps(huge) == "[1E+400,1E-400,1.2E+64]"
    for absurd in (b'{"a":1e9999999999999999999}', b"[" * 100_000):
        with pytest.raises(ValueError):
            _json.loads(absurd)
    with pytest.raises(ValueError, match="NaN"):
        _json.loads(b'{"a": NaN}')


def test_what_was_read_is_written_by_dumps() -> None:
    body = b'{"id":"e","type":"a.b","workspace_id":"w","namespace":null,"data":{"amount_usd":1.50}}'
    secret = "whsec_" + "A" * 32
    headers = sign_webhook(secret=secret, body=body, id="e")
    event = verify_webhook(secret=secret, body=body, headers=headers)
    with pytest.raises(TypeError):
        json.dumps(event.data)
    assert dumps(event.data) == '{"amount_usd":1.50}'


@pytest.mark.parametrize(
    ("amount", "text"),
    [("12.50", "12.50"), (12, "12"), (Decimal("1.5E-7"), "0.00000015"), (Decimal("1E+3"), "1000")],
)
def test_an_amount_is_decimal_text(amount: Decimal | int | str, text: str) -> None:
    assert usd(amount) == text


@pytest.mark.parametrize("amount", [0.1, True, None, "a lot", "NaN", Decimal("Infinity")])
def test_what_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        usd(amount)  # type: ignore[arg-type]


def test_durations_and_times_are_written_as_the_api_reads_them() -> None:
    assert [span(one) for one in ("1h30m", 90, timedelta(minutes=2), None)] == [
        "1h30m",
        "90s",
        "120s",
        None,
    ]
    assert [seconds_of(one) for one in ("1h30m", "250ms", 3)] == [5400, 0.25, 3]
    with pytest.raises(ValueError, match="not a duration"):
        seconds_of("soon")
    with pytest.raises(ValueError, match="whole seconds"):
        span(0.5)
    from datetime import datetime, timezone

    at = datetime(2026, 11, 21, 22, 1, 2, 345000, timezone.utc)
    assert moment(at) == "2026-11-21T22:01:02.345000Z"
    with pytest.raises(ValueError, match="time zone"):
        moment(at.replace(tzinfo=None))


def test_an_id_cannot_leave_its_place() -> None:
    assert path_of("/v1/{a}/x", {"a": "b/../c?d"}) == "/v1/b%2F..%2Fc%3Fd/x"
    for odd in ("", ".", ".."):
        with pytest.raises(ValueError, match="not an id"):
            path_of("/v1/{a}", {"a": odd})
    assert query_of({"a": None, "b": ["x", "y"], "c": True, "d": 5}) == {
        "b": "x,y",
        "c": "true",
        "d": "5",
    }
