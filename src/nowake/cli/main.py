"""The program: its table of commands, and the shell that turns every error into one line and an exit code.

Exit codes: 0 done, 1 it ran and the verdict is negative, 2 bad input, 3 a needed extra or service is missing, 130
interrupted; 70 is a fault of nowake itself.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.main import get_command

from nowake import __version__
from nowake.cli.lazy import _PLAIN, Group, Lazy, LazyGroup, adapt, name_of
from nowake.core.errors import CapacityError, InputError, MissingError, NowakeError, nearest

__all__ = ["COMMANDS", "main"]

COMMANDS: Mapping[str, Lazy | Group] = {
    "replay": Lazy("replay:replay", "Work a parent order through a day of market data and say what it cost."),
    "data": Group(
        "Check, verify and store market data.",
        {
            "check": Lazy("data:check", "Read a file through every quality rule and report."),
            "verify": Lazy("data:verify", "Compare our book after each row with the vendor's."),
            "ingest": Lazy("data:ingest", "Read files into the store."),
            "ls": Lazy("data:ls", "List what is stored."),
            "show": Lazy("data:show", "Print stored events."),
            "sql": Lazy("data:sql", "Ask the store in SQL."),
        },
    ),
    "schedule": Group(
        "Print the trajectory of a schedule; no data needed.",
        {
            "twap": Lazy("schedule:twap", "Equal slices."),
            "vwap": Lazy("schedule:vwap", "Slices proportional to a volume curve."),
            "pov": Lazy("schedule:pov", "A constant share of the market's volume."),
            "ac": Lazy("schedule:ac", "Almgren-Chriss: impact against risk."),
            "ow": Lazy("schedule:ow", "Obizhaeva-Wang: a resilient book."),
            "afs": Lazy("schedule:afs", "Alfonsi-Fruth-Schied: a resilient book, discrete trades."),
            "cj": Lazy("schedule:cj", "Cartea-Jaimungal: liquidation with limit orders."),
        },
    ),
    "pretrade": Lazy("pretrade:pretrade", "Expected cost before the order (Almgren et al. 2005)."),
    "fit": Group(
        "Fit a model to data.",
        {
            "volume": Lazy("fit:volume", "Volume curve and log-volume model."),
            "microprice": Lazy("fit:microprice", "The expected mid, by imbalance and spread."),
            "ofi": Lazy("fit:ofi", "Price moves on order-flow imbalance."),
        },
    ),
    "features": Lazy("features:features", "Write the feature rows of recorded days into a store."),
    "route-vector": Group(
        "Published vectors of the router's parts; no data needed.",
        {
            "cont-kukanov": Lazy("route_vector:cont_kukanov", "Market and limit shares at one venue or several."),
            "greedy": Lazy("route_vector:greedy", "Units to dark pools by their tails."),
            "kaplan-meier": Lazy("route_vector:kaplan_meier", "The tail of a pool from censored fills."),
        },
    ),
    "oms": Group(
        "Read the journal of orders, control a running trader.",
        {
            "orders": Lazy("oms:orders", "List parents and children."),
            "events": Lazy("oms:events", "List the events."),
            "verify": Lazy("oms:verify", "Check hashes and conservation."),
            "control": Lazy("oms:control", "Change an order of a running trader, or stop it."),
            "allocate": Lazy("oms_allocate:allocate", "Give the shares of an order that is over to accounts."),
            "positions": Lazy("oms_allocate:positions", "List shares and cash by account."),
            "differences": Lazy("oms_release:differences", "List in what journal and venue differ."),
            "release-recovery": Lazy("oms_release:release_recovery", "Accept differences, so that trading goes on."),
            "recover": Lazy("oms:recover", "Write what is intact of a damaged journal into a new one."),
        },
    ),
    "trade": Lazy("trade:trade", "Work one order live at a simulated market, with a view and keys."),
    "explain": Lazy("explain:explain", "Tell why a child left: venue, size, price, moment."),
    "tca": Lazy("tca:tca", "Say what orders cost, and where."),
    "route-bench": Lazy("route_bench:route_bench", "Offer the same parcels to four routers on twins and compare."),
    "torture": Lazy("torture:torture", "Kill a trader at random moments; nothing may be lost."),
    "exchange": Lazy("exchange:exchange", "Serve a simulated market as a process of its own."),
    "run": Lazy("run:run", "Work one large order by several policies on the same simulated markets."),
    "simulate": Lazy("simulate:simulate", "Run days of a simulated market."),
    "realism": Lazy("realism:realism", "Judge a simulated market by 26 facts of real ones."),
    "impact": Lazy("impact:impact", "Measure by twins what an order does to the price."),
    "calibrate": Lazy("calibrate:calibrate", "Fit a simulated market to recorded days."),
    "warm": Lazy("warm:warm", "Compile every kernel once."),
    "bench": Lazy("bench:bench", "Measure speed against the bars of the project."),
}

EXTRAS = {
    "polars": "data",
    "duckdb": "data",
    "fsspec": "data",
    "databento_dbn": "data",
    "psycopg": "postgres",
    "jinja2": "report",
    "matplotlib": "report",
}


class Root(LazyGroup):
    """The program's own group."""

    entries = COMMANDS


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"nowake {__version__}\n")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Adaptive trade execution: work a large parent order so that it leaves no wake in the market."""


def program() -> Any:
    """Return the command line as one command."""
    app = typer.Typer(cls=Root, no_args_is_help=True, **_PLAIN)
    app.callback()(_root)
    return adapt(get_command(app))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; never raises for bad input."""
    try:
        code = program().main(args=None if argv is None else list(argv), prog_name="nowake", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except SystemExit as stop:  # Typer's own answer to a closed pipe
        code = _closed_pipe() if isinstance(stop.__context__, BrokenPipeError) else stop.code
    except BrokenPipeError:
        code = _closed_pipe()
    except Exception as error:
        code = explain(error)
    if code == 130:
        sys.stderr.write("interrupted\n")
    return code if isinstance(code, int) else 0


def _closed_pipe() -> int:
    """Give up standard output quietly: the reader has what it wanted."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):  # standard output may be no file
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return 0


def explain(error: Exception) -> int:
    """Write one line about `error` (a hint on a second), the traceback if NOWAKE_DEBUG=1; return the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{error}\n")
        return 2
    text, hint, code = _judge(error)
    if os.environ.get("NOWAKE_DEBUG") == "1":
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    sys.stderr.write(f"error: {' '.join(text.split())}\n")
    if hint:
        sys.stderr.write(f"hint: {hint}\n")
    return code


def _judge(error: Exception) -> tuple[str, str | None, int]:
    if isinstance(error, InputError):
        return str(error), error.hint, 2
    if isinstance(error, MissingError):
        return str(error), None, 3
    if isinstance(error, CapacityError) or (isinstance(error, IndexError) and "raise `" in str(error)):
        return f"a fixed capacity is exhausted: {error}", None, 2
    if isinstance(error, NowakeError):
        return str(error), None, 2
    if isinstance(error, ModuleNotFoundError) and (name := (error.name or "").split(".")[0]) in EXTRAS:
        return (
            f"{name} is not installed (expected the extra '{EXTRAS[name]}')",
            f"pip install 'nowake[{EXTRAS[name]}]'",
            3,
        )
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or str(error)).lower()}", None, 2
    if hasattr(error, "format_message") and getattr(error, "exit_code", None) == 2:
        usage = _usage(error)
        return str(usage), usage.hint, 2
    return f"unexpected {type(error).__name__}: {error}", "a fault of nowake; NOWAKE_DEBUG=1 shows where", 70


def _usage(error: Any) -> InputError:
    """Return a usage error of Typer in this house's shape."""
    path = error.ctx.command_path if getattr(error, "ctx", None) else "nowake"
    help_ = f"try '{path} --help'"
    name = str(getattr(error, "option_name", ""))
    if type(error).__name__ == "NoSuchOption":
        options = [o for p in error.ctx.command.params for o in (*p.opts, *p.secondary_opts)]
        known = ["--help", *(o for o in options if o.startswith("--"))]
        return InputError(
            f"unknown option '{name}'",
            expected=f"an option of {path}",
            got=repr(name),
            hint=nearest(name, known) or help_,
        )
    if type(error).__name__ == "MissingParameter":
        return InputError(f"missing {name_of(error.param)}", expected=_wanted(error.param), got="nothing", hint=help_)
    return InputError(error.format_message().rstrip("."), hint=help_)


def _wanted(param: Any) -> str:
    text = str(getattr(param, "help", "") or "a value")
    return text[0].lower() + text[1:].split(". ")[0].rstrip(".")


if __name__ == "__main__":
    sys.exit(main())
