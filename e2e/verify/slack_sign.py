#!/usr/bin/env python3
"""Signs a request as Slack does, with Slack's own package: slack_sign.py SECRET TIMESTAMP < body"""

import sys

from slack_sdk.signature import Clock, SignatureVerifier


class At(Clock):
    def now(self):
        return float(sys.argv[2])


secret, timestamp, body = sys.argv[1], sys.argv[2], sys.stdin.buffer.read()
verifier = SignatureVerifier(secret, At())
signature = verifier.generate_signature(timestamp=timestamp, body=body)
assert verifier.is_valid(body=body, timestamp=timestamp, signature=signature)
print(signature)
