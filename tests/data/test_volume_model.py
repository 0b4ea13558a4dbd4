"""The log-volume model: exact likelihood, recovered parameters, no look-ahead; and what it gains on real days."""

import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import DataError, InputError
from nowake.core.events import EVENT, Kind, empty_events
from nowake.core.times import HOUR, MINUTE, local_midnight
from nowake.core.values import Instrument
from nowake.data.parts import Part, PartMeta
from nowake.data.store import open_store
from nowake.data.volume import StaticCurve, VolumeForecast, VolumeTable, median_curve
from nowake.data.volume_fit import evaluate, fit_volume, volume_table, weights
from nowake.data.volume_model import DynamicCurve, VolumeModel, VolumeParams, fit, loglik

SMALL = VolumeParams(np.array([2.0, 1.0, 0.5, 1.5]), 0.8, 0.3, 0.7, 0.6, 0.2, 0.4, 0.1)


def simulate(params: VolumeParams, days: int, seed: int) -> VolumeTable:
    rng = np.random.default_rng(seed)
    bins, p = len(params.seasonal), params
    out = np.empty((days, bins))
    a = rng.normal(0, np.sqrt(p.va))
    for d in range(days):
        if d:
            a = p.rho * a + rng.normal(0, np.sqrt(p.qa))
        c = rng.normal(0, np.sqrt(p.p0))
        for j in range(bins):
            if j:
                c = p.phi * c + rng.normal(0, np.sqrt(p.qc))
            out[d, j] = p.seasonal[j] + a + c + rng.normal(0, np.sqrt(p.r))
    dates = tuple(date(2019, 1, 1) + timedelta(d) for d in range(days))
    return VolumeTable(tuple(map(str, range(bins))), dates, np.exp(out))


def joint(params: VolumeParams, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of all log volumes, from the definition of the model."""
    p, bins = params, len(params.seasonal)
    level = np.zeros((days, days))
    variance = p.va
    for d in range(days):
        for e in range(d, days):
            level[d, e] = level[e, d] = p.rho ** (e - d) * variance
        variance = p.rho**2 * variance + p.qa
    intraday = np.zeros((bins, bins))
    variance = p.p0
    for j in range(bins):
        for k in range(j, bins):
            intraday[j, k] = intraday[k, j] = p.phi ** (k - j) * variance
        variance = p.phi**2 * variance + p.qc
    whole = np.kron(level, np.ones((bins, bins))) + np.kron(np.eye(days), intraday) + p.r * np.eye(days * bins)
    return np.tile(p.seasonal, days), whole


def test_the_likelihood_is_that_of_the_joint_normal_density() -> None:
    volumes = simulate(SMALL, 3, 1).volumes
    volumes[1, 2] = volumes[2, 0] = volumes[2, 3] = 0
    mean, cov = joint(SMALL, 3)
    seen = volumes.ravel() > 0
    error, cov = np.log(volumes.ravel()[seen]) - mean[seen], cov[np.ix_(seen, seen)]
    expected = -0.5 * (error @ np.linalg.solve(cov, error) + np.linalg.slogdet(2 * np.pi * cov)[1])
    assert loglik(volumes, SMALL) == pytest.approx(expected, abs=1e-9)


def test_the_forecast_is_the_conditional_normal_distribution() -> None:
    volumes = simulate(SMALL, 3, 2).volumes
    volumes[0, 1] = volumes[2, 1] = 0
    history = VolumeTable(tuple("abcd"), tuple(date(2019, 1, d) for d in (1, 2)), volumes[:2])
    curve = VolumeModel(SMALL, 0, 0, True, 2, 0).curve(history)
    mean, cov = joint(SMALL, 3)
    for now in range(4):
        seen = np.flatnonzero(volumes.ravel()[: 8 + now] > 0)
        rest = np.arange(8 + now, 12)
        gain = cov[np.ix_(rest, seen)] @ np.linalg.inv(cov[np.ix_(seen, seen)])
        expected = mean[rest] + gain @ (np.log(volumes.ravel()[seen]) - mean[seen])
        spread = np.diag(cov[np.ix_(rest, rest)] - gain @ cov[np.ix_(seen, rest)])
        got, variance = curve.predict(now, volumes[2, :now])
        assert got == pytest.approx(expected, abs=1e-9)
        assert variance == pytest.approx(spread, abs=1e-9)
        assert curve.volumes(now, volumes[2, :now]) == pytest.approx(np.exp(expected + spread / 2))


def test_em_recovers_the_parameters_of_simulated_days() -> None:
    """400 days x 26 bins at a fixed seed: within about three standard errors."""
    true = VolumeParams(10 + np.cos(np.linspace(0, 2 * np.pi, 26)), 0.7, 0.06, 0.12, 0.8, 0.04, 0.1, 0.03)
    model = fit(simulate(true, 400, 3), steps=1000)
    p = model.params
    assert p.rho == pytest.approx(true.rho, abs=0.12)
    assert p.qa == pytest.approx(true.qa, rel=0.25)
    assert p.phi == pytest.approx(true.phi, abs=0.04)
    assert p.qc == pytest.approx(true.qc, rel=0.15)
    assert p.p0 == pytest.approx(true.p0, rel=0.45)
    assert p.r == pytest.approx(true.r, rel=0.15)
    shape = p.seasonal - p.seasonal.mean()
    assert shape == pytest.approx(true.seasonal - true.seasonal.mean(), abs=0.06)
    assert model.converged
    assert model.loglik >= loglik(simulate(true, 400, 3).volumes, replace(true, va=p.va))


def test_every_em_step_raises_the_likelihood_and_the_fit_is_repeatable() -> None:
    table = simulate(SMALL, 30, 4)
    table.volumes[3, 1:] = 0
    table.volumes[7] = 0
    values = [fit(table, steps=n, tolerance=-1.0, start=SMALL).loglik for n in range(1, 15)]
    assert (np.diff(values) > -1e-9).all()
    one, two = fit(table), fit(table)
    assert one.params.vector().tolist() == two.params.vector().tolist()
    assert one.days == 29
    assert 0 < one.r2 < 1


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 3), st.lists(st.floats(0, 1e12), min_size=3, max_size=3), st.integers(0, 2**31))
def test_dynamic_shares_are_positive_sum_to_one_and_know_nothing_of_the_future(
    now: int, seen: list[float], seed: int
) -> None:
    forecast: VolumeForecast = DynamicCurve(SMALL, 0.1, 0.5)
    shares = forecast.shares(now, seen[:now])
    assert shares.shape == (4 - now,)
    assert (shares > 0).all()
    assert shares.sum() == pytest.approx(1, abs=1e-12)
    # What is worked up to now does not depend on the volume that comes.
    volumes = np.random.default_rng(seed).lognormal(0, 1, 4)
    changed = volumes.copy()
    changed[now:] *= 7
    assert weights(forecast, volumes)[: now + 1].tolist() == weights(forecast, changed)[: now + 1].tolist()


def test_a_burst_of_volume_lifts_the_bins_that_follow_most() -> None:
    curve = DynamicCurve(SMALL, 0.0, 0.01)
    usual, burst = curve.volumes(1, [np.exp(2.0)]), curve.volumes(1, [np.exp(4.0)])
    lift = burst / usual
    assert (lift > 1).all()
    assert (np.diff(lift) < 0).all()
    assert curve.volumes(1, [0.0]) == pytest.approx(usual, rel=0.1)  # a bin without volume says nothing


def test_the_test_out_of_sample_looks_back_only() -> None:
    table = simulate(SMALL, 14, 5)
    before = evaluate(table, 10)
    changed = VolumeTable(table.bins, table.dates, np.vstack((table.volumes[:-1], 3 * table.volumes[-1:, ::-1])))
    after = evaluate(changed, 10)
    for name in before.static:
        assert before.static[name][:-1].tolist() == after.static[name][:-1].tolist()
        assert before.dynamic[name][:-1].tolist() == after.dynamic[name][:-1].tolist()
        assert before.dynamic[name][-1] != after.dynamic[name][-1]


def test_a_schedule_that_knows_the_volume_misplaces_nothing() -> None:
    volumes = np.array([5.0, 1, 2, 2])
    assert weights(StaticCurve(volumes / 10), volumes) == pytest.approx(volumes / 10)


def test_on_data_of_the_model_the_dynamic_curve_gains() -> None:
    params = replace(SMALL, seasonal=np.zeros(13), phi=0.9, qc=0.05, p0=0.3, r=0.02)
    payload = evaluate(simulate(params, 90, 6), 40).payload()
    assert payload["days"] == 50
    for name in ("misplaced", "mape"):
        low, high = payload[name]["gain_ci"]
        assert 0 < low < payload[name]["gain"] < high


def test_too_little_data_is_refused() -> None:
    table = simulate(SMALL, 6, 7)
    with pytest.raises(InputError, match="at least 5 days"):
        fit(table.before(4))
    table.volumes[:, 2] = 0
    with pytest.raises(InputError, match="got none in 2"):
        fit(table)
    with pytest.raises(InputError, match="a first day from 5 to 5"):
        evaluate(table, 6)
    with pytest.raises(InputError, match="expected 4 bins, got 1"):
        VolumeModel(SMALL, 0, 0, True, 1, 0).curve(VolumeTable(("a",), (date(2019, 1, 1),), np.ones((1, 1))))


def test_fit_volume_reads_a_csv_and_a_store_query_alike(tmp_path: Path) -> None:
    made = simulate(replace(SMALL, seasonal=np.full(13, 6.0)), 6, 8)
    volumes = np.rint(made.volumes)
    labels = [f"{9 + (30 + 30 * j) // 60:02d}:{(30 + 30 * j) % 60:02d}" for j in range(13)]
    days = [date(2019, 1, 7) + timedelta(d) for d in range(6)]
    lines = ["bin," + ",".join(map(str, days))]
    lines += [f"{label}," + ",".join(map(str, volumes[:, j])) for j, label in enumerate(labels)]
    (tmp_path / "v.csv").write_text("\n".join(lines) + "\n")
    store = open_store(tmp_path / "store")
    for day, row in zip(days, volumes, strict=True):
        start = local_midnight(day, "America/New_York") + 9 * HOUR + 30 * MINUTE
        events = empty_events(13)
        events["time"], events["quantity"] = start + np.arange(13) * 30 * MINUTE, row
        events["kind"] = Kind.EXECUTE
        meta = PartMeta(Instrument("X"), "x", "fake", 13, 0, 1)
        store.write(Part(day, "X", "l3", "a"), meta, [events.astype(EVENT)])
    one = fit_volume(tmp_path / "v.csv")
    two = fit_volume(f"{tmp_path}/store?symbol=X", minutes=30)
    assert one == two
    assert (one["bins"], one["days"], one["n"]) == (labels, 6, 78)
    assert sum(one["shares"]) == pytest.approx(1)
    assert one["shares"] == median_curve(VolumeTable(tuple(labels), tuple(days), volumes)).tolist()
    assert sum(one["model"]["next_day"]["shares"]) == pytest.approx(1)
    assert 0 < one["r2"] < 1
    assert set(one["conventions"]) >= {"bins", "volume", "shares", "model", "r2", "n"}


def test_with_few_days_there_is_a_curve_without_a_model() -> None:
    payload = fit_volume(simulate(SMALL, 3, 9))
    assert payload["model"] is None
    assert payload["r2"] is None
    assert payload["conventions"]["model"].startswith("not fitted: log-volume model (expected at least 5 days")


def test_bad_volume_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("bin,2019-01-03,2019-01-02\n09:30,1,2\n")
    with pytest.raises(DataError, match=r"v.csv:1: .*ascending"):
        volume_table(tmp_path / "v.csv")
    with pytest.raises(DataError):
        volume_table(tmp_path / "missing.csv")


@pytest.mark.realdata
def test_aapl_dynamic_forecasts_bins_better_but_tracks_vwap_no_better() -> None:
    """The figures of docs/algorithms/volume-curves.md: forecast from day 63 on, 62 days out of sample."""
    if "NOWAKE_DATA" not in os.environ:
        pytest.skip("market data are known through $NOWAKE_DATA only, which is not set")
    path = Path(os.environ["NOWAKE_DATA"]) / "intraday_volume" / "volume_aapl_26x124.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not among the market data")
    payload = fit_volume(path)
    assert (len(payload["bins"]), payload["days"], payload["n"]) == (26, 124, 26 * 124)
    assert payload["r2"] == pytest.approx(0.823, abs=0.005)
    test = payload["evaluation"]
    assert test["days"] == 62
    assert test["mape"]["static"] == pytest.approx(0.409, abs=0.005)
    assert test["mape"]["dynamic"] == pytest.approx(0.222, abs=0.01)
    assert test["misplaced"]["gain_ci"][0] > 0
    low, high = test["tracking"]["gain_ci"]
    assert low < 0 < high
