"""`nowake trade`: work one order by the live event loop at a simulated market that runs beside it."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake.cli.oms import journal_of, reading, shown
from nowake.cli.options import (
    HorizonOption,
    Json,
    ModeOption,
    PolicyOption,
    PresetOption,
    QtyOption,
    RegimeOption,
    SeedOption,
    SideOption,
    decimal,
    existing,
    home,
    named,
    positive,
    quantity,
    span,
)
from nowake.cli.output import Envelope, say, table
from nowake.core.errors import InputError, OrderError
from nowake.core.times import SECOND
from nowake.core.values import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nowake.market.preset import Preset
    from nowake.service.recovery import UncleanError
    from nowake.service.trade_begin import Wanted
    from nowake.service.trade_watch import Watch
    from nowake.service.trader import Attendant, Trader

__all__ = ["kept_after", "trade"]

_SHORTEST = 60 * SECOND  # of a window
_AFTER, _DAY = 30 * 60.0, 86_400.0  # s of the market after the last fill; what lasts to the close
_REAL = 60.0  # s of real time that it takes at most unless asked for
_OF_ONE = ("side", "qty", "horizon", "strategy", "urgency", "participation", "limit")
"""The options that are said of one order."""
_FASTEST = 10_000.0


def trade(
    ctx: typer.Context,
    preset: PresetOption = "midcap",
    side: SideOption = "buy",
    qty: QtyOption = "500000",
    horizon: HorizonOption = "4h",
    speed: Annotated[
        str, typer.Option("--speed", help="Times real time, like 60x; max: as fast as market and trader can.")
    ] = "60x",
    seed: SeedOption = 7,
    regime: RegimeOption = "calm",
    strategy: Annotated[
        str, typer.Option("--strategy", help="Schedule: one of twap, vwap, pov, ac, ow, adaptive.")
    ] = "ac",
    urgency: Annotated[
        float | None, typer.Option("--urgency", help="Of ac, adaptive: kappa T, default 2. Of ow: rho T, default 10.")
    ] = None,
    participation: Annotated[
        float | None,
        typer.Option("--participation", help="Of pov: part of all volume. Default: what finishes the order."),
    ] = None,
    limit: Annotated[str | None, typer.Option("--limit", help="Worst price, in currency. Default: none.")] = None,
    policy: PolicyOption = "default",
    journal: Annotated[
        str | None,
        typer.Option(
            "--journal",
            metavar="FILE|URL",
            help="Journal: a file, or postgresql://… . Default: $NOWAKE_HOME/journal.db.",
        ),
    ] = None,
    folder: Annotated[
        str | None,
        typer.Option(
            "--folder",
            metavar="DIR",
            help="Where what lies beside a journal on a server is kept. Default: its folder in $NOWAKE_HOME/journals.",
        ),
    ] = None,
    mode: ModeOption = "reserved",
    unfinished: Annotated[
        str,
        typer.Option("--unfinished", help="An order of the journal that is not over: ask, resume, cancel."),
    ] = "ask",
    after: Annotated[
        str | None,
        typer.Option(
            "--after",
            help="Keep the market so long after the last fill, like 30m, 0s, or close. Default: 30m, but no more than "
            "a minute of real time.",
        ),
    ] = None,
    micro: Annotated[
        str | None,
        typer.Option("--micro", metavar="FILE", help="Table of fit microprice, its JSON. Default: the weighted mid."),
    ] = None,
    staged: Annotated[bool, typer.Option("--staged", help="Enter the order, and wait until it is released.")] = False,
    basket: Annotated[
        str | None,
        typer.Option("--basket", metavar="FILE.csv", help="Orders, a line each, in place of one; see the manual."),
    ] = None,
    json: Json = False,
) -> int:
    """Work one order at a simulated market: live loop, guard, router, journal; in a terminal with a view and keys."""
    asked = {
        "preset": preset, "side": side, "qty": qty, "horizon": horizon, "speed": speed, "regime": regime,
        "strategy": strategy, "urgency": urgency, "participation": participation, "limit": limit, "policy": policy,
        "mode": mode, "after": after, "micro": micro, "staged": staged, "basket": basket,
    }  # fmt: skip
    out = Envelope("trade", asked, seed=seed)
    if basket is not None:
        _refuse_one(ctx)
    wanted, chosen = _wanted(asked, seed, _journal(journal), unfinished)
    wanted = replace(wanted, folder=None if folder is None else Path(folder))
    if basket is not None:
        wanted = _of_basket(basket, wanted, chosen)
    from nowake.cli.trade_lines import Lines, Voice
    from nowake.service.trade import trade as work

    plan = f"basket {wanted.basket}" if wanted.basket else wanted.strategy
    voice, title = Voice(sys.stderr), f"{plan}, {chosen.name} {wanted.regime}, {speed}"
    zone = chosen.session.timezone

    def staff(trader: "Trader", watch: "Watch") -> "Sequence[Attendant]":
        lines = Lines(trader, watch, zone, voice)
        if json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return [lines]
        from nowake.cli.trade_screen import Screen
        from nowake.cli.trade_view import View

        return [Screen(View(trader, watch, zone, title), lines)]

    from nowake.service.recovery import UncleanError

    try:
        with reading(wanted.journal):
            found = work(wanted, staff, voice)
    except UncleanError as error:
        return _unclean(error, wanted.journal, out if json else None)
    if json:
        out.write(found)
    else:
        _show(found, chosen.instrument.currency)
    return 0


def _wanted(asked: dict[str, Any], seed: int, journal: str | Path, unfinished: str) -> "tuple[Wanted, Preset]":
    """Return what is asked for and its market, every option checked before anything is begun."""
    side, order, seconds = Side.parse(asked["side"]), quantity(asked["qty"]), _horizon(asked["horizon"])
    speed = _speed(asked["speed"])
    if not 0 <= seed < 2**63:
        raise InputError("--seed", expected="a whole number from 0 to 2^63-1", got=seed)
    from nowake.cli.features import micro_table
    from nowake.market.preset import load, preset_names
    from nowake.market.regimes_state import NAMES
    from nowake.oms.keeper import Mode
    from nowake.risk.policy import load as load_policy
    from nowake.risk.policy import policy_names
    from nowake.service.trade_begin import UNFINISHED, Wanted
    from nowake.service.trade_plan import STRATEGIES, instrument_of

    chosen = load(asked["preset"])
    load_policy(asked["policy"])
    strategy = named(asked["strategy"], STRATEGIES, "strategy")
    price = decimal(asked["limit"], "--limit")
    shares = order.shares or max(round((order.of_adv or 0) * chosen.instrument.daily_volume), 1)
    wanted = Wanted(
        preset=_whole_path(asked["preset"], preset_names()), side=side, quantity=shares, horizon=seconds, seed=seed,
        journal=journal, regime=named(asked["regime"], NAMES, "regime"), strategy=strategy,
        urgency=_urgency(asked["urgency"], strategy), participation=_participation(asked["participation"], strategy),
        limit=0 if price is None else instrument_of(chosen).ticks(price),
        policy=_whole_path(asked["policy"], policy_names()),
        mode=Mode(named(asked["mode"], tuple(one.value for one in Mode), "mode")), speed=speed,
        unfinished=named(unfinished, UNFINISHED, "answer to --unfinished"), after=kept_after(asked["after"], speed),
        staged=asked["staged"], micro=None if asked["micro"] is None else micro_table(asked["micro"]),
    )  # fmt: skip
    return wanted, chosen


def _refuse_one(ctx: typer.Context) -> None:
    """Refuse an option of one order that was said beside a basket, whatever its value."""
    for name in _OF_ONE:
        source = ctx.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            raise InputError(
                f"--{name} with --basket", expected="the columns of the file to say it", got=repr(ctx.params[name])
            )


def _of_basket(basket: str, wanted: "Wanted", chosen: "Preset") -> "Wanted":
    """Return a trade of the orders of the file `basket`."""
    from nowake.service.trade_basket import read_basket
    from nowake.service.trade_begin import WARM_UP

    file = existing(basket, "basket")
    lines = read_basket(file, chosen, WARM_UP)
    first = lines[0]
    return replace(wanted, basket=file.stem, lines=lines, strategy=first.strategy, urgency=first.urgency)


def _whole_path(name: str, known: "Sequence[str]") -> str:
    """Return a name as it is, and a file by its whole path, so that it is found again from anywhere."""
    return name if name in known else str(Path(name).resolve())


def _horizon(text: str) -> float:
    length = span(text, "--horizon")
    if length < _SHORTEST:
        raise OrderError("--horizon", expected="at least 60s", got=repr(text))
    return length / SECOND


def _speed(text: str) -> float:
    """Return times real time; 0 for `max`."""
    written = text.strip().lower()
    if written == "max":
        return 0.0
    try:
        speed = float(written.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= _FASTEST:
        raise InputError("--speed", expected=f"0.1x to {_FASTEST:.0f}x, or max", got=repr(text))
    return speed


def kept_after(text: str | None, speed: float) -> float:
    """Return for how many s the market is kept after the last fill; `speed` times real time, 0: unbounded."""
    if text is None:
        return min(_AFTER, _REAL * speed) if speed else _AFTER
    written = text.strip().lower()
    if written == "close":
        return _DAY
    return min(span(written, "--after") / SECOND, _DAY)


def _urgency(value: float | None, strategy: str) -> float:
    defaults = {"ac": 2.0, "adaptive": 2.0, "ow": 10.0}
    if value is None:
        return defaults.get(strategy, 0.0)
    if strategy not in defaults:
        raise InputError(
            "--urgency", expected="a schedule that has one: ac, adaptive, ow", got=f"{value} for {strategy}"
        )
    if value > 100:
        raise InputError("--urgency", expected="a number above 0, at most 100", got=value)
    return positive(value, "--urgency")


def _participation(value: float | None, strategy: str) -> float | None:
    if value is None:
        return None
    if strategy != "pov":
        raise InputError("--participation", expected="the schedule that has one: pov", got=f"{value} for {strategy}")
    if not 0 < value < 1:
        raise OrderError("--participation", expected="above 0 and below 1", got=value)
    return value


def _journal(text: str | None) -> str | Path:
    """Return the file of the journal, or its URL; InputError where there can be none."""
    if text is None:
        place = home()
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            expected = "$NOWAKE_HOME or --journal FILE where a file can be made"
            raise InputError(f"folder {place}", expected=expected, got=error.strerror) from error
        return place / "journal.db"
    if "://" in text:
        return journal_of(text)
    file = Path(text)
    if file.is_dir() or not file.parent.is_dir():
        got = "a directory" if file.is_dir() else f"no folder {file.parent}"
        raise InputError(f"--journal {text}", expected="a file in an existing folder", got=got)
    return file.resolve()


def _unclean(error: "UncleanError", journal: str | Path, out: Envelope | None) -> int:
    """Say why nothing is traded; the exit code is that of a negative verdict."""
    from nowake.oms.unlike import row

    say_error = f"error: {error}\nhint: `nowake oms differences` lists them, `nowake oms release-recovery` accepts them"
    sys.stderr.write(f"{say_error}\n")
    if out is not None:
        rows = [row(one) for one in error.found]
        out.write({"clean": False, "journal": shown(journal), "differences": rows})
    return 1


def _show(found: dict[str, Any], currency: str) -> None:
    """Print what became of the orders."""
    for one in found["orders"] if "orders" in found else [found["parent"]]:
        _show_order(one, currency)
    rows = [
        (row["name"], row["kind"], row["children"], row["filled"],
         None if row["fill_rate"] is None else f"{row['fill_rate']:.1%}", f"{row['fees']:+.2f}",
         *_marks(row["markouts"]), None if row["toxicity"] is None else f"{row['toxicity']:+.2f}")
        for row in found["venues"]
    ]  # fmt: skip
    heads = ["venue", "kind", "children", "filled", "fill rate", f"fees {currency}", "1 s bp", "10 s bp", "60 s bp"]
    table("venues: mark-outs after our fills, positive is good for us", [*heads, "toxicity"], rows, left=2)
    sums = "conserved" if found["conserved"] else "NOT conserved"
    say(f"journal {found['journal']}, {found['events']:,} events, shares {sums}")
    say("next: nowake oms orders, nowake explain, nowake oms verify")


def _show_order(one: dict[str, Any], currency: str) -> None:
    """Print what became of an order."""
    say(
        f"{one['side']} {one['qty']:,} {one['symbol']}: {one['filled']:,} filled ({one['completion']:.1%}) in "
        f"{one['fills']:,} fills of {one['children']:,} children, {one['status']}{_requests(one['requests_lapsed'])}"
    )
    if one["avg_price"] is not None and one["filled"]:
        say(
            f"average {one['avg_price']:.4f} {currency}, arrival {one['arrival_price']:.4f}, VWAP {one['vwap']:.4f}; "
            f"cost {one['shortfall_bps']:+.2f} bp against arrival, fees included, {one['vwap_slippage_bps']:+.2f} bp "
            "against VWAP"
        )


def _requests(lapsed: int) -> str:
    return f"; {lapsed:,} request{'s' * (lapsed > 1)} for quotes came to nothing" if lapsed else ""


def _marks(values: "list[float] | None") -> list[str | None]:
    return [None] * 3 if values is None else [f"{value:+.2f}" for value in values]
