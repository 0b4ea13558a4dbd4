"""`nowake route-vector`: the numbers of the papers through the command line."""

from typing import Any

import pytest

ONE = (
    "cont-kukanov", "--size", "1000", "--queue", "2000", "--half-spread", ".01", "--fee", ".003", "--rebate", ".002",
    "--lambda-u", ".026", "--outflow-mean", "2200",
)  # fmt: skip
POOLS = ("greedy", "--tails", "0.8,0.5,0.2,0.1;0.6,0.55,0.5,0.45", "--volume", "5")
FILLS = ("kaplan-meier", "--pairs", "3,3;3,1;2,2;4,0;5,4")


def test_cont_kukanov_splits_into_market_and_limit(nowake: Any) -> None:
    body = nowake("route-vector", *ONE, "--json").json
    assert body["schema"] == "nowake.route_vector.cont_kukanov/1"
    assert (round(body["market"], 2), round(body["limit"], 2)) == (640.20, 359.80)
    assert body["share_limit"] == pytest.approx(body["limit"] / 1000)
    assert {"config_hash", "elapsed_s", "version"} <= set(body)


def test_cont_kukanov_of_several_venues_has_a_limit_for_each(nowake: Any) -> None:
    two = ("--queue", "800", "--rebate", "0", "--outflow-mean", "900")
    body = nowake("route-vector", *ONE, *two, "--json").json
    assert (body["schema"], body["seed"]) == ("nowake.route_vector.cont_kukanov/1", 1)
    assert [body["market"], *body["limit"]] == pytest.approx([523.5, 359.8, 116.7], abs=10)
    assert body["share_limit"] == pytest.approx(sum(body["limit"]) / 1000)
    assert body["cost"] == pytest.approx(12.6, abs=0.2)
    assert body["market_venue"] == 1
    again = nowake("route-vector", *ONE, *two, "--json").json
    assert {**again, "elapsed_s": 0} == {**body, "elapsed_s": 0}


def test_with_a_price_of_too_much_more_than_the_size_may_rest_and_the_lowest_fee_crosses(nowake: Any) -> None:
    two = ("--queue", "800", "--fee", ".001", "--lambda-o", ".005", "--seed", "3")
    body = nowake("route-vector", *ONE, *two, "--json").json
    assert body["market"] + sum(body["limit"]) > 1000
    assert body["market_venue"] == 2
    alone = nowake("route-vector", *ONE, "--lambda-o", ".005", "--json").json
    assert len(alone["limit"]) == 1


def test_greedy_gives_each_unit_to_the_likeliest_pool(nowake: Any) -> None:
    body = nowake("route-vector", *POOLS, "--json").json
    assert body["allocation"] == [2, 3]
    assert body["expected"] == pytest.approx(2.95)
    assert body["unsent"] == 0


def test_greedy_says_what_no_pool_can_fill(nowake: Any) -> None:
    body = nowake("route-vector", "greedy", "--tails", "0.8,0.5;0.6,0.55", "--volume", "5", "--json").json
    assert (body["allocation"], body["unsent"]) == ([2, 2], 1)
    assert body["expected"] == pytest.approx(2.45)


def test_kaplan_meier_of_five_orders(nowake: Any) -> None:
    body = nowake("route-vector", *FILLS, "--json").json
    assert body["tail"] == pytest.approx([0.8, 0.6, 0.6, 0.6, 0.0])


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (ONE, ("half spread 0.0100", "market: 640.20", "limit: 359.80", "share limit: 0.3598")),
        (POOLS, ("volume 5", "allocation: 2, 3", "expected: 2.950")),
        (FILLS, ("pairs 3,3;3,1", "tail: 0.8000, 0.6000, 0.6000, 0.6000, 0.0")),
    ],
    ids=lambda value: value[0] if value[0] in ("cont-kukanov", "greedy", "kaplan-meier") else "",
)
def test_people_read_the_same_numbers(nowake: Any, argv: tuple[str, ...], words: tuple[str, ...]) -> None:
    done = nowake("route-vector", *argv)
    assert (done.code, done.err) == (0, "")
    for word in words:
        assert word in done.out


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        ((*ONE, "--size", "0"), "size (expected a number above 0, got 0"),
        ((*ONE, "--outflow-mean", "-1"), "outflow mean"),
        ((*ONE, "--queue", "nan"), "--queue"),
        (
            (*ONE, "--queue", "1", "--queue", "2", "--fee", "0"),
            "--fee (expected one value, or one for each of 3",
        ),
        ((*ONE, "--lambda-o", "-1"), "lambda_o"),
        (("greedy", "--tails", "x", "--volume", "3"), "0.8,0.5;0.6,0.55"),
        (("greedy", "--tails", "0.5,0.8", "--volume", "3"), "do not rise"),
        (("greedy", "--tails", "1.5", "--volume", "3"), "0..1"),
        (("greedy", "--tails", "0.5", "--volume", "-3"), "volume"),
        (("greedy", "--tails", "0.5", "--volume", "2.5"), "--volume (expected a whole number"),
        (("greedy", "--tails", "0.5"), "missing --volume"),
        (("kaplan-meier", "--pairs", "3;4"), "sent,filled"),
        (("kaplan-meier", "--pairs", "3,4"), "filled from 0 to sent"),
        (("kaplan-meier", "--pairs", "-1,-2"), "sent from 1"),
        (("kaplan-meier", "--pairs", "999999999,4"), "at most 100000 units"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, tuple) else "",
)
def test_impossible_parameters_are_refused(nowake: Any, argv: tuple[str, ...], what: str) -> None:
    assert what in nowake("route-vector", *argv).refusal


def test_an_unknown_vector_names_the_nearest(nowake: Any) -> None:
    assert "did you mean 'kaplan-meier'?" in nowake("route-vector", "kaplan-meir").refusal
