"""Work by key, one at a time.

A delivery that comes again while the first is being handled waits for it: answered earlier, it would
pass for done, and be lost if the first then fails.
"""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary


class Turns:
    """Whose turn it is, among threads and event loops alike."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._changed = threading.Condition()

    def try_take(self, key: str) -> bool:
        """Whether it is free, and then is taken."""
        with self._changed:
            if key in self._taken:
                return False
            self._taken.add(key)
            return True

    def take(self, key: str, within_s: float) -> bool:
        """Takes it, once it is free. Whether it became so in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: key not in self._taken, within_s):
                return False
            self._taken.add(key)
            return True

    async def take_async(self, key: str, within_s: float) -> bool:
        """The same in an event loop. It asks again and again: who has it may be a thread."""
        import anyio

        with anyio.move_on_after(within_s):
            while not self.try_take(key):  # noqa: ASYNC110
                await anyio.sleep(0.02)
            return True
        return False

    def give(self, key: str) -> None:
        """Ends the turn."""
        with self._changed:
            self._taken.discard(key)
            self._changed.notify_all()


_OF: WeakKeyDictionary[object, Turns] = WeakKeyDictionary()
_LOCK = threading.Lock()


def turns_of(store: object) -> Turns:
    """The turns of those that share a memory."""
    with _LOCK:
        try:
            return _OF.setdefault(store, Turns())
        except TypeError:
            # It cannot be referred to weakly, or not be hashed.
            return Turns()
