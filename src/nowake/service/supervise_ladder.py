"""The decider of a supervised desk: asks the rung that stands, and the next one where that fails, within one call.

So nothing that a broken model says is ever begun: an answer that is not a number, out of range, too late, or an
exception is thrown away, and what decides is the first rung that answers soundly. What came of each attempt waits in
`trials` for the supervisor, who moves the ladder.

Time is measured around the call. A model that does not come back would hold the desk: after `patience` an alarm
(SIGALRM, a timer of this process) raises in it, so that the call ends. That reaches Python code and calls that wait; a
compiled loop that never returns to the interpreter cannot be reached from inside the process.
"""

import math
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from nowake.core.clock import Clock
from nowake.core.errors import InputError, NowakeError
from nowake.core.intent import Origin, Tactic
from nowake.core.times import SECOND
from nowake.execution.deciders import described_policy
from nowake.execution.policy import OBSERVED, Forecaster, Policy
from nowake.execution.rungs import MOST, ORIGINS, AdaptiveRung, PovRung, StopRung, VolumePlan, columns_of
from nowake.risk.ladder import NEEDS, Input, LadderRules, Rung, attempt

__all__ = ["Deadline", "HungError", "Laddered", "Trial", "WallClock", "WatchedForecaster"]

_TACTICS = frozenset(int(one) for one in Tactic)
_COLUMNS = {one: columns_of(one) for one in Input}


class HungError(NowakeError):
    """A model did not come back in time."""


class WallClock:
    """Nanoseconds of a clock that nobody sets, for how long something took."""

    def now(self) -> int:
        """Return its time, ns."""
        return time.monotonic_ns()

    def sleep_until(self, when: int) -> None:
        """Sleep until `when`."""
        time.sleep(max(when - self.now(), 0) / SECOND)


class Deadline:
    """Raises HungError in whoever has run longer than `patience` ns between `arm` and `disarm`, in the main thread.

    In another thread it does nothing: signals are the main thread's. `close` gives the signal back.
    """

    def __init__(self, patience: int) -> None:
        self.patience, self._armed = patience / SECOND, False
        self._works = threading.current_thread() is threading.main_thread()
        self._before = signal.signal(signal.SIGALRM, self._ring) if self._works else None

    def _ring(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._armed:
            raise HungError(f"no answer within {self.patience:g} s")

    def arm(self) -> None:
        """Let the time run; it rings again and again, for who catches too much."""
        self._armed = self._works
        if self._works:
            signal.setitimer(signal.ITIMER_REAL, self.patience, self.patience)

    def disarm(self) -> None:
        """It came back."""
        self._armed = False
        if self._works:
            signal.setitimer(signal.ITIMER_REAL, 0.0)

    def close(self) -> None:
        """Give the signal back."""
        self.disarm()
        if self._works:
            signal.signal(signal.SIGALRM, self._before)
            self._works = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of asking `rung`: ns that the model took, its confidence, what failed it, inputs that were no numbers.

    `sound`: its answer counts.
    """

    rung: Rung
    sound: bool
    took: int | None = None
    confidence: float = 1.0
    error: Exception | None = None
    broken: tuple[Input, ...] = ()


class WatchedForecaster:
    """A forecaster whose failure does not stop the desk: what it cannot forecast is NaN, and `error` says why."""

    def __init__(self, forecaster: Forecaster, clock: Clock, deadline: Deadline) -> None:
        self.forecaster, self._clock, self._deadline = forecaster, clock, deadline
        self.error: Exception | None = None
        self.took = 0

    def predict(self, features: np.ndarray, out: np.ndarray) -> None:
        """Fill `out` as the forecaster does, or with NaN."""
        tried = attempt(lambda: _within(self._deadline, lambda: self.forecaster.predict(features, out)), self._clock)
        self.error, self.took = tried.error, tried.took
        if tried.error is not None:
            out[:] = math.nan


class Laddered:
    """The policy of a supervised desk (`desk` DESK): `model`, and what stands below it; `rung` is the supervisor's."""

    def __init__(
        self, model: Policy, desk: np.ndarray, rules: LadderRules, *, part: float = 0.1, urgency: float = 1.0,
        patience: int | None = None, clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self.model, self.rules, self.rung = model, rules, Rung.MODEL
        self.answered = Rung.MODEL  # who has decided last
        self.trials: list[Trial] = []
        self.forecaster: WatchedForecaster | None = None
        self.deadline = Deadline(patience or 4 * rules.timeout)
        self._clock = clock or WallClock()
        self._policies: dict[Rung, Policy] = {
            Rung.MODEL: model, Rung.ADAPTIVE: AdaptiveRung(desk, urgency), Rung.POV: PovRung(),
            Rung.STOP: StopRung(),
        }  # fmt: skip
        self._volume, self._desk = VolumePlan(desk, part), desk
        self._seen = np.zeros((len(desk), len(OBSERVED)))

    def watch(self, forecaster: Forecaster) -> WatchedForecaster:
        """Return `forecaster`, watched; its failures count as the model's."""
        self.forecaster = WatchedForecaster(forecaster, self._clock, self.deadline)
        return self.forecaster

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:
        """Fill `actions` by the first sound rung from `rung` on; where all fail, with rate 0."""
        asked = self._asked(observations)
        broken = _broken(observations[asked])
        for rung in Rung:
            if rung >= self.rung and self._try(rung, asked, broken, observations, actions):
                self.answered = rung
                break
        if self.answered == Rung.POV:
            self._volume.on()
        else:
            self._volume.off()

    @property
    def origin(self) -> Origin:
        """Whose the last decision is: the model's, or that of what fell in for it."""
        if self.answered == Rung.MODEL:
            return Origin(getattr(self.model, "origin", Origin.MODEL))
        return ORIGINS[self.answered]

    def described(self) -> dict[str, Any]:
        """Return what a decision log needs to ask the model, or the rungs below it, again."""
        rungs = {str(int(rung)): described_policy(policy) for rung, policy in self._policies.items() if rung}
        return {**described_policy(self.model), "rungs": rungs}

    def take(self) -> list[Trial]:
        """Return the attempts since the last call."""
        new, self.trials = self.trials, []
        return new

    def _asked(self, observations: np.ndarray) -> np.ndarray:
        """Return the rows that a decision is for: those that were observed anew, for time goes on."""
        new = (observations.view(np.int64) != self._seen.view(np.int64)).any(axis=1)
        self._seen[:] = observations
        return np.flatnonzero(new)

    def _try(
        self, rung: Rung, asked: np.ndarray, broken: tuple[Input, ...], observations: np.ndarray, actions: np.ndarray
    ) -> bool:
        missing = tuple(one for one in broken if one in NEEDS[rung])
        if missing:
            self.trials.append(Trial(rung, sound=False, error=self._forecast_error(rung), broken=missing))
            return False
        trial = self._ask(rung, asked, observations, actions)
        if rung != Rung.STOP:
            self.trials.append(trial)
        return trial.sound

    def _ask(self, rung: Rung, asked: np.ndarray, observations: np.ndarray, actions: np.ndarray) -> Trial:
        policy = self._policies[rung]
        if rung == Rung.MODEL:
            return self._ask_model(asked, observations, actions)
        tried = attempt(lambda: policy.decide(observations, actions), self._clock)
        wrong = tried.error or _strange(actions[asked])
        return Trial(rung, sound=wrong is None, error=wrong)

    def _ask_model(self, asked: np.ndarray, observations: np.ndarray, actions: np.ndarray) -> Trial:
        model, limit = self.model, self.rules.timeout
        tried = attempt(lambda: _within(self.deadline, lambda: model.decide(observations, actions)), self._clock)
        took = tried.took + (self.forecaster.took if self.forecaster is not None else 0)
        if isinstance(tried.error, HungError):
            return Trial(Rung.MODEL, sound=False, took=max(took, limit + 1))
        wrong = tried.error or _strange(actions[asked])
        if isinstance(wrong, _NotANumberError):
            return Trial(Rung.MODEL, sound=False, took=took, broken=(Input.MODEL,))
        confidence = float(getattr(model, "confidence", 1.0))
        return Trial(Rung.MODEL, wrong is None and took <= limit, took, confidence, wrong)

    def _forecast_error(self, rung: Rung) -> Exception | None:
        return self.forecaster.error if rung == Rung.MODEL and self.forecaster is not None else None


class _NotANumberError(InputError):
    """An action that holds NaN or infinity."""


def _within(deadline: Deadline, call: Callable[[], None]) -> None:
    deadline.arm()
    try:
        call()
    finally:
        deadline.disarm()


def _broken(rows: np.ndarray) -> tuple[Input, ...]:
    """Return the inputs of which a column of `rows` is no number."""
    bad = ~np.isfinite(rows).all(axis=0)
    return tuple(one for one in Input if bad[_COLUMNS[one]].any()) if bad.any() else ()


def _strange(actions: np.ndarray) -> Exception | None:
    """Return what is wrong with the first action that cannot be; None if all can."""
    for one in actions:
        rate, urgency, tactic = float(one["rate"]), float(one["urgency"]), int(one["tactic"])
        if not (math.isfinite(rate) and math.isfinite(urgency)):
            return _NotANumberError("action", expected="finite numbers", got=(rate, urgency))
        if not (0 <= rate <= MOST and 0 <= urgency <= 1) or tactic not in _TACTICS:
            return InputError("action", expected="rate 0 to 4, urgency 0 to 1, a tactic", got=(rate, urgency, tactic))
    return None
