"""What verification promises beside the vectors."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest

import bellwire.signatures
from bellwire import (
    BadSecret,
    InvalidPayload,
    MalformedHeader,
    MissingHeader,
    NoMatch,
    Scheme,
    TimestampOutOfTolerance,
    WebhookEvent,
    WebhookSignatureError,
    sign_webhook,
    verify_signature,
    verify_webhook,
)
from bellwire.webhooks import SCHEMES

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
NOW = 1_795_298_462
BODIES: dict[Scheme, dict[str, Any]] = {
    "standard": {
        "id": "evt_1",
        "type": "a.b",
        "timestamp": "2026-11-21T22:01:02.345Z",
        "workspace_id": "ws-1",
        "namespace": "acme",
        "data": {"n": 1},
    },
    "cloudevents": {
        "specversion": "1.0",
        "id": "evt_1",
        "source": "/workspaces/ws-1",
        "type": "a.b",
        "subject": "acme",
        "time": "2026-11-21T22:01:02.345Z",
        "data": {"n": 1},
    },
    "trove": {"id": "evt_1", "type": "a.b", "timestamp": "2026-11-21T22:01:02.345Z", "n": 1},
    "trovefiles": {
        "id": "evt_1",
        "type": "a.b",
        "api_version": "2026-01-01",
        "workspace_id": "ws-1",
        "namespace": "acme",
        "created_at": "2026-11-21T22:01:02.345Z",
        "data": {"n": 1},
    },
    "paygraph": {"id": "evt_1", "type": "a.b", "timestamp": "2026-11-21T22:01:02.345Z", "n": 1},
    "pacspace": {
        "id": "evt_1",
        "event": "a.b",
        "tenantId": "ws-1",
        "createdAt": "2026-11-21T22:01:02.345Z",
        "data": {"n": 1},
    },
    "keystore": {"event": "a.b", "timestamp": "2026-11-21T22:01:02.345Z", "data": {"n": 1}},
}


def signed(scheme: Scheme, body: bytes) -> dict[str, str]:
    return sign_webhook(secret=SECRET, body=body, id="evt_1", timestamp=NOW, dialect=scheme)


@pytest.mark.parametrize("scheme", BODIES)
def test_every_dialect_becomes_the_same_event(scheme: Scheme) -> None:
    body = json.dumps(BODIES[scheme]).encode()
    headers = {**signed(scheme, body), "bellwire-event": "a.b"}
    for dialect in (scheme, None):
        event = verify_webhook(secret=SECRET, body=body, headers=headers, dialect=dialect, now=NOW)
        assert (event.type, event.data) == ("a.b", {"n": 1})
        assert event.timestamp is not None
        assert event.timestamp.microsecond == 345_000
        if (scheme, dialect) == ("keystore", "keystore"):
            assert event.id.startswith("sha256:")
        else:
            assert event.id == "evt_1"
        if scheme in ("standard", "cloudevents", "trovefiles"):
            assert (event.namespace, event.workspace_id) == ("acme", "ws-1")
    assert SECRET not in repr(event)


def test_an_approval_in_paygraph_is_its_whole_body() -> None:
    asked = {"approval_id": "apr_1", "created_at": "2026-11-21T22:01:02.345Z"}
    asked["expires_at"] = "2026-11-21T23:01:02.000Z"
    body = json.dumps(asked).encode()
    headers = signed("paygraph", body)

    def at(now: float) -> WebhookEvent:
        return verify_webhook(
            secret=SECRET, body=body, headers=headers, dialect="paygraph", now=now
        )

    event = at(NOW + 3_600)
    assert (event.id, event.type, event.data) == ("apr_1", "approval.requested", asked)
    with pytest.raises(TimestampOutOfTolerance) as late:
        at(NOW + 3_600.5)
    assert late.value.age_seconds == 1
    body = json.dumps({**asked, "expires_at": "x"}).encode()
    headers = signed("paygraph", body)
    with pytest.raises(InvalidPayload, match="expires_at"):
        at(NOW)
    # What is no approval has no end: of the other events this says nothing.
    body = json.dumps({**BODIES["paygraph"], "expires_at": "2020-01-01T00:00:00Z"}).encode()
    headers = signed("paygraph", body)
    assert at(NOW).type == "a.b"
    ended = json.dumps({**asked, "decided_at": "2026-11-21T22:02:02.345Z"}).encode()
    event = verify_webhook(secret=SECRET, body=ended, headers=signed("paygraph", ended), now=NOW)
    assert (event.id, event.type) == ("evt_1", "approval.decided")


def flips(body: bytes, headers: dict[str, str]) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Each with one thing changed."""
    for at in range(len(body)):
        yield body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], headers
    for name, value in headers.items():
        for at in range(len(value)):
            changed = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
            yield body, {**headers, name: changed}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_whatever_is_changed_is_refused(scheme: Scheme) -> None:
    body = b'{"type":"a.b"}'
    all_headers = signed(scheme, body)
    verify_signature(scheme, secret=SECRET, headers=all_headers, body=body, now=NOW)
    own = {name: value for name, value in all_headers.items() if not name.startswith("webhook-")}
    for changed_body, headers in flips(body, own or all_headers):
        with pytest.raises(WebhookSignatureError):
            verify_signature(scheme, secret=SECRET, headers=headers, body=changed_body, now=NOW)
    wrong = "whsec_" + "A" * 64
    with pytest.raises(NoMatch):
        verify_signature(scheme, secret=wrong, headers=all_headers, body=body, now=NOW)


def test_old_timestamps_are_refused_also_from_the_future() -> None:
    body = b"{}"
    headers = signed("standard", body)
    for now, age in ((NOW + 301, 301), (NOW - 301, -301)):
        with pytest.raises(TimestampOutOfTolerance) as refused:
            verify_signature("standard", secret=SECRET, headers=headers, body=body, now=now)
        assert refused.value.age_seconds == age
    verify_signature("standard", secret=SECRET, headers=headers, body=body, now=NOW + 300.9)


def test_an_error_says_which_check_failed() -> None:
    body = b"{}"
    headers = signed("standard", body)

    def verify(secret: str = SECRET, **changed: str | None) -> None:
        given = {**headers, **{name.replace("_", "-"): v for name, v in changed.items()}}
        present = {name: v for name, v in given.items() if v is not None}
        verify_signature("standard", secret=secret, headers=present, body=body, now=NOW)

    with pytest.raises(MissingHeader, match="webhook-id"):
        verify(webhook_id=None)
    for value in ("", "a.b", "é", "x" * 9000):
        with pytest.raises(MalformedHeader, match="webhook-id"):
            verify(webhook_id=value)
    with pytest.raises(BadSecret):
        verify(secret="whsec_AAAA")
    with pytest.raises(MalformedHeader, match="webhook-timestamp"):
        verify(webhook_timestamp="1e9")
    pairs = [*headers.items(), ("Webhook-Id", "evt_1")]
    with pytest.raises(MalformedHeader):
        verify_signature("standard", secret=SECRET, headers=pairs, body=body, now=NOW)


def test_a_right_signature_over_no_event_is_refused() -> None:
    for body in (
        b"[]",
        b"not json",
        b'{"id":"x"}',
        b"[" * 100_000,
        b'{"a":NaN}',
        b"[1e9999999999999999999]",
    ):
        with pytest.raises(InvalidPayload):
            verify_webhook(secret=SECRET, body=body, headers=signed("standard", body), now=NOW)


def test_a_lone_header_is_told_by_its_form() -> None:
    body = json.dumps(BODIES["trove"]).encode()
    headers = signed("trove", body)

    def verify(name: str, dialect: Scheme | None = None) -> None:
        verify_webhook(
            secret=SECRET,
            body=body,
            signature_header=headers[name],
            dialect=dialect,
            now=NOW,
        )

    verify("x-trove-signature")
    with pytest.raises(MalformedHeader, match="pass headers="):
        verify("webhook-signature")
    with pytest.raises(TypeError, match="pass headers="):
        verify("webhook-signature", dialect="standard")
    with pytest.raises(TypeError, match="either"):
        verify_webhook(secret=SECRET, body=body, headers=headers, signature_header="t=1,v1=0")
    with pytest.raises(MissingHeader, match="signature_header"):
        verify_webhook(secret=SECRET, body=body, signature_header=None)


PUBLIC = "whpk_" + "A" * 43 + "="


@pytest.mark.parametrize(
    "scheme", [one for one in SCHEMES if one not in ("standard", "cloudevents")]
)
@pytest.mark.parametrize("public", [PUBLIC, f" {PUBLIC}", f"{PUBLIC}\n"])
def test_a_public_key_is_no_secret(scheme: Scheme, public: str) -> None:
    """Everybody may know it: what is made with it proves nothing."""
    body = json.dumps(BODIES["trove"]).encode()
    # As a forger would sign, who takes the key for a secret.
    with patched_key():
        headers = sign_webhook(secret=public, body=body, id="e", timestamp=NOW, dialect=scheme)
    for secrets, refusal in ([SECRET, public], NoMatch), ([public], BadSecret):
        with pytest.raises(refusal):
            verify_signature(scheme, secret=secrets, headers=headers, body=body, now=NOW)
    with pytest.raises(BadSecret):
        sign_webhook(secret=public, body=body, id="e", dialect=scheme)


@contextmanager
def patched_key() -> Iterator[None]:
    with mock.patch.object(bellwire.signatures, "_decode_key", return_value=b"A" * 32):
        yield


@pytest.mark.parametrize("tolerance", [float("nan"), float("inf"), -1])
def test_a_tolerance_is_a_number_of_seconds(tolerance: float) -> None:
    body = b"{}"
    headers = signed("standard", body)
    with pytest.raises(ValueError, match="tolerance"):
        verify_webhook(secret=SECRET, body=body, headers=headers, tolerance=tolerance, now=9e9)


def test_the_headers_of_asgi_are_understood() -> None:
    body = json.dumps(BODIES["standard"]).encode()
    pairs = [(k.encode(), v.encode()) for k, v in signed("standard", body).items()]
    assert verify_webhook(secret=SECRET, body=body, headers=pairs, now=NOW).id == "evt_1"
    with pytest.raises(MalformedHeader):
        verify_webhook(
            secret=SECRET, body=body, headers=[*pairs, (b"Webhook-Id", b"evt_1")], now=NOW
        )


def test_whose_it_is_without_the_headers_that_tell_the_dialect() -> None:
    body = json.dumps(BODIES["standard"]).encode()
    event = verify_webhook(secret=SECRET, body=body, headers=signed("standard", body), now=NOW)
    assert (event.namespace, event.workspace_id, event.data) == ("acme", "ws-1", {"n": 1})
    # What data can look like, it does not become.
    stamped = signed("trove", body)["x-trove-signature"]
    event = verify_webhook(secret=SECRET, body=body, signature_header=stamped, now=NOW)
    assert (event.namespace, event.workspace_id) == (None, None)
    assert event.data["namespace"] == "acme"
    forged = {**BODIES["trovefiles"], "timestamp": BODIES["standard"]["timestamp"]}
    for given, whose in (BODIES["trovefiles"], "acme"), (forged, None):
        body = json.dumps(given).encode()
        stamped = signed("trove", body)["x-trove-signature"]
        event = verify_webhook(secret=SECRET, body=body, signature_header=stamped, now=NOW)
        assert event.namespace == whose


def test_without_a_dialect_nothing_but_the_standard_headers_counts() -> None:
    """An old `trove` signature under the name of a scheme without a time must not pass."""
    body = json.dumps(BODIES["trove"]).encode()
    stamped = signed("trove", body)["x-trove-signature"]
    for name in ("x-trove-signature", "x-paygraph-signature", "x-webhook-signature"):
        with pytest.raises(MissingHeader):
            verify_webhook(secret=SECRET, body=body, headers={name: stamped}, now=NOW)


ALONE = """
import sys, time
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("bellwire"):
            raise ImportError(f"{name} is not of the standard library")
sys.meta_path.insert(0, Nothing())
from bellwire import Ed25519Missing, WebhookSignatureError, sign_webhook, verify_webhook
from bellwire import ApprovalWebhook, SqliteStore
secret, body = "whsec_" + "A" * 64, b'{"id":"evt_1","type":"a.b","workspace_id":"w","data":{}}'
headers = sign_webhook(secret=secret, body=body, id="evt_1")
assert verify_webhook(secret=secret, body=body, headers=headers).type == "a.b"
headers["webhook-signature"] = "v1a," + "A" * 86 + "=="
try:
    verify_webhook(secret="whpk_" + "A" * 43 + "=", body=body, headers=headers)
except Ed25519Missing as error:
    print(error)
"""


def test_verifying_needs_the_standard_library_alone() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "bellwire[ed25519]" in done.stdout
