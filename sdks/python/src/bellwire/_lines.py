"""Lines of a stream, as Server-Sent Events and NDJSON have them.

They end with CR LF, LF or CR and with nothing else: in a text, U+2028, U+0085 and the vertical tab are
ordinary characters, which JSON need not escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ENDS = re.compile(rb"\r\n|\n|\r")


class Lines:
    """Makes lines of chunks of bytes, wherever those are cut."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._after_cr = False

    def push(self, chunk: bytes) -> Iterator[str]:
        """The lines that this chunk ends."""
        if self._after_cr and chunk:
            # The line ended with the chunk before; a line feed that comes now belongs to its end.
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        *ended, rest = _ENDS.split(chunk)
        for line in ended:
            yield self._taken(line)
        self._after_cr = chunk.endswith(b"\r")
        if rest:
            self._parts.append(rest)

    def end(self) -> Iterator[str]:
        """The line that the stream broke off in, or that has no end because it is the last."""
        if self._parts:
            yield self._taken(b"")

    def _taken(self, last: bytes) -> str:
        line = b"".join((*self._parts, last))
        self._parts.clear()
        return line.decode("utf-8", "replace")
