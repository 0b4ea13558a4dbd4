"""`nowake route-vector`: the published vectors of the router's parts, for any parameters."""

from typing import Annotated, Any

import typer

from nowake.cli.options import Json
from nowake.cli.output import Envelope, say, show
from nowake.core.errors import InputError

__all__ = ["cont_kukanov", "greedy", "kaplan_meier"]

LONGEST = 100_000  # units of a tail that is printed


def _answer(name: str, config: dict[str, Any], body: dict[str, Any], out: Envelope, *, json: bool) -> int:
    if json:
        out.write(body)
        return 0
    given = (
        f"{key.replace('_', ' ')} {value if isinstance(value, str) else show(value)}" for key, value in config.items()
    )
    say(f"{name}: {', '.join(given)}")
    for key, value in body.items():
        shown = ", ".join(show(one) for one in value) if isinstance(value, list) else show(value)
        say(f"{key.replace('_', ' ')}: {shown}")
    return 0


def cont_kukanov(
    size: Annotated[float, typer.Option("--size", help="Shares to trade, above 0.")],
    queue: Annotated[float, typer.Option("--queue", help="Shares before ours in the queue.")],
    half_spread: Annotated[float, typer.Option("--half-spread", help="Currency per share.")],
    fee: Annotated[float, typer.Option("--fee", help="Of a taker, currency per share.")],
    rebate: Annotated[float, typer.Option("--rebate", help="Of a maker, currency per share.")],
    lambda_u: Annotated[float, typer.Option("--lambda-u", help="Cost of a share left undone, currency.")],
    outflow_mean: Annotated[
        float, typer.Option("--outflow-mean", help="Mean of the (exponential) shares that leave the queue.")
    ],
    json: Json = False,
) -> int:
    """Split an order into market and limit shares at one venue (Cont & Kukanov 2017, closed form)."""
    config = {
        "size": size, "queue": queue, "half_spread": half_spread, "fee": fee, "rebate": rebate, "lambda_u": lambda_u,
        "outflow_mean": outflow_mean,
    }  # fmt: skip
    out = Envelope("route_vector.cont_kukanov", config)
    from nowake.routing.command import cont_kukanov_vector
    from nowake.routing.cont_kukanov import OneVenue

    return _answer("Cont-Kukanov", config, cont_kukanov_vector(OneVenue(**config)), out, json=json)


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
