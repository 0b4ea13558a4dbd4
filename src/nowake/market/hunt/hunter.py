"""The hunt: every family of round trips, every size, both signs, on many streams; and planted flaws for the judge."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.market.hunt.desk import Desk
from nowake.market.hunt.families import Family, chosen
from nowake.market.hunt.flaws import FLAWS
from nowake.market.hunt.pricing import Profit, profit
from nowake.market.hunt.scene import CLOSE, LONGEST, MIDDAY, Scene, Stage, scene, stage
from nowake.market.market import Market
from nowake.market.preset import Preset
from nowake.market.preset import load as load_preset
from nowake.market.realism.arbitrage import Trips
from nowake.market.workers import in_processes

__all__ = ["REGIMES", "SIZES", "hunt", "trip"]

SIZES = (0.0005, 0.002, 0.005, 0.01, 0.02)  # of the daily volume; a hunt takes the first ones
REGIMES = ("calm", "volatile", "thin", "switching")
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one trip of a cell brought."""

    profit: Profit
    stream: int
    regime: str


@dataclass(frozen=True, slots=True)
class _Cell:
    """A script at a size, in shares and as a fraction of the daily volume."""

    family: Family
    size: float
    shares: int


def trip(at: Scene, family: Family, shares: int, sign: int) -> Desk:
    """Run one round trip of `shares` from a scene, buying first (`sign` 1) or selling first (-1); it ends flat."""
    desk, trigger = Desk(at, shares, sign), family.trigger
    begun = None if trigger else 0
    while desk.second < LONGEST:
        desk.begin()
        if begun is None and trigger:
            if desk.second > trigger.deadline:
                break
            begun = desk.second if trigger.fires(desk) else None
        if begun is not None and not _act(desk, family, desk.second - begun):
            break
        desk.end()
    desk.check_flat()
    return desk


def _act(desk: Desk, family: Family, t: int) -> bool:
    """Send what the script wants in its second `t`; False once it is over and all is closed."""
    for phase in family.phases:
        if phase.start <= t < phase.end:
            phase.act(desk, t)
        elif t == phase.end:
            desk.withdraw(phase)
    if t < family.length:
        return True
    desk.withdraw(None)
    desk.send(-1 if desk.position > 0 else 1, abs(desk.position))
    return bool(desk.live or desk.position)


def hunt(
    preset: Preset | str,
    *,
    seed: int,
    trips: int = 200,
    families: Sequence[str] | None = None,
    sizes: int | Sequence[float] = 3,
    regimes: Sequence[str] = REGIMES,
    warm_days: int = 1,
    workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> tuple[list[Trips], list[Trips]]:
    """Return the trips per family and size, and those in which a flaw is planted, one entry a flaw.

    `trips` per family and size, half of them buying first; stream k has the regime k mod len(`regimes`). `sizes`: how
    many of SIZES, or fractions of the daily volume. `warm_days`: sessions that every market has behind it. More
    `workers` (processes) save time only. Families that need a venue which the preset does not have are left out.
    InputError for what cannot be hunted.
    """
    preset = preset if isinstance(preset, Preset) else load_preset(preset)
    fractions = _fractions(sizes)
    if not 4 <= trips <= _MOST:
        raise InputError("trips", expected=f"4 to {_MOST}", got=trips)
    if not regimes or not 0 <= warm_days <= 100 or not 0 <= seed < 2**40:
        raise InputError(
            "hunt", expected="a regime, 0 to 100 warm days, a seed from 0 to 2^40-1", got=(regimes, warm_days, seed)
        )
    streams, names = (trips + 1) // 2, None if families is None else tuple(families)
    at = Stage(preset, seed, tuple(regimes), warm_days)
    wanted = _possible(at, chosen(names))
    cells = tuple(_Cell(f, size, _shares(preset, size)) for f in wanted for size in fractions)
    whole = len(cells) + len(FLAWS)

    def told(done: int, count: int) -> Callable[[float], None]:
        return lambda part: progress((done + count * part) / whole) if progress else None

    hunted = _run(at, streams, cells, told(0, len(cells)), workers)
    planted = []
    for k, flaw in enumerate(FLAWS):
        cell = _Cell(flaw.family, fractions[-1], _shares(preset, fractions[-1]))
        spoilt = replace(at, preset=flaw.spoil(preset))
        planted += _run(spoilt, streams, (cell,), told(len(cells) + k, 1), workers)
    return hunted, planted


def _fractions(sizes: int | Sequence[float]) -> tuple[float, ...]:
    if isinstance(sizes, int):
        if not 1 <= sizes <= len(SIZES):
            raise InputError("sizes", expected=f"1 to {len(SIZES)}", got=sizes)
        return SIZES[:sizes]
    if not sizes or not all(0 < size <= 0.1 for size in sizes):
        raise InputError("sizes", expected="fractions of the daily volume above 0, at most 0.1", got=tuple(sizes))
    return tuple(sorted(sizes))


def _shares(preset: Preset, size: float) -> int:
    one = preset.instrument
    return max(round(size * one.daily_volume / one.round_lot), 1) * one.round_lot


def _possible(at: Stage, families: tuple[Family, ...]) -> tuple[Family, ...]:
    """Return the families whose venues this market has."""
    worlds, _ = stage(replace(at, warm_days=0), 0)
    kinds = [venue.kind for venue in Market(worlds, at.preset, 0).venues()]
    have = {None, *kinds, *(("venues",) if kinds.count("lit") > 1 else ())}
    possible = tuple(family for family in families if family.needs in have)
    if not possible:
        raise InputError("families", expected="one whose venues the market has", got=[f.name for f in families])
    return possible


def _run(at: Stage, streams: int, cells: Sequence[_Cell], told: Callable[[float], None], workers: int) -> list[Trips]:
    """Return the trips of every cell."""
    done = in_processes(streams, partial(_stream, at, tuple(cells)), workers, told)
    spread = float(np.mean([one for one, _ in done]))
    return [_trips(cell, [o for _, kept in done for o in kept[i]], spread) for i, cell in enumerate(cells)]


def _stream(at: Stage, cells: Sequence[_Cell], k: int) -> tuple[float, list[list[_Outcome]]]:
    """Return the spread of stream `k` and what the trips of every cell brought there; all share its scenes."""
    scenes = _scenes(at, k, {cell.family.when for cell in cells})
    outcomes: list[list[_Outcome]] = []
    for cell in cells:
        where = scenes[cell.family.when]
        desks = (trip(where, cell.family, cell.shares, sign) for sign in (1, -1))
        profits = (profit(desk.fills, at.preset.instrument.tick) for desk in desks)
        outcomes.append([_Outcome(one, k, where.regime) for one in profits])
    return scenes[MIDDAY].spread, outcomes


def _scenes(at: Stage, stream: int, when: set[str]) -> dict[str, Scene]:
    """Return the scenes of a stream by when they are: that in the day always, its spread is the unit of all."""
    worlds, start = stage(at, stream)
    close = int(worlds.worlds[0]["close"])
    made = {MIDDAY: scene(at, worlds, stream, start)}
    if CLOSE in when:
        made[CLOSE] = scene(at, worlds.copy(), stream, close - LONGEST * SECOND)
    return made


def _trips(cell: _Cell, kept: Sequence[_Outcome], spread: float) -> Trips:
    """Return the trips of a cell in spreads per share: per share traded on the cell's average."""
    shares = float(np.mean([one.profit.shares for one in kept]))
    unit = max(shares, 1.0) * spread
    return Trips(
        cell.family.name, cell.size,
        manipulation=np.array([one.profit.manipulation for one in kept]) / unit,
        raw=np.array([one.profit.raw for one in kept]) / unit,
        stream=np.array([one.stream for one in kept]), regime=np.array([one.regime for one in kept]),
    )  # fmt: skip
