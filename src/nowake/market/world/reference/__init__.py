"""The simulated world in plain Python, to be read beside the kernels: from one seed both publish the same events.

For readers, and for tests: what the kernels of `market.world` do is said here a second time without arrays. A book is a
dict from price to a queue of orders, the times of resting orders lie in a heap instead of a wheel, pools are lists,
dealers, pools and regimes are the reference ones of the market. Draws follow the same rule (a stream per cause, set
anew before each of its events), so the two must agree event by event, own events included, whatever own orders do.
Floating-point operations stand in the same order, because equality is to the last bit.

`new_world` makes a market at its open, `send` takes an own command, `advance` lets time pass; `published` and `told` of
the world are what has happened. One session; faults are left out. Slow: for minutes and hours, not for years. Of the
kernels' modules it imports constants alone, else core and the reference models of the market.
"""

from nowake.market.world.reference.run import advance, new_world, send

__all__ = ["advance", "new_world", "send"]
