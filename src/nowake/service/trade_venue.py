"""The venue of a trade, a process of its own: the exchange of one market day, numbering on from the days before.

`python -m nowake.service.trade_venue FOLDER SOCKET SPEED` says `listening` when its socket is there, lets its clock run
from the line `go` on standard input, and ends with the end of standard input, also while it warms up: it does not
outlive its trade, but its memory does (`FOLDER/venue.log`), and the next process goes on with it. Interruptions of the
keyboard are its trade's.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from nowake.core.errors import NowakeError
from nowake.service.exchange import Exchange, Server
from nowake.service.ledger_file import LedgerFile, Made
from nowake.service.parent import end_with_parent
from nowake.service.trade_files import MarketDay, alone, read_kept

__all__ = ["made_of", "main"]

_INSTANCE = "TRADE"
_PATIENCE = 20.0  # s


def made_of(day: MarketDay) -> Made:
    """Return what the venue's memory knows its market by."""
    return Made(_INSTANCE, day.preset, day.parameters, day.seed, day.regime, day.warm_up)


def _clear(socket: Path) -> None:
    """Remove the socket and its folder: a trade that was killed has not cleared up behind itself."""
    with contextlib.suppress(OSError):
        socket.unlink(missing_ok=True)
        socket.parent.rmdir()


async def _serve(folder: Path, socket: Path, speed: float, ready: Callable[[], None]) -> None:
    """Serve the day that `folder` tells of, until standard input ends; `ready` is called before it is listened to."""
    day = read_kept(folder).market
    alone(folder, _PATIENCE)
    kept = LedgerFile(folder / "venue.log", made_of(day))
    server = Server(Exchange(kept, date.fromisoformat(day.day), day.told), speed)
    listening = await asyncio.start_unix_server(server.meet, str(socket))
    socket.chmod(0o600)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    ready()
    try:
        await server.until_it_fails(_obey(server, speed))
    except _EndedError:
        pass
    except OSError as error:
        raise NowakeError(f"venue: {kept.path} cannot be written: {error.strerror or error}") from error
    finally:
        listening.close()
        server.hang_up()
        kept.close()
        _clear(socket)


class _EndedError(Exception):
    """Standard input has ended."""


async def _obey(server: Server, speed: float) -> None:
    """Let the clock run from the line `go` on; _EndedError at the end of standard input."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    gone = asyncio.create_task(_read(lines, began := asyncio.Event()))
    if speed:
        await asyncio.wait({gone, waiting := asyncio.create_task(began.wait())}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        clock = asyncio.create_task(server.run())
        await asyncio.wait({gone, clock}, return_when=asyncio.FIRST_COMPLETED)
        if not gone.done():
            clock.result()  # a market that stands still without a word would be worse
    await gone
    raise _EndedError


async def _read(lines: asyncio.StreamReader, began: asyncio.Event) -> None:
    async for line in lines:
        if line.strip() == b"go":
            began.set()


def main(folder: str, socket: str, speed: str) -> int:
    """Be the venue; returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ready = end_with_parent(sys.stdin.fileno(), lambda: _clear(Path(socket)))
    try:
        asyncio.run(_serve(Path(folder), Path(socket), float(speed), ready))
    except NowakeError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
