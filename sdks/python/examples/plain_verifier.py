"""Verifies deliveries without any package: one function per way of signing, to copy from.

    SECRET=whsec_... python plain_verifier.py trove 4803

prints each delivery to the port, verified by the function of that name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer

Headers = Mapping[str, str]


def standard(secret: str, headers: Headers, body: bytes) -> bool:
    """Standard Webhooks: every delivery, whatever its dialect. The key is the decoded secret."""
    event_id, sent_at = headers["webhook-id"], headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    listed = headers["webhook-signature"].split(" ")
    return fresh(sent_at) and any(hmac.compare_digest(wanted, one) for one in listed)


def trove(secret: str, headers: Headers, body: bytes) -> bool:
    """`X-Trove-Signature: t=…,v1=…`. The key is the secret as text, here and below."""
    return stamped(secret, headers["x-trove-signature"], body, dated=True)


def paygraph(secret: str, headers: Headers, body: bytes) -> bool:
    """`X-PayGraph-Signature: t=…,v1=…`, with the time at which the approval was made: how long it is
    good is `expires_at` in the body."""
    return stamped(secret, headers["x-paygraph-signature"], body, dated=False)


def pacspace(secret: str, headers: Headers, body: bytes) -> bool:
    """`X-PacSpace-Signature: v1=…[,v1=…]`, the time in a header of its own."""
    sent_at = headers["x-pacspace-timestamp"]
    wanted = "v1=" + mac(secret, sent_at.encode() + b"." + body)
    listed = headers["x-pacspace-signature"].split(",")
    return fresh(sent_at) and any(hmac.compare_digest(wanted, one.strip()) for one in listed)


def keystore(secret: str, headers: Headers, body: bytes) -> bool:
    """`X-Webhook-Signature`: the body alone. It tells nothing of the time."""
    return hmac.compare_digest(mac(secret, body), headers["x-webhook-signature"])


def stamped(secret: str, header: str, body: bytes, *, dated: bool) -> bool:
    pairs = [part.strip().partition("=")[::2] for part in header.split(",")]
    sent_at = dict(pairs)["t"]
    wanted = mac(secret, sent_at.encode() + b"." + body)
    if dated and not fresh(sent_at):
        return False
    return any(name == "v1" and hmac.compare_digest(wanted, value) for name, value in pairs)


def mac(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def fresh(sent_at: str) -> bool:
    return abs(time.time() - int(sent_at)) <= 300


VERIFIERS = {
    "standard": standard,
    "cloudevents": standard,
    "trove": trove,
    "trovefiles": trove,
    "paygraph": paygraph,
    "pacspace": pacspace,
    "keystore": keystore,
}


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        secret = os.environ["SECRET"]
        try:
            good = VERIFIERS[sys.argv[1]](secret, headers, body)
        except (KeyError, ValueError):  # A header is missing, or is not of this form.
            good = False
        print("verified" if good else "refused", body.decode(), flush=True)
        self.send_response(204 if good else 401)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int(sys.argv[2])), Receiver)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
