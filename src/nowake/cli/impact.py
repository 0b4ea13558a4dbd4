"""`nowake impact`: counterfactual impact by twins."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from nowake.cli.options import Json, PresetOption, RegimeOption, SeedOption, SideOption, span
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.core.errors import InputError, nearest

__all__ = ["impact"]


def impact(
    preset: PresetOption = "midcap",
    sizes: Annotated[str, typer.Option("--sizes", help="Sizes in % of the daily volume, with commas.")] = "1,5,10,25",
    horizon: Annotated[
        str | None, typer.Option("--horizon", help="Time to trade in, like 4h; not with --participation.")
    ] = None,
    participation: Annotated[
        float | None, typer.Option("--participation", help="Own volume over that of all others, 0 to 1. Default: 0.15.")
    ] = None,
    algo: Annotated[str, typer.Option("--algo", help="Schedule of the market orders: twap.")] = "twap",
    pairs: Annotated[int, typer.Option("--pairs", help="Pairs of twins per size.")] = 200,
    side: SideOption = "buy",
    regime: RegimeOption = "calm",
    seed: SeedOption = 7,
    json: Json = False,
) -> int:
    """Measure what an order does to the price: the same market with and without it, on the same random streams."""
    asked = {"preset": preset, "sizes": sizes, "horizon": horizon, "participation": participation, "algo": algo,
             "pairs": pairs, "side": side, "regime": regime}  # fmt: skip
    out = Envelope("impact", asked, seed=seed)
    from nowake.core.times import SECOND
    from nowake.core.values import Side
    from nowake.market.impact import Plan, measure, square_root_fit
    from nowake.market.preset import load

    if algo != "twap":
        raise InputError(f"unknown algorithm '{algo}'", expected="twap", got=repr(algo), hint=nearest(algo, ["twap"]))
    chosen = load(preset)
    plan = Plan(
        sizes=_percents(sizes), horizon=span(horizon, "--horizon") / SECOND if horizon else None,
        participation=0.15 if participation is None and horizon is None else participation,
        pairs=pairs, side=Side.parse(side), regime=regime, seed=seed,
    )  # fmt: skip
    with Progress("impact") as bar:
        rows = measure(chosen, plan, lambda part: bar(part, 1.0))
    fit = square_root_fit(rows, chosen.instrument.daily_volatility, seed)
    found = [{name: value for name, value in asdict(row).items() if name != "samples"} for row in rows]
    body: dict[str, Any] = {"preset": chosen.name, "regime": regime, "rows": found, "judged": plan.horizon is None}
    names = ("exponent", "exponent_ci", "Y", "Y_ci")
    body |= asdict(fit) if fit else dict.fromkeys(names)
    if json:
        out.write(body)
        return 0
    columns = [
        "size %",
        "share",
        "hours",
        "impact bp",
        "low",
        "high",
        "1x later",
        "2x later",
        "child bp",
        "cost bp",
        "vrf",
    ]
    table(f"impact in {chosen.title}, {pairs} pairs", columns, [
        (100 * r.size_adv, r.participation, r.horizon_s / 3600, r.impact_bps, *r.impact_bps_ci, r.impact_1x_bps,
         r.impact_2x_bps, r.child_bps, r.shortfall_bps, r.vrf) for r in rows
    ], left=0)  # fmt: skip
    if fit:
        low, high = fit.exponent_ci
        say(
            f"exponent {fit.exponent:.3f} [{low:.3f}, {high:.3f}], Y {fit.Y:.2f} [{fit.Y_ci[0]:.2f}, {fit.Y_ci[1]:.2f}]"
        )
    return 0


def _percents(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(piece) / 100 for piece in text.split(","))
    except ValueError as error:
        raise InputError("--sizes", expected="numbers with commas like 0.1,1,5", got=repr(text)) from error
