"""A Slack on this machine, and a person who clicks in it."""

import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse
import urllib.request

from faults import Wrong

SECONDS = 60


class Slack:
    def __init__(self, story):
        self.story, self.calls, self.pressed, self.changed = story, [], set(), threading.Condition()
        slack = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with slack.changed:
                    ts = f"1700000000.{len(slack.calls):06}"
                    slack.calls.append((self.path.rpartition("/")[2], self.headers["authorization"], body, ts))
                    slack.changed.notify_all()
                answer = json.dumps({"ok": True, "channel": body.get("channel"), "ts": ts}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def call(self, method, met=lambda body, ts: True, after=0):
        """The first call of a method after so many calls, once it is there: its number, body and `ts`."""

        def found():
            for at, (name, _, body, ts) in enumerate(self.calls[after:], after):
                if name == method and met(body, ts):
                    return at, body, ts
            return None

        with self.changed:
            self.changed.wait_for(found, timeout=SECONDS)
            if found() is None:
                raise Wrong(f"Slack was not called with {method}; it was called with {[one[0] for one in self.calls]}")
            return found()

    def click(self, button, user, secret_file, reason, amount=""):
        """Presses the button of the first message that has it and was not clicked in, and fills in the form."""
        has = lambda body, ts: ts not in self.pressed and any(text(one) == button for one in buttons(body))
        _, message, ts = self.call("chat.postMessage", has)
        self.pressed.add(ts)
        pressed = next(one for one in buttons(message) if text(one) == button)
        secret = (self.story.folder / secret_file).read_text(encoding="utf-8").strip()
        count = len(self.calls)
        self.send(secret, {
            "type": "block_actions",
            "user": {"id": user, "username": "somebody", "team_id": "T0"},
            "team": None,
            "container": {"type": "message", "message_ts": ts, "channel_id": message["channel"], "is_ephemeral": False},
            "channel": {"id": message["channel"], "name": "approvals"},
            "message": {"ts": ts},
            "trigger_id": f"trigger-{ts}",
            "response_url": self.url + "respond",
            "actions": [{"type": "button", "action_id": pressed["action_id"], "value": pressed["value"],
                         "block_id": "block", "action_ts": "1.1"}],
        })  # fmt: skip
        _, form, _ = self.call("views.open", after=count)
        values = {"reason": {"reason": {"type": "plain_text_input", "value": reason}},
                  "amount": {"amount": {"type": "plain_text_input", "value": amount}}}  # fmt: skip
        self.send(secret, {
            "type": "view_submission",
            "team": {"id": "T0"},
            "user": {"id": user, "name": "somebody"},
            "trigger_id": "another",
            "view": {"id": "V1", "hash": "1.h", "callback_id": form["view"]["callback_id"],
                     "private_metadata": form["view"]["private_metadata"], "state": {"values": values}},
        })  # fmt: skip
        self.call("chat.update", lambda body, _: body["ts"] == ts and not buttons(body), count)

    def send(self, secret, payload):
        body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
        now = str(int(time.time()))
        signature = "v0=" + hmac.new(secret.encode(), f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/x-www-form-urlencoded", "x-slack-request-timestamp": now,
                   "x-slack-signature": signature}  # fmt: skip
        url = self.story.environment["BELLWIRE_URL"] + "/v1/integrations/slack/interactions"
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
            said = answer.read()
        if said:
            raise Wrong(f"Slack was answered {said.decode()}")

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def buttons(message):
    return [one for block in message.get("blocks", []) if block["type"] == "actions" for one in block["elements"]]


def text(element):
    return element["text"]["text"]
