"""A PostgreSQL server for tests: real, in a temporary folder, on a free port, run by an unprivileged user."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NEEDED = ("initdb", "pg_ctl", "postgres")
USERS = ("postgres", "nobody")


class Unavailable(Exception):  # noqa: N818 - a reason, not a fault
    """There is no server to be had here; the message says why."""


def programs() -> Path:
    """Return the folder of the server's programs; they are installed if that can be done, Unavailable else."""
    found = _find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "postgresql"]):
            subprocess.run(["apt-get", *words], env=environment, capture_output=True, timeout=300, check=False)
        found = _find()
    if found is None:
        raise Unavailable("PostgreSQL's server is not installed, and cannot be installed here")
    return found


def _find() -> Path | None:
    places = [Path(hit).resolve().parent for hit in [shutil.which("pg_ctl")] if hit]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if all((place / name).is_file() for name in NEEDED)), None)


def _as_somebody() -> list[str]:
    """Return what runs a command as an unprivileged user (the server refuses root); nothing if we are one."""
    if os.geteuid() != 0:
        return []
    for user in USERS:
        if subprocess.run(["id", user], capture_output=True, check=False).returncode == 0 and shutil.which("setpriv"):
            return ["setpriv", f"--reuid={user}", f"--regid={_group(user)}", "--clear-groups"]
    raise Unavailable("PostgreSQL does not run as root, and there is no other user to run it")


def _group(user: str) -> str:
    done = subprocess.run(["id", "-g", user], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server that can be stopped as if its machine had lost power, and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, _free_port()
        self._bin, self._user = programs(), _as_somebody()
        self._run("initdb", "-D", f"{folder}/data", "-U", "nowake", "--auth=trust", "-E", "UTF8", "--locale=C")

    def _run(self, name: str, *words: str) -> None:
        done = subprocess.run(
            [*self._user, str(self._bin / name), *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False, cwd="/",
        )  # fmt: skip
        if done.returncode:
            raise Unavailable(f"{name}: {done.stdout[-300:]}")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=on"
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-w", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop; ``immediate`` leaves everything as a crash would."""
        self._run("pg_ctl", *self._words(mode))

    def _words(self, mode: str) -> list[str]:
        return ["-D", f"{self.folder}/data", "-m", mode, "-w", "stop"]

    def stopping(self, mode: str) -> list[str]:
        """Return the command that stops it, for another process."""
        return [*self._user, str(self._bin / "pg_ctl"), *self._words(mode)]

    def url(self, journal: str) -> str:
        return f"postgresql://nowake@127.0.0.1:{self.port}/postgres?journal={journal}"


@contextmanager
def server() -> Iterator[Server]:
    """Yield a running server; its folder is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="nowake-pg-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        one = Server(folder)
        one.start()
        try:
            yield one
        finally:
            one.stop("immediate")


@contextmanager
def server_or_skip() -> Iterator[Server]:
    """Do as `server`; where there is none to be had, what needs it is skipped, and says why."""
    try:
        with server() as one:
            yield one
    except Unavailable as reason:
        pytest.skip(str(reason))
