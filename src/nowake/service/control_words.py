"""The words of a control: what a person may say of a live order, how its value is read, and what it does to the desk.

A word is tried on a copy of the order's row; what it returns is how the journal writes the value: absolute and exact,
so that the same words give the same row after a restart (`restore`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nowake.core.errors import InputError, nearest
from nowake.core.intent import KIND_WORDS
from nowake.core.times import DAY, clock_time, duration, local_midnight, show_time, time_of_day
from nowake.core.values import Instrument
from nowake.execution import by_hand
from nowake.execution.by_hand import Wanted
from nowake.execution.replanning import Plan, goes_on
from nowake.oms.events import Control

__all__ = ["WORDS", "Around", "Trial", "change", "child_of", "known", "restore"]

_KINDS = {word: kind for kind, word in KIND_WORDS.items()}
_DEAREST = 2**40  # ticks
_LONGEST = 366 * DAY  # ns
_SHOWN = 40  # letters of what was said
_CHILD = "QUANTITY KIND [PRICE] VENUE [min SHARES], like '200 limit 50.01 ALPHA'"


@dataclass(frozen=True, slots=True)
class Around:
    """What a control may look at: `now`, `close` ns UTC; `volume`, `bid`, `ask` of the board, shares and ticks."""

    instrument: Instrument
    venues: tuple[str, ...]
    now: int
    close: int
    volume: int = 0
    bid: int = 0
    ask: int = 0


@dataclass(slots=True)
class Trial:
    """A row of DESK that a control is tried on, and what is to be told."""

    d: np.void
    note: str = ""


def change(what: str, trial: Trial, value: str, around: Around) -> str:
    """Do `what` to the row of `trial`; returns the value as the journal writes it. InputError or OrderError else."""
    return WORDS[known(what, WORDS)](trial, value.strip(), around)


def known(what: str, words: Sequence[str] | dict[str, Callable[[Trial, str, Around], str]]) -> str:
    """Return `what` as it is spelt among `words`; InputError with the nearest else."""
    name = what.strip().lower().replace("_", "-")
    if name not in words:
        hint = nearest(name, words)
        raise InputError(f"unknown control '{what}'", expected=f"one of {', '.join(words)}", got=repr(what), hint=hint)
    return name


def restore(d: np.void, said: Sequence[Control], around: Around) -> None:
    """Bring the row of an order that is taken up to where `said`, its controls in order, have left it."""
    trial = Trial(d)
    for one in said:
        if one.what in WORDS:
            change(one.what, trial, one.value, replace(around, now=one.time))
    if int(d["start"]) < around.now < int(d["end"]):
        goes_on(d, around.now, around.volume)


def _nothing(what: str, value: str) -> str:
    if value:
        raise InputError(f"value of {what}", expected="none", got=repr(value))
    return ""


def _pause(trial: Trial, value: str, around: Around) -> str:  # noqa: ARG001
    by_hand.pause(trial.d)
    return _nothing("pause", value)


def _resume(trial: Trial, value: str, around: Around) -> str:
    by_hand.resume(trial.d, around.now, around.volume)
    return _nothing("resume", value)


def _cancel(trial: Trial, value: str, around: Around) -> str:  # noqa: ARG001
    by_hand.cancel(trial.d)
    return _nothing("cancel", value)


def _finish(trial: Trial, value: str, around: Around) -> str:  # noqa: ARG001
    by_hand.finish(trial.d)
    return _nothing("finish", value)


def _take_over(trial: Trial, value: str, around: Around) -> str:  # noqa: ARG001
    if value not in ("", "keep"):
        raise InputError("value of take-over", expected="none, or keep: children stay", got=repr(value))
    by_hand.take_over(trial.d, keep=value == "keep")
    return value


def _hand_back(trial: Trial, value: str, around: Around) -> str:
    by_hand.hand_back(trial.d, around.now, around.volume)
    return _nothing("hand-back", value)


def _part(text: str, what: str) -> float:
    """Return 0.1 of ``0.1`` or ``10%``."""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise InputError(what, expected="a number, like 0.1 or 10%, or none", got=repr(text)) from None


def _urgency(trial: Trial, value: str, around: Around) -> str:  # noqa: ARG001
    urgency = None if value == "none" else _part(value, "urgency")
    by_hand.set_urgency(trial.d, urgency)
    return "none" if urgency is None else repr(urgency)


def _cap(trial: Trial, value: str, around: Around) -> str:  # noqa: ARG001
    cap = 1.0 if value == "none" else _part(value, "participation cap")
    by_hand.set_cap(trial.d, cap)
    return repr(cap)


def _limit(trial: Trial, value: str, around: Around) -> str:
    ticks = None if value == "none" else _ticks(value, around)
    trial.note = by_hand.set_limit(trial.d, ticks, around.bid, around.ask)
    return "none" if ticks is None else str(ticks * around.instrument.tick_size)


def _ticks(text: str, around: Around) -> int:
    try:
        ticks = around.instrument.ticks(text)
    except ArithmeticError:
        ticks = 0
    if not 0 < ticks < _DEAREST:
        raise InputError("price", expected="a price in currency above 0, below 2^40 ticks, or none", got=_cut(text))
    return ticks


def _cut(text: str) -> str:
    """Return what was said, if it is long its beginning."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}…"


def _end(trial: Trial, value: str, around: Around) -> str:
    end, zone = _time(value, around), around.instrument.sessions[0].timezone
    if end > around.close:
        raise InputError("end of an order", expected=f"by the close, {show_time(around.close, zone)}", got=value)
    by_hand.set_end(trial.d, end, around.now, around.volume)
    trial.note = f"its end is {show_time(end, zone)}"
    return str(end)


def _span(text: str, what: str, expected: str) -> int:
    """Return ns of a duration of a year at most."""
    try:
        length = duration(text)
        if length <= _LONGEST:
            return length
    except (InputError, OverflowError):
        pass
    raise InputError(what, expected=expected, got=_cut(text))


def _time(text: str, around: Around) -> int:
    """Return ns UTC of ``+10m``, ``15:30`` (local, today) or ns UTC."""
    if text.startswith("+"):
        return around.now + _span(text[1:], "end", "+10m from now, or a local time like 15:30")
    if text.isascii() and text.isdecimal():
        return int(text)
    zone = around.instrument.sessions[0].timezone
    try:
        return local_midnight(clock_time(around.now, zone).date(), zone) + time_of_day(text)
    except InputError:
        raise InputError("end", expected="+10m from now, or a local time like 15:30", got=repr(text)) from None


def _names(value: str, around: Around) -> list[str]:
    names = {name.lower(): name for name in around.venues}
    asked = [one.strip() for one in value.split(",") if one.strip()]
    return [names.get(one.lower(), one) for one in asked]


def _venue_out(trial: Trial, value: str, around: Around) -> str:
    names = _names(value, around)
    by_hand.bar(trial.d, around.venues, names)
    return ",".join(names)


def _venue_in(trial: Trial, value: str, around: Around) -> str:
    names = _names(value, around)
    by_hand.allow(trial.d, around.venues, names)
    return ",".join(names)


def _strategy(trial: Trial, value: str, around: Around) -> str:
    plan = Plan.parse(value)
    by_hand.switch(trial.d, plan, around.now, around.volume, around.instrument)
    return str(plan)


def _parameter(trial: Trial, value: str, around: Around) -> str:  # noqa: ARG001
    name, equals, text = (part.strip() for part in value.partition("="))
    if not equals:
        raise InputError("value of parameter", expected="NAME=VALUE, like patience=5s", got=repr(value))
    by_hand.set_parameter(trial.d, name, text)
    return f"{name}={text}"


WORDS: dict[str, Callable[[Trial, str, Around], str]] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "finish": _finish,
    "take-over": _take_over,
    "hand-back": _hand_back,
    "urgency": _urgency,
    "cap": _cap,
    "limit": _limit,
    "end": _end,
    "venue-out": _venue_out,
    "venue-in": _venue_in,
    "strategy": _strategy,
    "parameter": _parameter,
}
"""What may be said of one live order, and what carries it out."""


def child_of(value: str, around: Around) -> Wanted:
    """Return the child that a person has written, like ``200 limit 50.01 ALPHA``; InputError or OrderError else."""
    words = value.split()
    least = 0
    if len(words) > 2 and words[-2].lower() == "min":
        least, words = _whole(words[-1]), words[:-2]
    if len(words) not in (3, 4):
        raise InputError("child", expected=_CHILD, got=repr(value))
    word = words[1].lower().replace("-", "_")
    if word not in _KINDS:
        known_ = ", ".join(_KINDS)
        raise InputError(
            f"unknown kind '{words[1]}'", expected=f"one of {known_}", got=repr(word), hint=nearest(word, _KINDS)
        )
    (venue,) = _names(words[-1], around) or [""]
    if venue not in around.venues:
        hint = nearest(venue, around.venues)
        expected = f"one of {', '.join(around.venues)}"
        raise InputError(f"unknown venue '{venue}'", expected=expected, got=repr(venue), hint=hint)
    price = _ticks(words[2], around) if len(words) == 4 else 0
    return Wanted(_whole(words[0]), _KINDS[word], around.venues.index(venue), price, least)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise InputError("shares", expected="a whole number", got=repr(text))
    return int(text[:20])
