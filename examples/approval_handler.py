"""Asks a person in Slack whether an agent may do something, and passes the answer on.

    pip install standardwebhooks slack_sdk
    SECRET=whsec_... SLACK_BOT_TOKEN=xoxb-... SLACK_SIGNING_SECRET=... SLACK_CHANNEL=C... APPROVERS=U1,U2 \
        python3 approval_handler.py 4802

SECRET is that of an endpoint with `"dialect": "paygraph", "events": ["approval.requested"]` at /approvals; in the
Slack app, interactivity points to /slack. The decision is signed with the same secret: no key is needed.
"""
import json
import os
import sqlite3
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from slack_sdk.signature import SignatureVerifier
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["SECRET"])
verifier = SignatureVerifier(os.environ["SLACK_SIGNING_SECRET"])
slack = WebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ.get("SLACK_API_URL", "https://slack.com/api/"))
channel, approvers = os.environ["SLACK_CHANNEL"], os.environ["APPROVERS"].split(",")
db = sqlite3.connect(os.environ.get("STATE", "approvals.db"), check_same_thread=False, isolation_level=None)
db.execute("CREATE TABLE IF NOT EXISTS asked (approval_id TEXT PRIMARY KEY, callback_url TEXT, question TEXT)")


def is_duplicate(approval):
    """Whether it came before. A delivery may come twice; the approval's id is the same each time."""
    question = (approval.get("title") or "").translate({38: "&amp;", 60: "&lt;", 62: "&gt;"})
    row = (approval["approval_id"], approval["callback_url"], question)
    return db.execute("INSERT OR IGNORE INTO asked VALUES (?, ?, ?)", row).rowcount == 0


def ask(approval):
    question = db.execute("SELECT question FROM asked WHERE approval_id = ?", (approval["approval_id"],)).fetchone()[0]
    button = lambda action, style: {"type": "button", "action_id": action, "style": style,
        "text": {"type": "plain_text", "text": action.capitalize()}, "value": approval["approval_id"]}
    slack.chat_postMessage(channel=channel, text=question, blocks=[
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{question}*\nuntil {approval['expires_at']}"}},
        {"type": "actions", "elements": [button("approve", "primary"), button("deny", "danger")]}])


def decide(approval_id, decision, user):
    """Posts the decision; what was decided, which may be what somebody else said before."""
    callback_url, question = db.execute("SELECT callback_url, question FROM asked WHERE approval_id = ?",
                                        (approval_id,)).fetchone()
    body = json.dumps({"decision": decision, "reason": f"clicked in Slack by {user}", "approval_id": approval_id})
    now = datetime.now(timezone.utc)
    headers = {"content-type": "application/json", "webhook-id": approval_id,
               "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": webhook.sign(approval_id, now, body)}
    try:
        request = urllib.request.Request(callback_url, body.encode(), headers)
        answer = json.load(urllib.request.urlopen(request, timeout=2))
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
        answer = json.load(error)["approval"]
    return f"{question}\n{answer['status']}: {answer['reason']}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status, answer = (self.asked if self.path == "/approvals" else self.clicked)(body)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def asked(self, body):
        try:
            webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            return 401, b""
        approval = json.loads(body)
        if not is_duplicate(approval):
            try:
                ask(approval)
            except (SlackClientError, OSError):
                # Asked again at the next attempt.
                db.execute("DELETE FROM asked WHERE approval_id = ?", (approval["approval_id"],))
                return 503, b""
        return 200, b""

    def clicked(self, body):
        if not verifier.is_valid_request(body, dict(self.headers)):
            return 401, b""
        click = json.loads(urllib.parse.parse_qs(body.decode())["payload"][0])
        user, action = click["user"]["id"], click["actions"][0]
        if user not in approvers:
            return 200, b""
        text = decide(action["value"], action["action_id"], user)
        slack.chat_update(channel=click["channel"]["id"], ts=click["message"]["ts"], text=text,
                          blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": text}}])
        return 200, b""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 4802), Handler)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
