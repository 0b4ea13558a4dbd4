"""Where a store's files lie: a folder of this machine, or any fsspec URL (``s3://…``, ``gs://…``, ``memory://…``).

A place knows names relative to its root, with ``/``. `commit` is atomic on both: a rename inside one file system, or an
object written whole. Work in progress lives in a staging folder that no listing reads; files of a process that was
killed are found by their free lock and removed by the next writer.
"""

import atexit
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from nowake.core.errors import InputError, MissingError

__all__ = ["STAGING", "Disk", "Place", "Remote", "exclusive", "open_place", "staging"]

STAGING = "_staging"


class Place(Protocol):
    """Files by relative name; every implementation passes the conformance test of tests/data/test_store.py."""

    def names(self, under: str) -> Iterator[str]:
        """Yield the names of all files below the folder `under` (empty: below the root), sorted."""
        ...

    def commit(self, ready: Path, name: str) -> None:
        """Make the finished local file `ready` appear as `name`, whole or not at all; `ready` is gone afterwards."""
        ...

    def fetch(self, name: str) -> Path:
        """Return a local path with the content of `name`, for reading."""
        ...

    def remove(self, name: str) -> None:
        """Remove `name`; nothing happens if it is not there."""
        ...


class Disk:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def names(self, under: str) -> Iterator[str]:
        """Yield the files below `under`, hidden folders and work in progress left out."""
        for folder, inner, files in os.walk(self.root / under):
            inner[:] = sorted(d for d in inner if not d.startswith((".", "_")))
            yield from ((Path(folder) / f).relative_to(self.root).as_posix() for f in sorted(files))

    def commit(self, ready: Path, name: str) -> None:
        """Rename `ready`, flushed to the disk before, and flush the folder after."""
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _flush(ready)
        ready.replace(target)
        _flush(target.parent)

    def fetch(self, name: str) -> Path:
        """Return the path itself."""
        return self.root / name

    def remove(self, name: str) -> None:
        """Unlink the file and the folders that it leaves empty."""
        path = self.root / name
        path.unlink(missing_ok=True)
        with suppress(OSError):
            while path.parent != self.root:
                path = path.parent
                path.rmdir()


class Remote:
    """A folder of an fsspec file system; what is read is fetched once per object into a folder of this process."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise MissingError(f"the store {url} needs fsspec: pip install 'nowake[data]'") from error
        try:
            self.fs, root = fsspec.core.url_to_fs(url)
        except ImportError as error:
            raise MissingError(f"the store {url} needs another package: {error}") from error
        except (ValueError, OSError) as error:
            raise InputError("store address", expected="a folder or an fsspec URL", got=f"{url}: {error}") from error
        self.url, self.root = url, root.rstrip("/")
        self._cache: Path | None = None

    def __str__(self) -> str:
        return self.url

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Make an error of the file system (no permission, no connection) one of the store's address."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            got = error.strerror or str(error) or type(error).__name__
            raise InputError(f"store {self.url}", expected="a store that answers", got=got) from error

    def names(self, under: str) -> Iterator[str]:
        """Yield the objects below `under`, work in progress left out."""
        base = f"{self.root}/{under}".rstrip("/")
        try:
            with self._answering():
                found = self.fs.find(base)
        except FileNotFoundError:
            return
        cut = len(self.root) + 1
        for path in sorted(p if p.startswith(self.root) else f"/{p}" for p in found):
            if not any(part.startswith((".", "_")) for part in path[cut:].split("/")):
                yield path[cut:]

    def commit(self, ready: Path, name: str) -> None:
        """Upload the file as one object; object stores show it only when it is complete."""
        target = f"{self.root}/{name}"
        with self._answering():
            self.fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            self.fs.put_file(str(ready), target)
        ready.unlink()

    def fetch(self, name: str) -> Path:
        """Return the local copy, downloaded at the first call; parts never change under their name."""
        if self._cache is None:
            self._cache = Path(tempfile.mkdtemp(prefix="nowake-store-"))
            atexit.register(shutil.rmtree, self._cache, ignore_errors=True)
        local = self._cache / name
        if not local.exists():
            local.parent.mkdir(parents=True, exist_ok=True)
            partial = local.with_suffix(".partial")
            with self._answering():
                self.fs.get_file(f"{self.root}/{name}", str(partial))
            partial.replace(local)
        return local

    def remove(self, name: str) -> None:
        """Delete the object, and the local copy."""
        with suppress(FileNotFoundError), self._answering():
            self.fs.rm_file(f"{self.root}/{name}")
        if self._cache is not None:
            (self._cache / name).unlink(missing_ok=True)


def open_place(address: str | Path) -> Disk | Remote:
    """Return the place at `address`: a path, ``file://…`` or another URL that fsspec knows."""
    text = str(address)
    if not text.strip():
        raise InputError("store address", expected="a folder or an fsspec URL", got="nothing")
    if text.startswith("file://"):
        return Disk(Path(text.removeprefix("file://")))
    return Remote(text) if "://" in text else Disk(Path(text))


@contextmanager
def staging(place: Disk | Remote) -> Iterator[Path]:
    """Give a fresh folder for work in progress on the disk of `place`; it is gone afterwards, whatever happened.

    InputError if it cannot be made: then nothing of it stays behind.
    """
    made: list[Path] = []
    base = place.root / STAGING if isinstance(place, Disk) else Path(tempfile.gettempdir()) / "nowake-staging"
    try:
        work, lock = _enter(base, made)
    except OSError as error:
        _unmake(made)
        raise InputError(
            f"store {place}", expected="a folder that can be written", got=error.strerror or error
        ) from error
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if lock is not None:
            os.close(lock)
        with suppress(OSError):
            base.rmdir()
        _unmake(made)


@contextmanager
def exclusive(place: Disk | Remote) -> Iterator[None]:
    """Let one writer at a time of the folder `place` pass, the others of this machine wait; remote places: no lock."""
    fcntl = _locking()
    if fcntl is None or not isinstance(place, Disk):
        yield
        return
    handle = os.open(place.root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _enter(base: Path, made: list[Path]) -> tuple[Path, int | None]:
    """Make and lock a folder in `base`; again if another writer just removed `base` or took ours for a stale one."""
    for last in (False, False, False, False, True):
        try:
            for folder in reversed([base, *base.parents]):
                if not folder.exists():
                    folder.mkdir(exist_ok=True)
                    made.append(folder)
            _sweep(base)
            work = Path(tempfile.mkdtemp(prefix=f"{socket.gethostname()}-{os.getpid()}-", dir=base))
            lock = _lock(work)
            (work / "lock").stat()
        except FileNotFoundError:
            if last:
                raise
        else:
            return work, lock
    raise AssertionError("unreachable")  # pragma: no cover


def _unmake(folders: list[Path]) -> None:
    with suppress(OSError):
        for folder in reversed(folders):
            if folder.exists():
                folder.rmdir()


def _locking() -> Any:
    try:
        import fcntl
    except ImportError:  # pragma: no cover - no such locks on this system: stale folders are kept
        return None
    return fcntl


def _lock(work: Path) -> int | None:
    fcntl = _locking()
    if fcntl is None:  # pragma: no cover
        return None
    handle = os.open(work / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _sweep(base: Path) -> None:
    """Remove the folders of writers of this machine that are no longer alive."""
    fcntl = _locking()
    for work in base.glob(f"{socket.gethostname()}-*") if fcntl is not None else ():
        with suppress(OSError):
            handle = os.open(work / "lock", os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(work, ignore_errors=True)
            finally:
                os.close(handle)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
