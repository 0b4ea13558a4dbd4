"""What a comparison of policies means, in words: the order that is told, the child, venues, luck, and skill."""

from dataclasses import dataclass

from nowake.core.times import show_time
from nowake.execution.outcome import Told
from nowake.tca.paired import Comparison, Improvement, Luck
from nowake.tca.scenario_venues import VenueLine

__all__ = ["Story", "lines"]


@dataclass(frozen=True, slots=True)
class Story:
    """One told order of `policy`, where it stands among `n` (percentile of its cost: 0 cheapest), and what chance does.

    `zone` is the time zone of the market, `claim` in `currency` what `luck.claim_bps` is in bp. `kinds`: what lit
    venues, dark pools and dealers did for the policy over all orders.
    """

    policy: str
    told: Told
    percentile: float
    n: int
    luck: Luck
    zone: str
    currency: str
    claim: float
    kinds: tuple[VenueLine, ...]


def lines(story: Story, found: Comparison) -> tuple[str, ...]:
    """Return what the numbers say, a paragraph each: this order, the child, venues, luck, skill."""
    return (_order(story), _child(story, found), _venues(story), _luck(story), _skill(found))


def _order(story: Story) -> str:
    one, times = story.told.outcome, story.told.times
    start, end = (show_time(int(t), story.zone)[:5] for t in (times[0], times[-1]))
    word = "bought" if one.side > 0 else "sold"
    average = f"{one.paid / one.filled * one.tick:.4f}" if one.filled else "no price"
    return (
        f"This order. {story.policy} {word} {one.filled:,} of {one.quantity:,} shares from {start} to {end} at "
        f"{average} on average, arrival mid {one.arrival * one.tick:.4f}: {one.shortfall_bps:+.1f} bp, fees included. "
        f"It is the median of {story.n} orders of the cheapest policy that may trade everywhere (percentile "
        f"{story.percentile:.0f}, 0 is the cheapest). Without it the mid would have been "
        f"{one.bps(one.impact_end):.1f} bp {'lower' if (one.impact_end > 0) == (one.side > 0) else 'higher'} at the "
        "end."
    )


def _child(story: Story, found: Comparison) -> str:
    row = next(row for row in found.policies if row.name == story.policy)
    low, high = row.child_impact_bps_ci
    return (
        f"Child level. From just before a child of {story.policy} to 60 s after it the mid moves "
        f"{row.child_impact_bps:.2f} bp [{low:.2f}, {high:.2f}] further than in the twin. 'Impact below 1 bp' is a "
        f"sentence about a child. The order has {row.children:,.0f} of them: its own impact is "
        f"{row.parent_impact_bps:.1f} bp at the end, and {row.paid_impact_bps:.1f} bp on average where it was filled."
    )


_PLACES = {"lit": "on lit venues", "dark": "in dark pools", "dealer": "with dealers"}


def _venues(story: Story) -> str:
    told = []
    for line in story.kinds:
        if line.filled:
            low, high = line.all_in_bps_ci
            ends = f" [{low:+.2f}, {high:+.2f}]" if line.orders > 1 else ""
            told.append(f"{line.share:.0%} {_PLACES[line.kind]} at {line.all_in_bps:+.2f} bp{ends}")
    if not told:
        return f"Venues. {story.policy} filled nothing."
    never = [_PLACES[line.kind] for line in story.kinds if line.children and not line.filled]
    rest = f"; nothing {' and '.join(never)}" if never else ""
    return (
        f"Venues. Over all its orders {story.policy} filled {', '.join(told)}{rest}. Prices are against the mid just "
        "before, fees included."
    )


def _luck(story: Story) -> str:
    luck = story.luck
    text = (
        f"Luck. '{story.claim * 100:.0f} cents better than arrival' ({luck.claim_bps:.1f} bp) happened in "
        f"{luck.seen:.0%} of these orders. With a mean cost of {luck.mean_bps:.1f} bp, the market's own move over the "
        f"window (deviation {luck.timing_risk_bps:.0f} bp by sigma sqrt(T/3), measured {luck.measured_sd_bps:.0f} bp) "
        f"alone gives {luck.by_chance:.0%}: one such order shows nothing. To find a gain of {luck.gain_bps:.0f} bp "
        f"takes {luck.orders_unpaired:,} orders per policy"
    )
    return f"{text}, or {luck.orders_paired:,} pairs on the same markets." if luck.orders_paired else f"{text}."


def _skill(found: Comparison) -> str:
    told = [_verdict(gain) for gain in found.improvement]
    return f"Skill. On the same markets, paired: {'; '.join(told)}." if told else "Skill. Nothing to compare with."


def _verdict(gain: Improvement) -> str:
    low, high = gain.bps_ci
    if low > 0:
        word = "is cheaper"
    elif high < 0:
        word = "is dearer"
    else:
        word = "is not told apart"
    return (
        f"{gain.of} {word} than {gain.over}: {gain.bps:+.1f} bp saved [{low:+.1f}, {high:+.1f}], "
        f"{gain.win_rate:.0%} of {gain.n} orders"
    ).replace("is not told apart than", "is not told apart from")
