#!/usr/bin/env python3
"""Verifies deliveries with the packages that receivers really use.

    verify.py [--self-check] [FILE]      a delivery, or a list of them; standard input without FILE
    verify.py --vectors FILE             the signature vectors of the wire crate

A delivery is {"dialect", "secret", "headers": {...}, "body_base64"} and may have
  "public_key"  instead of "secret", for an endpoint that signs with Ed25519;
  "now"   the time to verify at, in unix seconds (else it is now);
  "only"  the names of the packages that can verify it (during a rotation, some cannot).

Prints a JSON report, one entry per delivery: {"dialect", "checks": {package: "ok" | error}}. Exits
with 1 if a package that should accept a delivery refused it. With --self-check each package must
also refuse the same delivery after one byte of its body changed.

The packages are used as they are; only their clock is set when "now" is given.
"""

import argparse
import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import json
import sys
import time

import slack_sdk.signature
import standardwebhooks.webhooks
import stripe
import svix.webhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pacspace_sdk import Webhooks as PacSpaceWebhooks
from trove_sdk import verify_webhook as trove_verify_webhook


class Refused(Exception):
    """A package that answers with false instead of raising."""


def header(headers, name):
    found = [value for key, value in headers.items() if key.lower() == name.lower()]
    if not found:
        raise Refused(f"no header {name}")
    return found[0]


def with_standardwebhooks(secret, headers, body):
    standardwebhooks.webhooks.Webhook(secret).verify(body, headers)


def with_svix(secret, headers, body):
    renamed = {f"svix-{part}": header(headers, f"webhook-{part}") for part in ("id", "timestamp", "signature")}
    svix.webhooks.Webhook(secret).verify(body, renamed)


def with_ed25519(public_key, headers, body):
    """No package for webhooks reads v1a yet; `cryptography` checks the signature itself."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    content = f"{header(headers, 'webhook-id')}.{header(headers, 'webhook-timestamp')}.".encode() + body
    version, _, signature = header(headers, "webhook-signature").partition(",")
    if version != "v1a":
        raise Refused(f"the signature is {version}, not v1a")
    key.verify(base64.b64decode(signature), content)


def with_stripe(name, tolerance=300, event=True):
    def check(secret, headers, body):
        stripe.WebhookSignature.verify_header(body, header(headers, name), secret, tolerance)
        if event:
            # Its tolerance of 0 means any age.
            got = stripe.Webhook.construct_event(body, header(headers, name), secret, tolerance or 0)
            if got.to_dict() != json.loads(body):
                raise Refused("the event differs from the body")

    return check


def with_trove(secret, headers, body):
    event = trove_verify_webhook(
        secret=secret, body=body, signature_header=header(headers, "X-Trove-Signature")
    )
    if event.id != json.loads(body)["id"]:
        raise Refused("the event differs from the body")


def with_trove_signature(secret, headers, body):
    """The same function on a flat body: it checks the signature, then misses a field of its own."""
    try:
        with_trove(secret, headers, body)
    except KeyError as missing:
        if missing.args != ("api_version",):
            raise


def with_pacspace(secret, headers, body):
    event = PacSpaceWebhooks(secret).verify_from_headers(headers, body.decode())
    if event != json.loads(body):
        raise Refused("the event differs from the body")


def with_slack(secret, headers, body):
    if not slack_sdk.signature.SignatureVerifier(secret).is_valid_request(body, headers):
        raise Refused("is_valid_request is false")


def with_hmac(name, prefix=""):
    """What a handler without any package does: HMAC-SHA256 of the body with the raw secret."""

    def check(secret, headers, body):
        want = prefix + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(want.encode(), header(headers, name).encode()):
            raise Refused("the signature does not match")

    return check


ALWAYS = {"standardwebhooks": with_standardwebhooks, "svix": with_svix}
OWN = {
    "standard": {},
    "cloudevents": {},
    "trove": {"stripe": with_stripe("X-Trove-Signature"), "trove-sdk": with_trove_signature},
    "trovefiles": {"stripe": with_stripe("X-Trove-Signature"), "trove-sdk": with_trove},
    # The timestamp is when the approval was made; how long it is good is in the payload.
    "paygraph": {"stripe": with_stripe("X-PayGraph-Signature", tolerance=None)},
    "pacspace": {"pacspace-sdk": with_pacspace},
    "keystore": {"hmac": with_hmac("X-Webhook-Signature")},
}
# What the server only receives; none of these carries the headers of every delivery.
RECEIVED = {
    "stripe": {"stripe": with_stripe("Stripe-Signature")},
    "github": {"hmac": with_hmac("X-Hub-Signature-256", prefix="sha256=")},
    "slack": {"slack_sdk": with_slack},
}


def checks_for(delivery):
    dialect = delivery["dialect"]
    if "public_key" in delivery:
        checks = {"cryptography": with_ed25519}
    elif dialect in RECEIVED:
        checks = RECEIVED[dialect]
    elif dialect in OWN:
        checks = {**ALWAYS, **OWN[dialect]}
    else:
        sys.exit(f"unknown dialect {dialect!r}")
    only = delivery.get("only", list(checks))
    return {name: check for name, check in checks.items() if name in only}


@contextlib.contextmanager
def clock_at(now):
    """Sets the clock that the packages read."""
    if now is None:
        yield
        return

    class Fixed(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(now, tz)

    real_time, real_datetime = time.time, standardwebhooks.webhooks.datetime
    slack_clock, slack_now = slack_sdk.signature.Clock, slack_sdk.signature.Clock.now
    time.time, standardwebhooks.webhooks.datetime = (lambda: float(now)), Fixed
    slack_clock.now = lambda self: float(now)
    try:
        yield
    finally:
        time.time, standardwebhooks.webhooks.datetime = real_time, real_datetime
        slack_clock.now = slack_now


def run(check, delivery, body):
    """"ok", or what the package said."""
    try:
        with clock_at(delivery.get("now")):
            check(delivery.get("public_key") or delivery["secret"], delivery["headers"], body)
        return "ok"
    except Exception as error:  # Whatever a package raises is a refusal.
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}".rstrip(": ")


def tampered(body):
    """The body with one byte changed, still text."""
    for at, byte in enumerate(body):
        if chr(byte).isascii() and chr(byte).isalnum():
            return body[:at] + bytes([byte ^ 1]) + body[at + 1 :]
    return body + b" "


def report(delivery, self_check):
    body = base64.b64decode(delivery["body_base64"])
    checks = checks_for(delivery)
    entry = {"dialect": delivery["dialect"]}
    if "name" in delivery:
        entry["name"] = delivery["name"]
    entry["checks"] = {name: run(check, delivery, body) for name, check in checks.items()}
    good = bool(checks) and all(said == "ok" for said in entry["checks"].values())
    if self_check:
        changed = tampered(body)
        entry["changed"] = {
            name: "FAIL: accepted" if run(check, delivery, changed) == "ok" else "refused"
            for name, check in checks.items()
        }
        good = good and all(said == "refused" for said in entry["changed"].values())
    entry["ok"] = good
    return entry


def vectors(path):
    """Each vector that holds must pass its own package; each of the plainest faults must not."""
    schemes = {**OWN, **RECEIVED, "standard": ALWAYS}
    schemes["trove"] = schemes["trovefiles"] = {"stripe": with_stripe("X-Trove-Signature", event=False)}
    schemes["paygraph"] = {"stripe": with_stripe("X-PayGraph-Signature", tolerance=None, event=False)}
    schemes["stripe"] = {"stripe": with_stripe("Stripe-Signature", event=False)}
    wrong, count = [], 0
    for vector in json.load(open(path, encoding="utf-8"))["vectors"]:
        fault = vector["name"].rsplit("/", 1)[-1]
        if not vector["valid"] and fault not in ("body-changed", "wrong-secret"):
            continue
        body = base64.b64decode(vector["body_base64"])
        for name, check in schemes[vector["scheme"]].items():
            said = [run(check, {**vector, "secret": secret}, body) for secret in vector["secrets"]]
            count += 1
            if ("ok" in said) != vector["valid"]:
                wrong.append(f"{vector['name']}: {name} says {said}")
    print(json.dumps({"vectors": count, "wrong": wrong}, indent=2))
    return not wrong and count > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--self-check", action="store_true", help="also change a byte, which must be refused")
    parser.add_argument("--vectors", metavar="FILE", help="verify the signature vectors of the wire crate")
    parser.add_argument("file", nargs="?", help="a delivery or a list of them (default: standard input)")
    args = parser.parse_args()
    if args.vectors:
        sys.exit(0 if vectors(args.vectors) else 1)
    given = json.load(open(args.file, encoding="utf-8") if args.file else sys.stdin)
    deliveries = given if isinstance(given, list) else [given]
    entries = [report(delivery, args.self_check) for delivery in deliveries]
    print(json.dumps(entries, indent=2))
    sys.exit(0 if entries and all(entry["ok"] for entry in entries) else 1)


if __name__ == "__main__":
    main()
