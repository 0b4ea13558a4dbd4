"""`nowake exchange`: a simulated market as a process of its own, behind a Unix socket."""

import asyncio
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake.cli.options import PresetOption, RegimeOption, SeedOption, named
from nowake.cli.output import say
from nowake.core.errors import InputError

if TYPE_CHECKING:
    from nowake.service.ledger_file import Made

__all__ = ["exchange"]

INSTANCE = "EXCHANGE"
SOCKET_PATH = 107  # bytes that the system has for the path of a Unix socket


def exchange(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Folder of venue.sock and of venue.log, its memory.")],
    preset: PresetOption = "midcap",
    seed: SeedOption = 7,
    regime: RegimeOption = "calm",
    speed: Annotated[
        str, typer.Option("--speed", help="Times real time, like 60x; 0x: the clock follows its client.")
    ] = "1x",
    warm_up: Annotated[float, typer.Option("--warm-up", help="Seconds that the market has run before.")] = 300.0,
    attached: Annotated[
        bool, typer.Option("--attached", help="End with standard input: with the program that holds its other end.")
    ] = False,
) -> int:
    """Serve one market until interrupted; started again in the same folder it goes on where it was."""
    if attached:
        from nowake.service.parent import end_with_parent

        end_with_parent(sys.stdin.fileno())
    times, socket = _speed(speed), _socket(folder)
    made = _made(preset, seed, regime, warm_up)
    with _alone(socket.parent):
        asyncio.run(_serve(made, socket, times))
    return 0


async def _serve(made: "Made", socket: Path, speed: float) -> None:
    from nowake.service.exchange import serve

    asyncio.get_running_loop().set_exception_handler(_tell)
    await serve(made, socket.parent, speed, lambda: _listening(socket))


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell of what goes wrong beside the sessions, but not of sessions that an interruption ends."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def _listening(socket: Path) -> None:
    say(f"listening {socket}")
    sys.stdout.flush()  # whoever started this process waits for the line


def _speed(text: str) -> float:
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = -1.0
    if not 0 <= speed <= 10_000:
        raise InputError("--speed", expected="0x to 10000x", got=repr(text))
    return speed


def _socket(folder: str) -> Path:
    """Return where the socket will be; InputError where there can be none."""
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise InputError(f"folder {folder}", expected="a folder, or a place for one", got="a file")
    socket = place / "venue.sock"
    if len(os.fsencode(socket)) > SOCKET_PATH:
        raise InputError(f"folder {folder}", expected=f"a path of a socket of at most {SOCKET_PATH} bytes",
                         got=f"{len(os.fsencode(socket))}", hint="a shorter one, such as a relative path")  # fmt: skip
    return socket


def _made(preset: str, seed: int, regime: str, warm_up: float) -> "Made":
    """Return what the market is; a file is named by its whole path, so that it is found from anywhere."""
    if not 0 <= seed < 2**63:
        raise InputError("--seed", expected="a whole number from 0 to 2^63-1", got=seed)
    from nowake.core.times import SECOND
    from nowake.market.market import FIRST_DAY
    from nowake.market.preset import load, parameter_hash, preset_names
    from nowake.market.regimes_state import NAMES
    from nowake.market.sessions import session_of
    from nowake.service.ledger_file import Made

    state, chosen = named(regime, NAMES, "regime"), load(preset)
    opened, closed = session_of(chosen, FIRST_DAY)
    if not 0 <= warm_up < (closed - opened) / SECOND:
        expected = f"0 or more, and less than the session's {(closed - opened) / SECOND:g} s"
        raise InputError("--warm-up", expected=expected, got=warm_up)
    name = preset if preset in preset_names() else str(Path(preset).resolve())
    return Made(INSTANCE, name, parameter_hash(chosen), seed, state, warm_up)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder: two exchanges in one would write one memory."""
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            expected = "one that no other exchange serves"
            raise InputError(f"folder {folder}", expected=expected, got="one that is served") from None
        yield
    finally:
        os.close(held)
