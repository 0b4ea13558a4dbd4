"""What the command line gets: the keys of the contract, whole shares, clear refusals, number lists."""

import json
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import DataError, InputError, OrderError
from nowake.core.values import Quote
from nowake.schedule.command import (
    ALGORITHMS,
    AcParams,
    AfsParams,
    CjParams,
    OwParams,
    PovParams,
    TwapParams,
    VwapParams,
    compute,
    compute_pretrade,
    parse_numbers,
)
from nowake.schedule.pretrade import Almgren2005, SquareRoot

PARAMS: dict[str, Any] = {
    "twap": TwapParams(1000, 1.0, 4),
    "vwap": VwapParams(1000, 1.0, None, (0.2, 0.3, 0.5)),
    "pov": PovParams(1000, 0.1, (900.0, 1800.0)),
    "ac": AcParams(1_000_000, 5.0, 5, 0.95, 2.5e-6, 2.5e-7, 0.0625, 1e-6, 0.02),
    "ow": OwParams(100_000, 1.0, 2.0, 50_000.0, 5e-6),
    "afs": AfsParams(100_000, 10, 20.0, depth=1e5),
    "cj": CjParams(3, 60.0, 50 / 60, 100.0, 0.001, half_spread=0.005),
}


@pytest.mark.parametrize("algo", ALGORITHMS)
def test_result_is_plain_json_and_paths_are_consistent(algo: str) -> None:
    out = compute(algo, PARAMS[algo])
    assert json.loads(json.dumps(out, allow_nan=False)) == out
    if algo == "cj":
        assert len(out["depths"]) == 3
        return
    assert len(out["times"]) == len(out["holdings"]) == len(out["trades"]) + 1
    left = [a - b for a, b in zip(out["holdings"][:-1], out["holdings"][1:], strict=True)]
    assert out["trades"] == pytest.approx(left)


def test_whole_share_schedules_print_integers() -> None:
    for algo, trades in (("twap", [250] * 4), ("vwap", [200, 300, 500]), ("pov", [100, 200])):
        assert compute(algo, PARAMS[algo])["trades"] == trades
        assert all(isinstance(n, int) for n in compute(algo, PARAMS[algo])["holdings"])


def test_almgren_chriss_keys() -> None:
    out = compute("ac", PARAMS["ac"])
    assert {"expected_cost", "variance", "kappa", "half_life"} <= set(out)
    assert round(out["static_holding"]) == 11_080
    assert sum(out["shares"]) == 1_000_000
    even = compute("ac", AcParams(100, 1.0, 4, 0.5, 1e-3))
    assert even["half_life"] is None
    assert even["shares"] == [25] * 4


def test_urgency_stands_in_for_risk_aversion() -> None:
    out = compute("ac", AcParams(1000, 2.0, 10, 0.5, 1e-3, urgency=3.0))
    assert out["kappa"] * 2 == pytest.approx(3.0)
    with pytest.raises(InputError, match="urgency"):
        compute("ac", AcParams(1000, 2.0, 10, 0.5, 1e-3, risk_aversion=1e-6, urgency=3.0))
    with pytest.raises(InputError, match="sigma"):
        compute("ac", AcParams(1000, 2.0, 10, 0.0, 1e-3, urgency=3.0))


def test_risk_seeking_says_that_kappa_is_imaginary() -> None:
    assert compute("ac", AcParams(1000, 1.0, 10, 0.5, 1e-3, risk_aversion=-1e-3))["imaginary"] is True


def test_obizhaeva_wang_keys() -> None:
    out = compute("ow", PARAMS["ow"])
    assert out["trades"] == [25_000, 50_000, 25_000]
    assert out["rate"] == 50_000
    assert round(out["saving_vs_twap"], 4) == 0.1192
    assert out["expected_cost"] < out["twap_cost"]
    assert "expected_cost" not in compute("ow", OwParams(100, 1.0, 2.0))


def test_vwap_without_a_curve_is_a_u_and_bins_must_match_a_curve() -> None:
    out = compute("vwap", VwapParams(10_000, bins=13))
    assert len(out["trades"]) == 13
    assert out["trades"][0] > 2 * out["trades"][6]
    with pytest.raises(InputError, match="bins"):
        compute("vwap", VwapParams(100, 1.0, 4, (1.0, 2.0)))


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown algorithm 'vwep'") as caught:
        compute("vwep", PARAMS["vwap"])
    assert caught.value.hint == "did you mean 'vwap'?"
    with pytest.raises(InputError, match="unknown model") as caught:
        compute_pretrade("almgren2006", Almgren2005(1, 1, 1, 1, 1))
    assert caught.value.hint == "did you mean 'almgren2005'?"


def test_parameters_of_another_algorithm_are_refused() -> None:
    with pytest.raises(InputError, match="parameters of twap"):
        compute("twap", PARAMS["vwap"])


@pytest.mark.parametrize("algo", ALGORITHMS)
@pytest.mark.parametrize("quantity", [0, -5, 1.5, 2**31])
def test_impossible_quantities_are_refused_by_every_algorithm(algo: str, quantity: float) -> None:
    with pytest.raises(OrderError):
        compute(algo, replace(PARAMS[algo], quantity=quantity))


EXTREMES = (0.0, -1.0, 1e-300, 1e-30, 1.0, 1e30, 1e300, float("nan"), float("inf"))


@settings(max_examples=200, deadline=None)
@given(algo=st.sampled_from([a for a in ALGORITHMS if a != "pov"]), data=st.data())
def test_extreme_parameters_give_finite_answers_or_a_refusal(algo: str, data: st.DataObject) -> None:
    kind = type(PARAMS[algo])
    changed = [f.name for f in fields(kind) if isinstance(getattr(PARAMS[algo], f.name), float)]
    name = data.draw(st.sampled_from(changed))
    other = data.draw(st.sampled_from(changed))
    values = {name: data.draw(st.sampled_from(EXTREMES)), other: data.draw(st.sampled_from(EXTREMES))}
    try:
        out = compute(algo, replace(PARAMS[algo], **values))
    except InputError:
        return
    json.dumps(out, allow_nan=False)


@pytest.mark.parametrize("small", [1e-300, 1e-200])
def test_a_horizon_too_short_for_any_fill_leaves_the_terminal_penalty(small: float) -> None:
    """The number of arrivals expected, intensity x horizon, is smaller than any number; its logarithm is not."""
    out = compute("cj", replace(PARAMS["cj"], horizon=small, intensity=small, phi=0.0))
    assert all(math.isfinite(depth) for depth in out["depths"])
    with pytest.raises(InputError, match="magnitudes"):
        compute("cj", replace(PARAMS["cj"], horizon=small, intensity=small, phi=1e-3))


def test_pretrade_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match="magnitudes"):
        compute_pretrade("almgren2005", Almgren2005(1, 1e-300, 1e300, 1e300, 1.0))
    with pytest.raises(InputError, match="same model"):
        compute_pretrade("square-root", Almgren2005(1, 1, 1, 1, 1))


def test_pretrade_keys() -> None:
    out = compute_pretrade("almgren2005", Almgren2005(500_000, 2e6, 3e8, 0.02, 4 / 6.5))
    assert [round(out[key]) for key in ("permanent_bps", "temporary_bps", "mean_bps")] == [55, 17, 44]
    assert {"q10_bps", "q50_bps", "q90_bps", "parts", "mean_bps_ci"} <= set(out)
    assert compute_pretrade("square-root", SquareRoot(500_000, 2e6, 0.02, 0.5))["parts"]["peak_bps"] == pytest.approx(
        100
    )


def test_numbers_inline_and_from_files(tmp_path: Path) -> None:
    assert parse_numbers("0.2, 0.3,0.5", "curve") == (0.2, 0.3, 0.5)
    path = tmp_path / "curve.csv"
    path.write_text("bin,share\n# a comment\n1,0.25\n\n2,0.75\n", encoding="utf-8")
    assert parse_numbers(str(path), "curve") == (0.25, 0.75)


@pytest.mark.parametrize(
    ("content", "message"), [(b"share\n1\nx1\n", ":3: curve"), (b"", "no line"), (b"\xff\xfe\x00\x81", "readable text")]
)
def test_files_without_numbers_are_refused_with_their_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "curve.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        parse_numbers(str(path), "curve")


def test_numbers_that_are_neither_inline_nor_a_file_are_refused(tmp_path: Path) -> None:
    for text in ("0.2,abc", "no-such-file", "x" * 5000, ""):
        with pytest.raises(InputError, match="curve"):
            parse_numbers(text, "curve")
    with pytest.raises(DataError, match="readable"):
        parse_numbers(str(tmp_path), "curve")


def test_weighted_mid_vector() -> None:
    quote = Quote(0, 1433, 20, 1434, 471)
    assert quote.weighted_mid is not None
    assert f"{quote.weighted_mid / 100:.6f}" == "14.330407"
