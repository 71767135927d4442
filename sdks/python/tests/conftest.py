"""A real server, a receiver, and what is awaited."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import TypeVar

import pytest

from bellwire import AdminClient, AsyncAdminClient

from .conforming import hold_answers_to_their_types

ROOT = Path(__file__).resolve().parents[3]
T = TypeVar("T")

hold_answers_to_their_types()


@dataclass
class Server:
    """A running Bellwire."""

    url: str
    owner_key: str


@dataclass
class Delivery:
    """What a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """An HTTP server that keeps what it gets and answers with `status` and `headers`."""

    url: str
    got: Queue[Delivery] = field(default_factory=Queue)
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""

    def next(self) -> Delivery:
        return self.got.get(timeout=20)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    binary = Path(os.environ.get("BELLWIRE_BIN") or ROOT / "target/debug/bellwire")
    if not binary.exists():
        pytest.fail(f"there is no server at {binary}: build it, or name it in BELLWIRE_BIN")
    place = tmp_path_factory.mktemp("bellwire")
    owner_key = "owner-" + secrets.token_hex(24)
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [binary, "serve", "--dev", "--data-dir", place / "data", "--listen", "127.0.0.1:0"],
            env={**os.environ, "BELLWIRE_OWNER_KEY": owner_key},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("listening on "):
                break
        else:
            pytest.fail(f"the server did not start: {(place / 'log').read_text()}")
        url = line.removeprefix("listening on ").strip()
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield Server(url, owner_key)
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture
def workspace_key(server: Server) -> str:
    """The admin key of a workspace of the test's own."""
    with AdminClient(server.owner_key, base_url=server.url) as owner:
        key = owner.create_workspace(name="test").get("api_key")
    assert key is not None
    return key


@pytest.fixture
def admin(server: Server, workspace_key: str) -> Iterator[AdminClient]:
    with AdminClient(workspace_key, base_url=server.url) as client:
        yield client


@pytest.fixture
def async_admin(server: Server, workspace_key: str) -> AsyncAdminClient:
    """Not opened: the event loop is the test's."""
    return AsyncAdminClient(workspace_key, base_url=server.url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.got.put(Delivery(self.path, dict(self.headers.items()), body))
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            if made.status != 204:
                self.send_header("content-length", str(len(made.answer)))
            self.end_headers()
            if made.status != 204:
                self.wfile.write(made.answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    http.shutdown()
    thread.join()
    http.server_close()


def eventually(look: Callable[[], T], within_s: float = 20.0) -> T:
    """What `look` returns once it is true."""
    end = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, "it did not happen in time"
        pause.wait(0.02)
