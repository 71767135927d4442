"""Makes rows of a stopped server older, as if time had passed: backdate.py DATABASE WHAT SECONDS."""
import sqlite3
import sys

STATEMENTS = {
    # Events and deliveries, with their places, which are about their times.
    "rows": [
        "UPDATE events SET seq = seq - :age, occurred_at = occurred_at - :age",
        "UPDATE deliveries SET seq = seq - :age, event_seq = event_seq - :age, created_at = created_at - :age",
        "UPDATE attempts SET delivery_seq = delivery_seq - :age, at = at - :age",
    ],
    # Since when endpoints fail.
    "failing": ["UPDATE endpoint_health SET failing_since = failing_since - :age"],
    # Somebody else did it.
    "forged": ["UPDATE audit SET actor = 'key:forged' WHERE seq = 2"],
    # Since when sandboxes are there.
    "sandboxes": ["UPDATE sandboxes SET created_at = created_at - :age, expires_at = expires_at - :age"],
    # Until when links log in, and how long sessions last.
    "links": ["UPDATE session_links SET expires_at = expires_at - :age"],
    "sessions": ["UPDATE sessions SET expires_at = expires_at - :age"],
    # Since when deliveries are due.
    "due": ["UPDATE deliveries SET due_at = due_at - :age WHERE status = 0"],
}

database, what, seconds = sys.argv[1:]
connection = sqlite3.connect(database)
with connection:
    for statement in STATEMENTS[what]:
        assert connection.execute(statement, {"age": int(seconds) * 1_000_000}).rowcount > 0, statement
connection.close()
