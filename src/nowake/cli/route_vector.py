"""`nowake route-vector`: the published vectors of the router's parts, for any parameters."""

from math import inf
from typing import Annotated, Any

import typer

from nowake.cli.options import Json, SeedOption
from nowake.cli.output import Envelope, say, show
from nowake.core.errors import InputError

__all__ = ["cont_kukanov", "greedy", "kaplan_meier"]

LONGEST = 100_000  # units of a tail that is printed


def _answer(name: str, config: dict[str, Any], body: dict[str, Any], out: Envelope, *, json: bool) -> int:
    if json:
        out.write(body)
        return 0
    say(f"{name}: {', '.join(f'{_words(key)} {_shown(value)}' for key, value in config.items())}")
    for key, value in body.items():
        say(f"{_words(key)}: {_shown(value)}")
    return 0


def _words(key: str) -> str:
    return key.replace("_", " ")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(show(one) for one in value)
    return value if isinstance(value, str) else show(value)


def cont_kukanov(
    size: Annotated[float, typer.Option("--size", help="Shares to trade, above 0.")],
    queue: Annotated[list[float], typer.Option("--queue", help="Shares before ours in the queue; of each venue.")],
    half_spread: Annotated[float, typer.Option("--half-spread", help="Currency per share.")],
    fee: Annotated[list[float], typer.Option("--fee", help="Of a taker, currency per share; of each venue.")],
    rebate: Annotated[list[float], typer.Option("--rebate", help="Of a maker, currency per share; of each venue.")],
    lambda_u: Annotated[float, typer.Option("--lambda-u", help="Cost of a share left undone, currency.")],
    outflow_mean: Annotated[
        list[float],
        typer.Option("--outflow-mean", help="Mean (exponential) shares that leave the queue; of each venue."),
    ],
    lambda_o: Annotated[
        float | None, typer.Option("--lambda-o", help="Cost of a share too many. Default: none too many is sent.")
    ] = None,
    seed: SeedOption = 1,
    json: Json = False,
) -> int:
    """Split an order into market and limit shares (Cont & Kukanov 2017): one venue in closed form, several by descent.

    --queue, --fee, --rebate and --outflow-mean are given once for every venue, or once for all.
    """
    each = _each({"--queue": queue, "--fee": fee, "--rebate": rebate, "--outflow-mean": outflow_mean})
    queues, fees, rebates, means = each
    one = len(queues) == 1 and lambda_o is None
    shown = [row[0] if one else row for row in each]
    config: dict[str, Any] = {
        "size": size, "queue": shown[0], "half_spread": half_spread, "fee": shown[1], "rebate": shown[2],
        "lambda_u": lambda_u, "outflow_mean": shown[3],
    }  # fmt: skip
    name = "route_vector.cont_kukanov"
    from nowake.routing.command import cont_kukanov_split, cont_kukanov_vector
    from nowake.routing.cont_kukanov import OneVenue, Venues

    if one:
        out = Envelope(name, config)
        return _answer("Cont-Kukanov", config, cont_kukanov_vector(OneVenue(**config)), out, json=json)
    config |= {} if lambda_o is None else {"lambda_o": lambda_o}
    out = Envelope(name, config, seed=seed)
    cheapest = min(range(len(fees)), key=fees.__getitem__)
    most = inf if lambda_o is None else lambda_o
    venues = Venues(size, queues, rebates, half_spread, fees[cheapest], lambda_u, most)
    body = {"market_venue": cheapest + 1, **cont_kukanov_split(venues, means, seed)}
    return _answer("Cont-Kukanov", config, body, out, json=json)


def _each(options: dict[str, list[float]]) -> list[list[float]]:
    """Return every option's value for each venue; InputError unless it is given once for each, or once for all."""
    venues = max(map(len, options.values()))
    for name, values in options.items():
        if len(values) not in (1, venues):
            raise InputError(name, expected=f"one value, or one for each of {venues} venues", got=len(values))
    return [values if len(values) == venues else values * venues for values in options.values()]


def greedy(
    tails: Annotated[
        str, typer.Option("--tails", help="P(S >= 1), P(S >= 2), … per pool, pools separated by semicolons.")
    ],
    volume: Annotated[int, typer.Option("--volume", help="Units to allocate, from 0.")],
    json: Json = False,
) -> int:
    """Allocate units to dark pools, each to the pool that most likely fills it (Ganchev et al. 2010)."""
    config = {"tails": tails, "volume": volume}
    out = Envelope("route_vector.greedy", config)
    from nowake.routing.command import greedy_vector

    return _answer("greedy", config, greedy_vector(tails, volume), out, json=json)


def kaplan_meier(
    pairs: Annotated[str, typer.Option("--pairs", help="sent,filled of each order, separated by semicolons.")],
    json: Json = False,
) -> int:
    """Estimate the tail of what a pool holds from censored fills (Kaplan & Meier 1958)."""
    config = {"pairs": pairs}
    out = Envelope("route_vector.kaplan_meier", config)
    from nowake.routing.command import kaplan_meier_vector, parse_pairs

    most = max(sent for sent, _ in parse_pairs(pairs))
    if most > LONGEST:
        raise InputError("--pairs", expected=f"orders of at most {LONGEST} units", got=most)
    return _answer("Kaplan-Meier", config, kaplan_meier_vector(pairs), out, json=json)
