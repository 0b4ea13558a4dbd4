"""`nowake fit volume`: curve and log-volume model of a file or a STORE-QUERY, and their test out of sample.

The test walks forward: for every day from `first` on, both curves are made from earlier days only, and a full-day order
is worked by their shares, the dynamic one re-deciding before each bin. Measured per day:

* misplaced  = 1/2 sum_j |w_j - u_j|, the fraction of the order that traded in another bin than the market's volume;
* tracking   = 100 sqrt(sum_j (W_j - U_j)^2 / J), W and U cumulative: the standard deviation in bp of the deviation from
  VWAP, per 1 % of daily volatility, if prices are a random walk with equal variance per bin;
* mape       = mean_j |forecast - v_j| / v_j of the next bin's volume (bins without volume left out).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from nowake.core.errors import DataError, InputError
from nowake.core.streams import generator
from nowake.core.values import Session
from nowake.data.reader import ReaderOptions
from nowake.data.volume import StaticCurve, VolumeForecast, VolumeTable, median_curve, table_from_events
from nowake.data.volume_model import VolumeModel, VolumeParams, fit

__all__ = ["Evaluation", "evaluate", "fit_volume", "volume_table", "weights"]

Hours = Session | tuple[int, int] | None

_CONVENTIONS = {
    "bins": "label = start of the bin, local time of the session; all bins equally wide",
    "volume": "all prints inside the session, hidden ones and crosses included; not unprinted, broken, outlier prints",
    "shares": (
        "median over the last days of volume / day's volume, per bin; floor of 0.01 uniform bins; log shares smoothed "
        "by (1/4, 1/2, 1/4) over the interior bins (first and last bin kept); scaled to sum 1"
    ),
    "model": (
        "log v[d,j] = a[d] + s[j] + c[d,j] + e; a, c AR(1), c afresh each day; EM from fixed starts; zero volume: "
        "missing; expected volume = exp(mean + variance / 2); rho, qa, va: daily; phi, qc, p0: intraday; r: noise"
    ),
    "r2": "of one-bin-ahead predictions of log volume around its mean, in sample",
    "n": "bins observed with volume; days: days used by the model",
}


def volume_table(
    source: str | Path, *, minutes: int = 15, session: Hours = None, options: ReaderOptions | None = None
) -> VolumeTable:
    """Return the volumes in a volume-curve CSV, a STORE-QUERY, or any event file, in bins of `minutes`.

    `session` is one, or (open, close) in ns after midnight of the instrument's time zone; by default the instrument's
    first (the whole UTC day for one that has none).
    """
    from nowake.data.query import is_query, prints_reader

    if is_query(str(source)):
        stored = prints_reader(str(source))
        hours = _session(session, stored.meta.instruments[0].sessions)
        return table_from_events(((day, _arrays(one)) for day, one in stored.days()), hours, minutes)
    from nowake.data.formats import recognise
    from nowake.data.quality import check
    from nowake.data.source import logical_name, read_head

    path = Path(source)
    if recognise(read_head(path), logical_name(path)) == "curve":
        from nowake.data.formats import curve

        return curve.read_volume_table(path)
    one = check(path, options=options)
    instruments = one.meta.instruments
    if len(instruments) != 1 or one.meta.date is None:
        raise DataError("volume curve", path=path, expected="one instrument on one day", got="several, or no date",
                        hint="ingest the file and give a store query")  # fmt: skip
    hours = _session(session, instruments[0].sessions)
    return table_from_events([(one.meta.date, _arrays(one))], hours, minutes)


def _session(asked: Hours, sessions: tuple[Session, ...]) -> Session:
    if isinstance(asked, Session):
        return asked
    own = sessions[0] if sessions else Session(0, 86_400_000_000_000, "UTC")
    return own if asked is None else Session(*asked, own.timezone)


def _arrays(source: Any) -> Callable[[], Iterator[np.ndarray]]:
    return lambda: (chunk.events for chunk in source.chunks())


def fit_volume(
    source: str | Path | VolumeTable, *, minutes: int = 15, days: int = 20, smooth: int = 1, seed: int = 0,
    session: Hours = None, options: ReaderOptions | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return what ``nowake fit volume --json`` prints, without schema and timing: plain lists and numbers.

    `model` is null, with the reason in `conventions`, where there are too few days; `evaluation` needs 40 days.
    """
    table = source if isinstance(source, VolumeTable) else volume_table(
        source, minutes=minutes, session=session, options=options
    )  # fmt: skip
    curve = median_curve(table, days, smooth)
    conventions = dict(_CONVENTIONS)
    model: VolumeModel | None = None
    try:
        model = fit(table)
    except InputError as error:
        conventions["model"] = f"not fitted: {error}"
    first = max(20, len(table.dates) // 2)
    return {
        "bins": list(table.bins),
        "shares": curve.tolist(),
        "days": len(table.dates),
        "first_day": table.dates[0].isoformat(),
        "last_day": table.dates[-1].isoformat(),
        "curve": {"days": min(days, len(table.dates)), "smooth": smooth},
        "model": None if model is None else _coefficients(model, table),
        "evaluation": evaluate(table, first, days=days, smooth=smooth, seed=seed).payload()
        if model is not None and len(table.dates) >= 40
        else None,
        "n": int((table.volumes > 0).sum()),
        "r2": None if model is None else model.r2,
        "seed": seed,
        "conventions": conventions,
    }


def _coefficients(model: VolumeModel, table: VolumeTable) -> dict[str, Any]:
    p, tomorrow = model.params, model.curve(table)
    return {
        "seasonal": p.seasonal.tolist(), "rho": p.rho, "qa": p.qa, "va": p.va, "phi": p.phi, "qc": p.qc, "p0": p.p0,
        "r": p.r, "loglik": model.loglik, "steps": model.steps, "converged": model.converged, "days": model.days,
        "next_day": {
            "volumes": tomorrow.volumes(0, ()).tolist(), "shares": tomorrow.shares(0, ()).tolist(),
            "level": tomorrow.level, "level_sd": float(np.sqrt(tomorrow.variance)),
        },
    }  # fmt: skip


def weights(forecast: VolumeForecast, volumes: np.ndarray) -> np.ndarray:
    """Return the fraction of a full-day order worked in each bin when the market trades `volumes`; sum 1.

    Before bin j the schedule sees volumes of bins before j only, and gives bin j its share of what is left.
    """
    left, out = 1.0, np.empty(len(volumes))
    for j in range(len(volumes)):
        out[j] = left * forecast.shares(j, volumes[:j])[0]
        left -= out[j]
    out[-1] += left
    return out


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Measures per day out of sample, arrays of the same length: `static`, `dynamic` map a measure's name to it."""

    dates: tuple[date, ...]
    static: dict[str, np.ndarray]
    dynamic: dict[str, np.ndarray]
    seed: int

    def payload(self) -> dict[str, Any]:
        """Return means over days, and the mean paired gain (static - dynamic) with its 95 % bootstrap interval."""
        out: dict[str, Any] = {
            "days": len(self.dates), "first_day": self.dates[0].isoformat(), "last_day": self.dates[-1].isoformat()
        }  # fmt: skip
        for name, before in self.static.items():
            gain = before - self.dynamic[name]
            out[name] = {
                "static": float(before.mean()), "dynamic": float(self.dynamic[name].mean()),
                "gain": float(gain.mean()), "gain_ci": bootstrap(gain, self.seed, name),
            }  # fmt: skip
        return out


def bootstrap(values: np.ndarray, seed: int, name: str, draws: int = 4000) -> list[float]:
    """Return the 95 % percentile interval of the mean over resampled days."""
    rng = generator(seed, f"volume bootstrap {name}")
    means = values[rng.integers(0, len(values), (draws, len(values)))].mean(axis=1)
    return [float(q) for q in np.percentile(means, (2.5, 97.5))]


def evaluate(
    table: VolumeTable, first: int, *, days: int = 20, smooth: int = 1, window: int | None = None, seed: int = 0
) -> Evaluation:
    """Return both curves' measures on days `first`.. of `table`; day d is forecast from days before d only.

    The model is refitted every day on all earlier days (the last `window`, if given), from the previous parameters.
    """
    if not 5 <= first < len(table.dates):
        raise InputError("evaluation", expected=f"a first day from 5 to {len(table.dates) - 1}", got=first)
    static: dict[str, list[float]] = {}
    dynamic: dict[str, list[float]] = {}
    dates: list[date] = []
    start: VolumeParams | None = None
    for d in range(first, len(table.dates)):
        volumes = table.volumes[d]
        if not volumes.any():
            continue
        past = table.before(d)
        used = past if window is None else VolumeTable(past.bins, past.dates[-window:], past.volumes[-window:])
        model = fit(used, start=start, tolerance=1e-6)
        start, curve = model.params, model.curve(used)
        shape = median_curve(table, days, smooth, day=d)
        usual = shape * float(np.median(past.volumes[-days:].sum(axis=1)))
        ahead = np.array([curve.volumes(j, volumes[:j])[0] for j in range(len(volumes))])
        _note(static, weights(StaticCurve(shape), volumes), usual, volumes)
        _note(dynamic, weights(curve, volumes), ahead, volumes)
        dates.append(table.dates[d])
    if not dates:
        raise InputError("evaluation", expected="a day with volume", got="none")
    before, after = ({k: np.array(v) for k, v in side.items()} for side in (static, dynamic))
    return Evaluation(tuple(dates), before, after, seed)


def _note(into: dict[str, list[float]], plan: np.ndarray, forecast: np.ndarray, volumes: np.ndarray) -> None:
    market = volumes / volumes.sum()
    path = np.cumsum(plan) - np.cumsum(market)
    seen = volumes > 0
    values = {
        "misplaced": 0.5 * np.abs(plan - market).sum(),
        "tracking": 100 * np.sqrt((path**2).sum() / len(path)),
        "mape": np.abs(forecast[seen] / volumes[seen] - 1).mean(),
    }
    for name, value in values.items():
        into.setdefault(name, []).append(float(value))
