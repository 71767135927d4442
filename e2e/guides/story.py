"""One document, told from its beginning to its end: its blocks run in order, in one fresh folder."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib

import expected
import schemes
from blocks import PROGRAMS
from faults import Skipped, Wrong
from postgres import Postgres, free_port
from slack import Slack
from terminal import Terminal

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OWNER_KEY = "tour-key-0123456789abcdef0123456789"
# What a block may take, and what is awaited of one that goes on.
SECONDS = 60
PRESSES = 12
# Ports of the guides: those of a developer's own server would clash.
PORT = re.compile(r"(?<![\w.])48\d\d(?![\w.]*\d)")
# What a reader puts in for `wal_…`: the last one that was printed.
BLANK = re.compile(r"\b([a-z]{2,6}[_-])(?:…|\.\.\.)")
SEEN = re.compile(r"(?<![\w-])([a-z]{2,6}[_-])([0-9A-HJKMNP-TV-Z]{26}|[A-Za-z0-9+/_-]{32,}=*)(?![\w-])")
BW = """alias bw='curl -s -H "authorization: Bearer $BELLWIRE_KEY" -H "content-type: application/json"'\n"""


def linked(folder):
    """The checkout as a reader has it, but for what the story itself writes."""
    for one in ROOT.iterdir():
        if one.name not in (".git", "target", "bellwire-data", "bellwire.toml", "node_modules", "examples"):
            (folder / one.name).symlink_to(one)
    shutil.copytree(ROOT / "examples", folder / "examples")
    modules = folder / "node_modules"
    modules.mkdir()
    (modules / "bellwire").symlink_to(ROOT / "sdks/typescript")
    installed = ROOT / "e2e/node/node_modules"
    if installed.is_dir():
        for one in installed.iterdir():
            if one.is_dir() and one.name != "bellwire":
                (modules / one.name).symlink_to(one)


class Story:
    def __init__(self, binary):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bellwire-guide-"))
        linked(self.folder)
        self.ports, self.seen, self.lock = {}, {}, threading.Lock()
        self.terminals, self.postgres, self.slack = {}, None, None
        self.files, self.used, self.last, self.schemes, self.goes_on = {}, "", None, set(), {}
        home = self.folder / ".home"
        home.mkdir()
        # An answer that refuses is a command that fails; its body is shown all the same.
        (home / ".curlrc").write_text("fail-with-body\nno-progress-meter\n", encoding="utf-8")
        self.environment = {
            "PATH": f"{HERE / 'bin'}:{os.environ['PATH']}:/usr/sbin",
            "HOME": str(home),
            "CURL_HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(ROOT / "sdks/python/src"),
            "BELLWIRE_BIN": str(binary),
            "BELLWIRE_E2E_PYTHON": sys.executable,
            "BELLWIRE_LISTEN": f"127.0.0.1:{self.port(4800)}",
            "BELLWIRE_URL": f"http://127.0.0.1:{self.port(4800)}",
            "GUIDE_ROOT": str(ROOT),
            "GUIDE_NODE": shutil.which("node") or "node",
            "GUIDE_PORT_4801": str(self.port(4801)),
        }
        for file in (self.folder / "examples").iterdir():
            file.write_text(self.moved(file.read_text(encoding="utf-8")), encoding="utf-8")

    # What differs between the document and this run.

    def port(self, number):
        return self.ports.setdefault(int(number), free_port())

    def moved(self, text):
        return PORT.sub(lambda found: str(self.port(found.group())), text)

    def here(self, text):
        """A block with the ports, addresses and ids of this run in it."""
        text = BLANK.sub(self.blank, self.moved(text))
        if "db.internal" in text:
            if self.postgres is None:
                raise Wrong("it names db.internal, and the document has no <!-- guide: postgres -->")
            text = text.replace("db.internal", f"127.0.0.1:{self.postgres.port}")
        return text

    def there(self, text):
        """What was printed, as the document would show it."""
        for number, port in self.ports.items():
            text = re.sub(rf"(?<!\d){port}(?!\d)", str(number), text)
        if self.postgres is not None:
            text = text.replace(f"127.0.0.1:{self.postgres.port}", "db.internal")
        return text.replace(str(self.folder), ".").replace("\r\n", "\n")

    def blank(self, found):
        with self.lock:
            if found.group(1) not in self.seen:
                raise Wrong(f"nothing was printed so far that could be {found.group()}")
            return self.seen[found.group(1)]

    def note(self, text):
        with self.lock:
            self.seen.update((found.group(1), found.group()) for found in SEEN.finditer(text))

    # The steps.

    def terminal(self, words):
        name = str(words.get("terminal", "1"))
        if name not in self.terminals:
            self.terminals[name] = Terminal(name, self.folder, self.environment, self.note)
        return self.terminals[name]

    def run(self, step):
        if step.kind == "directive":
            name, *arguments = step.arguments
            return getattr(self, f"guide_{name.replace('-', '_')}", self.unknown)(*arguments)
        return getattr(self, f"step_{step.kind}")(step)

    def unknown(self, *_):
        raise Wrong("the runner knows no such comment")

    def step_run(self, step):
        self.command(self.here(step.code), step)

    def command(self, code, step):
        words, terminal = step.words, self.terminal(step.words)
        self.used += code
        if terminal.running and terminal.status() is None:
            raise Wrong(f"terminal {terminal.name} is busy with what was started in it")
        self.went_on(terminal)
        terminal.start(code)
        self.last = terminal
        if "background" in words:
            self.goes_on[terminal.name] = step.line
            if "until" in words:
                met = lambda: True if words["until"] in terminal.output else None
                self.awaited(terminal, met, f"it did not print {words['until']!r}")
            return
        status = self.awaited(terminal, terminal.status, "it did not end")
        fails = words.get("fails")
        if fails is None and status != 0:
            raise Wrong(f"it ended with {status}:\n{self.there(terminal.output)}")
        if fails is not None and (status == 0 or fails not in (True, str(status))):
            wanted = "not 0" if fails is True else fails
            raise Wrong(f"it ended with {status}, and should with {wanted}:\n{self.there(terminal.output)}")

    def went_on(self, terminal):
        """What was begun in a terminal, and ended by itself, must have ended well."""
        line = self.goes_on.pop(terminal.name, None)
        if line is not None and terminal.status():
            raise Wrong(f"what line {line} began failed:\n{self.there(terminal.output)}")

    def awaited(self, terminal, met, fault):
        found = terminal.until(met, SECONDS)
        if found is None:
            others = "".join(
                f"\n-- terminal {one.name} --\n{self.there(one.output)}"
                for one in self.terminals.values()
                if one is not terminal
            )
            raise Wrong(f"{fault} within {SECONDS} s:\n{self.there(terminal.output)}{others}")
        return found

    def step_program(self, step):
        file = f"program-{step.line}{PROGRAMS[step.language]}"
        (self.folder / file).write_text(self.here(step.code), encoding="utf-8")
        runner = "python3" if step.language == "python" else "node"
        self.command(f"{runner} {file}\n", step)

    def step_output(self, step):
        terminal = self.terminals.get(str(step.words["terminal"])) if "terminal" in step.words else self.last
        if terminal is None:
            raise Wrong("there is no block before whose output it could be")
        if step.language != "text" and not isinstance(terminal, str) and terminal.running:
            # A document is whole once its command has ended.
            self.awaited(terminal, terminal.status, "it did not end")
        if isinstance(terminal, str):
            printed = terminal
        elif terminal.running and terminal.status() is None:
            self.awaited(terminal, lambda: self.shown(step, terminal), "what is shown was not printed")
            return
        else:
            printed = self.there(terminal.since(terminal.seen))
        if step.language == "json":
            fits = expected.all_json_is(step.code, printed)
        else:
            fits = expected.text_is(step.code, printed)
        if not fits:
            raise Wrong(f"what was printed is another:\n{printed}")

    def shown(self, step, terminal):
        """Whether a program that goes on has printed what is shown; what is shown next comes after it."""
        lines = terminal.since(terminal.seen).split("\n")
        at = expected.text_has(step.code, self.there("\n".join(lines)))
        if at < 0:
            return None
        passed = self.there("\n".join(lines))[:at].count("\n")
        terminal.seen += sum(len(line) + 1 for line in lines[:passed])
        return True

    def step_file(self, step):
        name = step.words["file"]
        file = self.folder / name
        if file.is_symlink() or ".." in name or name.startswith("/"):
            raise Wrong(f"file={name} is outside of the story's folder")
        self.syntax(step)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.here(step.code), encoding="utf-8")
        self.files[name] = step.line

    def step_sql(self, step):
        if self.postgres is None:
            raise Wrong("the document has no <!-- guide: postgres -->")
        well, said = self.postgres.sql(step.words.get("database", "bellwire"), self.here(step.code))
        self.last = said
        self.note(said)
        if not well:
            raise Wrong(said)

    def step_scheme(self, step):
        self.schemes.add((step.language, step.words["scheme"]))
        schemes.check(step.language, step.words["scheme"], step.code)

    def step_unrun(self, step):
        self.syntax(step)

    def syntax(self, step):
        """What can be known of a block without running it."""
        code = step.code
        try:
            if step.language == "json":
                expected.documents(expected.spelled(code))
            elif step.language == "toml":
                tomllib.loads(code)
            elif step.language == "python":
                compile(code, f"line {step.line}", "exec")
            elif step.language == "yaml":
                import yaml

                try:
                    yaml.safe_load(code)
                except yaml.YAMLError as error:
                    raise ValueError(error) from None
        except (ValueError, SyntaxError) as error:
            raise Wrong(f"it is no {step.language}: {error}") from None
        except ImportError:
            raise Skipped("no PyYAML here") from None
        if step.language == "sh":
            done = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True)
            if done.returncode != 0:
                raise Wrong(done.stderr)

    def end(self):
        """What a document may not leave behind."""
        for name in list(self.goes_on):
            self.went_on(self.terminals[name])
        for name, line in self.files.items():
            if name not in self.used and not (name == "bellwire.toml" and "serve" in self.used):
                raise Wrong(f"nothing uses {name} of line {line}")
        missing = schemes.NEEDED - self.schemes
        if self.schemes and missing:
            raise Wrong(f"there is no block for {sorted(missing)}")

    # What comments tell.

    def guide_server(self, *arguments):
        """A server of the story, which the document takes for granted, and its owner's key."""
        self.environment |= {"BELLWIRE_OWNER_KEY": OWNER_KEY, "BELLWIRE_KEY": OWNER_KEY}
        terminal = self.terminals["server"] = Terminal("server", self.folder, self.environment, self.note)
        terminal.send(BW)
        for name in ("1", "2"):
            self.terminal({"terminal": name}).send(BW)
        words = self.here(" ".join(arguments))
        terminal.start(f"bellwire serve --dev {words}\n")
        met = lambda: True if "listening on" in terminal.output else None
        self.awaited(terminal, met, "the server is not ready")
        self.used += "serve"

    def guide_postgres(self, database=None):
        """A PostgreSQL, at the name db.internal; with a database, one that is there already."""
        self.postgres = Postgres()
        if database:
            self.sql_or_wrong(f"CREATE ROLE bellwire LOGIN PASSWORD 'secret'; CREATE DATABASE {database} OWNER bellwire;")

    def sql_or_wrong(self, statements):
        for one in statements.split(";"):
            well, said = self.postgres.sql("postgres", one)
            if not well:
                raise Wrong(said)

    def guide_slack(self):
        """A Slack that the story's servers talk to."""
        self.slack = Slack(self)
        self.environment["BELLWIRE_SLACK_API_URL"] = self.slack.url

    def guide_click(self, *arguments):
        self.slack.click(*arguments)

    def guide_key(self, name):
        """The API key that was printed last, as a variable of terminals 1 and 2."""
        key = self.here("bw_...")
        for terminal in ("1", "2"):
            self.terminal({"terminal": terminal}).send(f"export {name}={key}\n")

    def guide_interrupt(self, name="1"):
        """Ctrl-C."""
        return self.stop(name, signal.SIGINT)

    def guide_kill(self, name="1"):
        """kill -9."""
        self.stop(name, signal.SIGKILL)

    def stop(self, name, number):
        terminal, pressed = self.terminals[name], 0
        # As a person would, again if nothing comes of it: a program may miss one while it prints.
        while pressed < PRESSES:
            terminal.signal(number)
            pressed += 1
            if terminal.until(terminal.status, SECONDS / PRESSES) is not None:
                break
        self.awaited(terminal, terminal.status, "what was stopped goes on")
        self.goes_on.pop(name, None)
        self.last = None
        return f"pressed {pressed} times" if pressed > 1 else None

    def close(self):
        for terminal in self.terminals.values():
            terminal.close()
        if self.slack is not None:
            self.slack.close()
        if self.postgres is not None:
            self.postgres.close()
        shutil.rmtree(self.folder, ignore_errors=True)
