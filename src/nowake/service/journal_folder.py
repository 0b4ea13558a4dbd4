"""The folder of a journal on a server: made or taken, and never one that belongs to another journal.

`$NOWAKE_HOME/journals/NAME` is the folder, or a link to the one that was asked for, so that every command finds it by
the journal's address alone (`oms.journal.address`). `owner.json` in it says of which journal its files are, and how far
that was at the last start: an event and its hash, which the journal must still have. So neither another journal at the
same address nor an older state of this one is gone on with as if these were its files.
"""

from contextlib import suppress
from pathlib import Path

import msgspec

from nowake.core.errors import InputError
from nowake.oms.journal.address import key_of, on_server, place_of, shown
from nowake.oms.journal.protocol import open_journal
from nowake.service.trade_files import State

__all__ = ["claim", "vouch"]

_SCHEMA = "nowake.journal-folder/1"
_OWNER = "owner.json"


class Owner(msgspec.Struct, frozen=True):
    """Whose files these are: the journal's address as people read it, its key, an event that it had and its hash."""

    journal: str
    key: str
    sequence: int = 0
    hash: str = ""
    schema: str = _SCHEMA


def claim(journal: str | Path, folder: Path | None) -> None:
    """Make the folder of a journal on a server ready: that of before, or `folder`, which must exist.

    InputError for a folder of another journal, one that cannot be written, and any at all where the journal is a file.
    """
    if not on_server(journal):
        if folder is not None:
            expected = "a journal on a server: the files of another lie beside it, where every command looks for them"
            raise InputError(f"--folder {folder}", expected=expected, got=f"the file {journal}")
        return
    link = place_of(journal)
    try:
        if folder is None:
            _as_before(link, journal)
        else:
            _link(link, _existing(folder), journal)
        _own(link.resolve(), journal)
    except OSError as error:
        raise InputError(
            f"folder {folder or link} of journal {shown(journal)}", expected="one that can be written",
            got=(error.strerror or str(error)).lower(),
        ) from error  # fmt: skip


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        got = "a file" if folder.exists() else "nothing there"
        raise InputError(f"--folder {folder}", expected="an existing folder", got=got)
    return folder.resolve()


def _as_before(link: Path, journal: str | Path) -> None:
    if link.is_symlink() and not link.is_dir():
        raise InputError(
            f"folder {link.resolve()} of journal {shown(journal)}", expected="where it was", got="nothing there",
            hint="--folder says where it is now",
        )  # fmt: skip
    link.mkdir(parents=True, exist_ok=True)


def _link(link: Path, folder: Path, journal: str | Path) -> None:
    """Let `link` lead to `folder`; InputError where the files of the journal are elsewhere already."""
    _check(folder, journal)
    before = link.resolve()
    if before == folder:
        return
    if before.is_dir():
        if any(one.name != _OWNER for one in before.iterdir()):
            raise InputError(
                f"--folder {folder}", expected=f"{before}, where the files of journal {shown(journal)} are",
                got="another folder", hint="move what is in it, and remove it",
            )  # fmt: skip
        if not link.is_symlink():
            (link / _OWNER).unlink(missing_ok=True)
            link.rmdir()
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(folder, target_is_directory=True)


def _check(folder: Path, journal: str | Path) -> Owner | None:
    """Return what a folder says of its journal, None where it is free; InputError where it is of another."""
    path, wanted = folder / _OWNER, f"the files of journal {shown(journal)}, or none"
    if not path.exists():
        found = next((one for name in ("journal.*", "kill.json") for one in folder.glob(name)), None)
        if found is not None:
            raise InputError(f"folder {folder}", expected=wanted, got=f"{found.name}, which does not say whose it is")
        return None
    try:
        owner = msgspec.json.decode(path.read_bytes(), type=Owner)
    except msgspec.MsgspecError as error:
        raise InputError(f"folder {folder}", expected=wanted, got=f"{_OWNER} that cannot be read: {error}") from error
    if owner.schema != _SCHEMA or owner.key != key_of(journal):
        raise InputError(f"folder {folder}", expected=wanted, got=f"those of journal {owner.journal}")
    return owner


def _own(folder: Path, journal: str | Path) -> None:
    """Write whose files these are, also where it is known: what cannot be written must show now."""
    _write(folder, _check(folder, journal) or Owner(shown(journal), key_of(journal)))


def _write(folder: Path, owner: Owner) -> None:
    path = folder / _OWNER
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(owner)))
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def vouch(journal: str | Path, state: State | None) -> None:
    """Refuse a journal on a server that is not the one whose files are in its folder; keep how far it is now."""
    if not on_server(journal):
        return
    folder = place_of(journal).resolve()
    owner = _check(folder, journal) or Owner(shown(journal), key_of(journal))
    if owner.sequence and _hash_at(journal, owner.sequence, state) != owner.hash:
        got = f"{state.oms.sequence if state else 0} events, and not that one"
        raise InputError(
            f"journal {shown(journal)}", got=got,
            expected=f"event {owner.sequence} as it was when {folder} was written",
            hint="its folder is of another journal, or of a later state of this one: "
            f"move it away to begin a new one; remove {_OWNER} in it if it is right as it is",
        )  # fmt: skip
    if state is not None and state.oms.sequence > owner.sequence:
        _write(folder, msgspec.structs.replace(owner, sequence=state.oms.sequence, hash=state.hash.hex()))


def _hash_at(journal: str | Path, sequence: int, state: State | None) -> str:
    """Return the hash of an event, empty where the journal ends before it."""
    if state is None or state.oms.sequence < sequence:
        return ""
    reader = open_journal(journal)
    try:
        return next(reader.replay(sequence - 1)).hash.hex()
    finally:
        reader.close()
