"""`nowake schedule ALGO`: prints a trajectory for any parameters; no data needed."""

from typing import Annotated, Any

import typer

from nowake.cli.options import Json, quantity
from nowake.cli.output import Envelope, say, show, table
from nowake.core.errors import OrderError

__all__ = ["ac", "afs", "cj", "ow", "pov", "twap", "vwap"]

Quantity = Annotated[str, typer.Option("--qty", help="Shares to trade, a whole number.")]
Horizon = Annotated[
    float, typer.Option("--T", help="Horizon, in the unit of time that every other parameter uses (days, hours, …).")
]
Bins = Annotated[int, typer.Option("--bins", help="Number of equal intervals, from 1.")]
Rho = Annotated[
    float, typer.Option("--rho", help="Resilience per unit of time, above 0: the book refills as exp(-rho t).")
]
Depth = Annotated[
    float | None,
    typer.Option("--depth", help="Depth q of the book, shares per unit of price, above 0. Default: no cost is given."),
]


def _shares(text: str) -> int:
    asked = quantity(text)
    if asked.shares is None:
        raise OrderError("--qty", expected="shares: a schedule knows no daily volume", got=repr(text))
    return asked.shares


def _answer(algo: str, params: Any, config: dict[str, Any], json: bool) -> int:
    out = Envelope(f"schedule.{algo}", config)
    from nowake.schedule.command import compute

    body = compute(algo, params)
    if json:
        out.write({"algo": algo, **body})
    else:
        _print(algo, body)
    return 0


def _print(algo: str, body: dict[str, Any]) -> None:
    if "times" in body:
        _print_path(algo, body)
    elif "depths" in body:
        rows = [(i, depth) for i, depth in enumerate(body["depths"], 1)]
        table(f"{algo}: how deep to quote", ["inventory", "depth"], rows)
    for name, value in body.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            say(f"{name.replace('_', ' ')}: {show(value)}")


def _print_path(algo: str, body: dict[str, Any]) -> None:
    times, holdings, trades = body["times"], body["holdings"], body["trades"]
    if len(trades) == len(times):
        rows = list(zip(times, trades, holdings, strict=False))
    else:
        rows = [(times[0], None, holdings[0]), *zip(times[1:], trades, holdings[1:], strict=False)]
    table(f"schedule {algo}", ["time", "trade", "left"], rows, left=0)
    if len(holdings) != len(times) or len(trades) not in (len(times), len(times) - 1):
        say(f"trades: {', '.join(show(n) for n in trades)}")


def twap(qty: Quantity, horizon: Horizon = 1.0, bins: Bins = 10, json: Json = False) -> int:
    """Equal slices in whole shares."""
    from nowake.schedule.command import TwapParams

    return _answer("twap", TwapParams(_shares(qty), horizon, bins), {"qty": qty, "T": horizon, "bins": bins}, json)


def vwap(
    qty: Quantity,
    horizon: Horizon = 1.0,
    bins: Annotated[
        int | None, typer.Option("--bins", help="Number of equal intervals, from 1. Default: the curve's, or 13.")
    ] = None,
    curve: Annotated[
        str | None,
        typer.Option("--curve", help="Volume per bin: numbers '3,2,1,2,3', or a file of them. Default: a U shape."),
    ] = None,
    json: Json = False,
) -> int:
    """Slices proportional to a volume curve; without one, to a generic U shape."""
    from nowake.schedule.command import VwapParams, parse_numbers

    numbers = None if curve is None else tuple(parse_numbers(curve, "curve"))
    params = VwapParams(_shares(qty), horizon, bins, numbers)
    return _answer("vwap", params, {"qty": qty, "T": horizon, "bins": bins, "curve": curve}, json)


def pov(
    qty: Quantity,
    participation: Annotated[
        float, typer.Option("--participation", help="Own share of all volume, own shares included, above 0 to 1.")
    ],
    volumes: Annotated[
        str, typer.Option("--volumes", help="Others' volume per bin, shares: numbers '900,800', or a file of them.")
    ],
    horizon: Annotated[
        float | None, typer.Option("--T", help="Horizon, any unit of time. Default: the number of bins.")
    ] = None,
    json: Json = False,
) -> int:
    """Take a constant share of the market's volume."""
    from nowake.schedule.command import PovParams, parse_numbers

    params = PovParams(_shares(qty), participation, tuple(parse_numbers(volumes, "volumes")), horizon)
    config = {"qty": qty, "participation": participation, "volumes": volumes, "T": horizon}
    return _answer("pov", params, config, json)


def ac(
    qty: Quantity,
    horizon: Horizon,
    bins: Bins,
    sigma: Annotated[float, typer.Option("--sigma", help="Volatility: price per square root of time, from 0.")],
    eta: Annotated[float, typer.Option("--eta", help="Temporary impact: price per (share per unit of time), above 0.")],
    gamma: Annotated[float, typer.Option("--gamma", help="Permanent impact: price per share, from 0.")] = 0.0,
    epsilon: Annotated[
        float, typer.Option("--epsilon", help="Fixed cost in price per share: half spread and fees, from 0.")
    ] = 0.0,
    risk_aversion: Annotated[
        float | None,
        typer.Option(
            "--risk-aversion", help="Lambda: variance costs lambda each, per unit of currency, from 0. Default: 0."
        ),
    ] = None,
    drift: Annotated[
        float,
        typer.Option(
            "--drift",
            help="Expected change of the price per unit of time while selling; positive: it rises, "
            "holding pays. Buying: the opposite sign.",
        ),
    ] = 0.0,
    power: Annotated[float, typer.Option("--power", help="Temporary impact ~ rate^power, above 0; 1 is linear.")] = 1.0,
    urgency: Annotated[
        float | None, typer.Option("--urgency", help="Kappa T, no unit, above 0; in place of --risk-aversion.")
    ] = None,
    json: Json = False,
) -> int:
    """Trade impact against risk (Almgren & Chriss 2000)."""
    from nowake.schedule.command import AcParams

    params = AcParams(
        _shares(qty), horizon, bins, sigma, eta, gamma, epsilon, risk_aversion, drift, power, urgency
    )  # fmt: skip
    config = {"qty": qty, "T": horizon, "bins": bins, "sigma": sigma, "eta": eta, "gamma": gamma, "epsilon": epsilon,
              "risk_aversion": risk_aversion, "drift": drift, "power": power, "urgency": urgency}  # fmt: skip
    return _answer("ac", params, config, json)


def ow(
    qty: Quantity,
    horizon: Horizon,
    rho: Rho,
    depth: Depth = None,
    permanent: Annotated[
        float, typer.Option("--permanent", help="Permanent impact: price per share, from 0, below 1/depth.")
    ] = 0.0,
    json: Json = False,
) -> int:
    """Block, constant rate, block against a resilient book (Obizhaeva & Wang 2013)."""
    from nowake.schedule.command import OwParams

    config = {"qty": qty, "T": horizon, "rho": rho, "depth": depth, "permanent": permanent}
    return _answer("ow", OwParams(_shares(qty), horizon, rho, depth, permanent), config, json)


def afs(qty: Quantity, bins: Bins, rho: Rho, horizon: Horizon = 1.0, depth: Depth = None, json: Json = False) -> int:
    """Discrete trades against a resilient book (Alfonsi, Fruth & Schied 2010)."""
    from nowake.schedule.command import AfsParams

    config = {"qty": qty, "bins": bins, "rho": rho, "T": horizon, "depth": depth}
    return _answer("afs", AfsParams(_shares(qty), bins, rho, horizon, depth), config, json)


def cj(
    qty: Quantity,
    horizon: Horizon,
    intensity: Annotated[float, typer.Option("--intensity", help="Arriving market orders per unit of time, above 0.")],
    kappa: Annotated[
        float,
        typer.Option("--kappa", help="Per unit of price, above 0: the fill probability falls as exp(-kappa depth)."),
    ],
    alpha: Annotated[
        float,
        typer.Option(
            "--alpha", help="Penalty in price per share, times the square of what is left at the end; from 0."
        ),
    ],
    phi: Annotated[
        float,
        typer.Option("--phi", help="Penalty per unit of time, times the square of what is left on the way; from 0."),
    ] = 0.0,
    half_spread: Annotated[
        float | None,
        typer.Option("--half-spread", help="Half the spread, in price; with it also when to cross the spread instead."),
    ] = None,
    json: Json = False,
) -> int:
    """Liquidate with limit orders (Cartea & Jaimungal 2015)."""
    from nowake.schedule.command import CjParams

    config = {"qty": qty, "T": horizon, "intensity": intensity, "kappa": kappa, "alpha": alpha, "phi": phi,
              "half_spread": half_spread}  # fmt: skip
    params = CjParams(_shares(qty), horizon, intensity, kappa, alpha, phi, half_spread)
    return _answer("cj", params, config, json)
