"""Streams: where they begin, what breaks them, and what ends a line."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bellwire import APIError, BellwireError, RetryPolicy
from bellwire._lines import Lines as SplitLines
from bellwire._sse import Frames

from .test_transport import Script, answer, client


class Lines(httpx.SyncByteStream):
    """A stream that ends as it is told."""

    def __init__(self, text: str, end: Exception | None = None) -> None:
        self.text, self.end = text, end

    def __iter__(self) -> Any:
        yield self.text.encode()
        if self.end is not None:
            raise self.end


def test_a_stream_resumes_after_a_break(monkeypatch: pytest.MonkeyPatch) -> None:
    import bellwire._sync.transport

    waited: list[float] = []
    monkeypatch.setattr(bellwire._sync.transport, "sleep", waited.append)
    frame = 'id: evt_{n}\nevent: a.b\ndata: {{"id": "evt_{n}", "type": "a.b"}}\n\n'
    script = Script(
        httpx.ConnectError("no"),
        answer(200, {"events": [], "next_cursor": "c_0"}),
        httpx.Response(200, stream=Lines("", httpx.ReadError("cut"))),
        httpx.Response(200, stream=Lines(frame.format(n=1), httpx.ReadError("cut"))),
        answer(503, {}, retry_after="1"),
        httpx.ConnectError("no"),
        httpx.Response(200, stream=Lines(": heartbeat\n\n" + frame.format(n=2))),
        answer(401, {"code": "unauthorized"}),
    )
    made = client(script, retry=RetryPolicy(retries=0))
    stream = made.stream_events(types=["a.b", "c.*"], namespace="acme")
    assert [next(stream)["id"], next(stream)["id"]] == ["evt_1", "evt_2"]
    with pytest.raises(APIError):
        next(stream)
    assert [request.url.params.get("after") for request in script.asked] == [
        *[None] * 2,
        *["c_0"] * 2,
        *["evt_1"] * 3,
        "evt_2",
    ]
    assert [request.url.path for request in script.asked] == [
        *["/v1/events/poll"] * 2,
        *["/v1/events/stream"] * 6,
    ]
    for request in script.asked:
        assert request.url.params["types"] == "a.b,c.*"
        assert request.url.params["namespace"] == "acme"
    # Pauses grow until something comes.
    assert waited == [0.5, 1.0, 0.5, 1.0, 2.0, 0.5]


def test_a_stream_goes_on_asking_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    import bellwire._sync.transport

    waited: list[float] = []
    monkeypatch.setattr(bellwire._sync.transport, "sleep", waited.append)
    script = Script(*[answer(502)] * 50, answer(403, {"code": "forbidden"}))
    made = client(script, retry=RetryPolicy(retries=0))
    with pytest.raises(APIError, match="forbidden"):
        next(made.stream_events(after="evt_1"))
    assert waited == [0.5, 1, 2, 4, 8, 16] + [30] * 44


@pytest.mark.parametrize("text", [b'data: {"a\n\n', b"data: []\n\n", b"data: <html>\n\n"])
def test_a_stream_of_something_else_is_an_error(text: bytes) -> None:
    script = Script(httpx.Response(200, stream=Lines(text.decode())))
    with pytest.raises(BellwireError, match="no event"):
        next(client(script).stream_events(after="evt_1"))


def test_changes_are_told_again_after_a_break(monkeypatch: pytest.MonkeyPatch) -> None:
    import bellwire._sync.transport

    waited: list[float] = []
    monkeypatch.setattr(bellwire._sync.transport, "sleep", waited.append)
    hello = 'event: hello\ndata: {"topics": ["keys", "jobs"]}\n\n'
    changed = 'event: changed\ndata: {"topics": ["jobs"]}\n\n'
    script = Script(
        httpx.Response(200, stream=Lines(hello + changed, httpx.ReadError("cut"))),
        answer(503, {}),
        httpx.Response(200, stream=Lines(hello)),
        httpx.Response(200, stream=Lines("data: []\n\n")),
    )
    stream = client(script, retry=RetryPolicy(retries=0)).stream_changes(namespace="acme")
    first = {"event": "hello", "data": {"topics": ["keys", "jobs"]}}
    assert [next(stream) for _ in range(3)] == [
        first,
        {"event": "changed", "data": {"topics": ["jobs"]}},
        first,
    ]
    with pytest.raises(BellwireError, match="no JSON object"):
        next(stream)
    assert [request.url.path for request in script.asked] == ["/v1/changes/stream"] * 4
    assert {str(request.url.params) for request in script.asked} == {"namespace=acme"}
    assert waited == [0.5, 1.0, 0.5]


def test_a_stream_that_is_left_gives_its_connection_back() -> None:
    class Watched(Lines):
        closed = False

        def close(self) -> None:
            self.closed = True

    watched = Watched('data: {"topics": []}\n\n' * 2)
    stream = client(Script(httpx.Response(200, stream=watched))).stream_changes()
    next(stream)
    assert not watched.closed
    stream.close()  # type: ignore[attr-defined]
    assert watched.closed


def test_only_line_ends_end_lines() -> None:
    text = "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\r\nh\ri\n\r\n\r\rj😀"
    wanted = ["a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg", "h", "i", "", "", "", "j😀"]
    raw = text.encode()
    for size in range(1, len(raw) + 1):
        lines = SplitLines()
        chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
        got = [line for chunk in (b"", *chunks, b"") for line in lines.push(chunk)]
        assert [*got, *lines.end()] == wanted, size
    assert list(SplitLines().end()) == []


def test_frames_are_read_as_the_standard_says() -> None:
    frames = Frames()
    got = [frames.push(line) for line in ("id:7", ": c", "data: a", "data:b", "retry: 3", "", "")]
    frame = got[5]
    assert frame is not None
    assert (frame.id, frame.event, frame.data) == ("7", "message", "a\nb")
    assert got[6] is None
