"""Remembering what came before. Deliveries come at least once: the second one is to do nothing.

Memory forgets at a restart and is not shared by processes; `SqliteStore` outlives a restart and is
shared by the processes of one machine. For several machines, write the two methods for the database
that they share.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from os import PathLike
from typing import Protocol

# How often old keys are looked for.
_PRUNE_S = 3600.0


class DuplicateStore(Protocol):
    """Keys that came before."""

    def add(self, key: str) -> bool:
        """Whether `key` is new. Of all who ask at once, one is told so."""

    def discard(self, key: str) -> None:
        """Forgets `key`: what it stands for was not done after all."""


class MemoryStore:
    """The newest `keys_max` keys, in this process."""

    def __init__(self, keys_max: int = 10_000) -> None:
        self._keys_max = keys_max
        self._keys: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, key: str) -> bool:
        """Whether `key` is new."""
        with self._lock:
            if key in self._keys:
                return False
            self._keys[key] = None
            while len(self._keys) > self._keys_max:
                self._keys.popitem(last=False)
            return True

    def discard(self, key: str) -> None:
        """Forgets `key`."""
        with self._lock:
            self._keys.pop(key, None)


class SqliteStore:
    """The keys of the last `keep_days`, in a file that several processes may share."""

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        keep_days: float = 90,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`keep_days` is to be longer than anything is delivered again or replayed. `clock` is the
        unix time, for tests."""
        if not keep_days > 0:
            raise ValueError(f"keep_days is {keep_days}: it is a number of days above 0")
        self._keep_s = keep_days * 86_400
        self._clock = clock
        self._pruned_at = 0.0
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS seen_at (key TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS seen_at_at ON seen_at (at)")

    def add(self, key: str) -> bool:
        """Whether `key` is new."""
        now = self._clock()
        with self._lock:
            if not 0 <= now - self._pruned_at < _PRUNE_S:
                self._db.execute("DELETE FROM seen_at WHERE at < ?", (now - self._keep_s,))
                self._pruned_at = now
            done = self._db.execute("INSERT OR IGNORE INTO seen_at VALUES (?, ?)", (key, now))
            return done.rowcount == 1

    def discard(self, key: str) -> None:
        """Forgets `key`."""
        with self._lock:
            self._db.execute("DELETE FROM seen_at WHERE key = ?", (key,))

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def __del__(self) -> None:
        # A store lives as long as its process, as a rule: nobody closes it.
        if hasattr(self, "_db"):
            self._db.close()
