"""Server-Sent Events, line by line (WHATWG HTML, "Server-sent events")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """One message."""

    id: str | None
    event: str
    data: str


class Frames:
    """Makes frames of lines."""

    def __init__(self) -> None:
        self._id: str | None = None
        self._event = ""
        self._data: list[str] = []

    def push(self, line: str) -> Frame | None:
        """The frame that this line ends, if it does."""
        if not line:
            data, event = self._data, self._event
            self._data, self._event = [], ""
            return Frame(self._id, event or "message", "\n".join(data)) if data else None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id":
            self._id = value
        return None
