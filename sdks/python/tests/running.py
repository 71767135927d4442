"""ASGI applications on ports of their own, and modules run with an environment of their own."""

from __future__ import annotations

import runpy
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import uvicorn

from .conftest import eventually


@contextmanager
def serving(application: Any) -> Iterator[str]:
    """The URL at which the application answers."""
    config = uvicorn.Config(application, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def loaded(path: Path, environment: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The names that a script defines, run with this environment, which lasts as long."""
    with mock.patch.dict("os.environ", environment):
        yield runpy.run_path(str(path), run_name="loaded")
