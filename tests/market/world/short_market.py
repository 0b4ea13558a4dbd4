"""Half a minute of two markets with own orders, printed as JSON: run in every mode by test_modes."""

import json
import sys

from nowake.market.market import Market


def run(preset: str, regime: str) -> list[object]:
    """Return digest, number of messages and own events of a short life."""
    market = Market.load(preset, 7, regime)
    market.advance(5)
    quote = market.quote()
    resting = market.submit("buy", 300, price=quote.bid)
    market.submit("sell", 700, kind="market")
    market.submit("buy", 100, price=(quote.ask or 0) + 3, kind="post_only")
    market.advance(2)
    market.replace(resting, 100, (quote.bid or 0) - 1)
    market.advance(1)
    market.cancel(resting)
    market.advance(2)
    told = [[e.kind, e.oid, e.price, e.quantity, e.leaves, e.reason] for e in market.events()]
    return [market.digest(), len(market.messages()), told]


if __name__ == "__main__":
    sys.stdout.write(json.dumps([run("midcap", "switching"), run("small-cap", "volatile")]))
