"""A terminal of a story: one shell, which keeps its variables, and what was printed in it."""

import codecs
import os
import pathlib
import secrets
import signal
import subprocess
import threading
import time

PREAMBLE = """
shopt -s expand_aliases
set -E -o pipefail
trap ':' INT
trap '__failed=$?' ERR
"""


class Terminal:
    """`write` is called with all that is printed, as it comes."""

    def __init__(self, name, folder, environment, write):
        self.name, self.folder, self.write = name, pathlib.Path(folder), write
        self.token = secrets.token_hex(8)
        self.printed, self.changed = "", threading.Condition()
        self.number, self.began, self.seen = 0, 0, 0
        self.running = self.ended = False
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self.listen, daemon=True).start()
        self.send(PREAMBLE)

    def listen(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while raw := os.read(self.process.stdout.fileno(), 65536):
            text = decoder.decode(raw)
            with self.changed:
                self.printed += text
                self.changed.notify_all()
            self.write(text)
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def start(self, code):
        """Begins a block; what is printed from here on is its."""
        if self.running:
            raise RuntimeError(f"terminal {self.name} is busy with what was started in it")
        self.number += 1
        with self.changed:
            self.began = self.seen = len(self.printed)
        file = self.folder / f".block-{self.name}-{self.number}.sh"
        file.write_text(code, encoding="utf-8")
        self.running = True
        # Lines of their own: what is interrupted takes the rest of its line with it.
        self.send(f"__failed=0\n. {file} </dev/null\n")
        self.send(f"printf '\\036%s-%s-%s\\036\\n' {self.token} {self.number} $__failed\n")

    def since(self, at):
        with self.changed:
            return self.printed[at:].partition("\036")[0]

    @property
    def output(self):
        """What the block printed."""
        return self.since(self.began)

    def status(self):
        """What the block ended with, or nothing while it runs."""
        _, found, rest = self.printed.rpartition(f"\036{self.token}-{self.number}-")
        if found and "\036" in rest:
            self.running = False
            return int(rest.partition("\036")[0])
        if self.ended:
            self.running = False
            return self.process.wait() or 255
        return None

    def until(self, met, seconds):
        """Waits until `met()` gives something other than `None`; that, or `None` when time is up."""
        found = None

        def done():
            nonlocal found
            found = met()
            return found is not None or self.ended

        with self.changed:
            self.changed.wait_for(done, timeout=seconds)
        return found

    def inside(self):
        """What runs in the terminal, besides its shell."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,pgid="], capture_output=True, text=True, check=True)
        of = (map(int, line.split()) for line in listed.stdout.splitlines())
        return [pid for pid, group in of if group == self.process.pid and pid != self.process.pid]

    def signal(self, number):
        """To what runs in the terminal; its shell goes on."""
        # It may have said that it runs before the program began that is to be stopped.
        while self.status() is None and not (running := self.inside()):
            time.sleep(0.01)
        if self.status() is not None:
            return
        if number == signal.SIGINT:
            os.killpg(self.process.pid, number)
            return
        for pid in running:
            os.kill(pid, number)

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
