"""A PostgreSQL of one story, from installed binaries, as e2e/src/postgres has them for the tests."""

import glob
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

PLACES = ("/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt")


def binaries():
    found = shutil.which("initdb")
    if found:
        return pathlib.Path(found).parent
    bins = [pathlib.Path(one).parent for place in PLACES for one in glob.glob(f"{place}/*/bin/initdb")]
    number = lambda one: int("".join(filter(str.isdigit, one.parent.name)) or 0)
    return max(bins, key=number) if bins else None


def psql():
    """The client may be elsewhere than the server."""
    listed = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql"))
    found = shutil.which("psql") or (listed[-1] if listed else None)
    if found is None:
        raise RuntimeError("psql is not installed: it is in the package postgresql-client")
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    def __init__(self):
        self.bin = binaries()
        if self.bin is None:
            raise RuntimeError("PostgreSQL is not installed: scripts/need sees to it")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bellwire-guide-postgres-"))
        self.user = None
        if os.getuid() == 0:
            # It refuses to run as root.
            names = {one.pw_name for one in pwd.getpwall()}
            self.user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.folder, self.user)
        self.port = free_port()
        self.run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        with (self.folder / "data/postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{self.folder}'\nfsync = off\n"
            )
        self.run("pg_ctl", "-w", "-t", "60", "-l", str(self.folder / "server.log"), "start")

    def run(self, program, *arguments):
        with (self.folder / "commands.log").open("a", encoding="utf-8") as log:
            done = subprocess.run(
                [self.bin / program, "-D", self.folder / "data", *arguments],
                cwd=self.folder,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
            )
        if done.returncode != 0:
            raise RuntimeError(f"{program}: " + (self.folder / "commands.log").read_text(encoding="utf-8"))

    def sql(self, database, statements):
        """What psql says, and whether it went well."""
        done = subprocess.run(
            [
                psql(), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1",
                f"postgres://postgres@127.0.0.1:{self.port}/{database}",
            ],
            input=statements,
            capture_output=True,
            text=True,
        )  # fmt: skip
        return done.returncode == 0, done.stdout + done.stderr

    def close(self):
        try:
            self.run("pg_ctl", "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
