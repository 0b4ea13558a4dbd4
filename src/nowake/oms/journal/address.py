"""Where a journal lies, and where the files are that are kept beside it: one answer for all who write or read them.

A journal in a file has them beside it, under its name. A journal on a server has a folder of its own,
`$NOWAKE_HOME/journals/NAME`, or what that is a link to; NAME is the database's, the journal's, and a digest of the
whole address without user and password. Nothing here connects, and no error tells a password.
"""

import os
import re
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from nowake.core.errors import InputError
from nowake.core.places import home

__all__ = ["Server", "base_of", "hidden", "key_of", "on_server", "place_of", "server_of", "shown"]

_SCHEMES = ("postgresql", "postgres")
_NAME = "nowake"
_WANTED = "a path, or postgresql://USER@HOST:PORT/DATABASE, with @ : / ? # of a password as %40 %3A %2F %3F %23"
_READABLE = 24  # characters of a name in the name of a folder: a socket's path is short


class Server(NamedTuple):
    """A journal on a server: what connects to it (with what is secret), and by what it is known."""

    connection: str
    host: str
    port: str
    database: str
    name: str


def on_server(address: str | Path) -> bool:
    """Tell whether a journal is on a server."""
    return "://" in str(address)


def server_of(address: str | Path) -> Server:
    """Return what a URL says; InputError, without the URL, for one that is none of ours."""
    scheme, _, rest = str(address).partition("://")
    wrong = InputError(f"journal {scheme}://…", expected=_WANTED, got="another address")
    try:
        parts = urlsplit(str(address))
        port = parts.port
    except ValueError:
        raise wrong from None
    user = rest.partition("/")[0].rpartition("@")[0]
    if scheme not in _SCHEMES or "@" in user or "@" in parts.path + parts.query or parts.fragment:
        raise wrong
    query = dict(parse_qsl(parts.query))
    name = query.pop("journal", _NAME)
    if not name.isidentifier() or not name.islower() or len(name) > 60:
        raise InputError("journal", expected="a name of small letters, digits and _", got=repr(name))
    host = parts.hostname or query.get("host") or query.get("hostaddr") or os.environ.get("PGHOST", "")
    database = unquote(parts.path.strip("/")) or query.get("dbname") or os.environ.get("PGDATABASE", "")
    return Server(
        urlunsplit(parts._replace(query=urlencode(query))),
        host,
        str(port or query.get("port") or os.environ.get("PGPORT", "5432")),
        database or query.get("user") or unquote(parts.username or ""),
        name,
    )


def shown(address: str | Path) -> str:
    """Return an address as people may read it: without user and password; a path as it is."""
    if not on_server(address):
        return str(address)
    try:
        one = server_of(address)
    except InputError:
        return f"{str(address).partition('://')[0]}://…"
    host = f"[{one.host}]" if ":" in one.host else one.host
    port = f":{one.port}" if urlsplit(str(address)).port else ""
    which = "" if one.name == _NAME else f"?journal={one.name}"
    return f"postgresql://{host}{port}/{one.database}{which}"


def hidden(text: str, address: str | Path) -> str:
    """Return somebody else's words about a URL without what is secret in it."""
    parts = urlsplit(str(address))
    query = dict(parse_qsl(parts.query))
    secrets = [parts.password or "", *(value for name, value in query.items() if "password" in name)]
    for secret in (str(address), server_of(address).connection, *secrets, *map(unquote, secrets)):
        if secret:
            text = text.replace(secret, "…")
    return text


def key_of(address: str | Path) -> str:
    """Return by what a journal on a server is known: equal for two addresses of one, whoever asks."""
    one = server_of(address)
    text = "\0".join((one.host.lower(), one.port, one.database, one.name))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def place_of(address: str | Path) -> Path:
    """Return where the folder of a journal on a server is, or a link to it."""
    one = server_of(address)
    database = re.sub(r"[^A-Za-z0-9_-]", "-", one.database)[:_READABLE]
    return home() / "journals" / f"{database}.{one.name[:_READABLE]}-{key_of(address)}"


def base_of(address: str | Path) -> Path:
    """Return the path that gives, with other endings, the files beside a journal; of a file itself."""
    return place_of(address).resolve() / "journal.db" if on_server(address) else Path(address)
