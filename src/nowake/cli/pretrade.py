"""`nowake pretrade`: what an order will cost before it starts."""

from typing import Annotated

import typer

from nowake.cli.options import Json, QtyOption, named, quantity
from nowake.cli.output import Envelope, table
from nowake.core.errors import InputError

__all__ = ["pretrade"]

MODELS = ("almgren2005", "square-root")


def pretrade(
    qty: QtyOption,
    adv: Annotated[float, typer.Option("--adv", help="Average daily volume, shares.")],
    sigma: Annotated[float, typer.Option("--sigma", help="Daily volatility; 0.02 is 2 %.")],
    horizon: Annotated[float, typer.Option("--T", help="Trading days from first to last trade; 0.5 is half a day.")],
    shares_outstanding: Annotated[
        float | None, typer.Option("--shares-outstanding", help="Shares outstanding (almgren2005).")
    ] = None,
    spread_bps: Annotated[float, typer.Option("--spread-bps", help="Bid-ask spread, bp (square-root).")] = 0.0,
    model: Annotated[str, typer.Option("--model", help="almgren2005 or square-root.")] = "almgren2005",
    json: Json = False,
) -> int:
    """Print the expected cost in bp and its parts (Almgren, Thum, Hauptmann & Li 2005; or the square-root law)."""
    out = Envelope("pretrade", {"model": model, "qty": qty, "adv": adv, "sigma": sigma, "T": horizon,
                                "shares_outstanding": shares_outstanding, "spread_bps": spread_bps})  # fmt: skip
    from nowake.schedule.command import compute_pretrade
    from nowake.schedule.pretrade import Almgren2005, SquareRoot

    name, asked = named(model, MODELS, "model"), quantity(qty)
    shares = asked.shares if asked.shares is not None else round((asked.of_adv or 0.0) * adv)
    if name == "almgren2005":
        if shares_outstanding is None:
            raise InputError("--shares-outstanding", expected="a number for almgren2005", got="nothing")
        body = compute_pretrade(name, Almgren2005(shares, adv, shares_outstanding, sigma, horizon))
    else:
        body = compute_pretrade(name, SquareRoot(shares, adv, sigma, horizon, spread_bps))
    if json:
        out.write({"model": name, "qty": shares, **body})
        return 0
    parts = [(part.removesuffix("_bps"), value) for part, value in body["parts"].items()]
    mean = [("mean", body["mean_bps"]), ("10 % quantile", body["q10_bps"]), ("90 % quantile", body["q90_bps"])]
    table(f"{name}: {shares:,} shares", ["cost", "bp"], parts + mean)
    return 0
