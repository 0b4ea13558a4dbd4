"""Round trips that try to earn by moving the price: scripts, their twins, and what the judge gets of them.

Modules: `pricing` (trades priced on the twin), `scene` (where trips begin), `desk` (a trip as it happens), `phases`,
`venues` and `triggers` (what scripts are made of), `families` (the scripts), `flaws` (planted), `hunter` (all of them).
"""

from nowake.market.hunt.families import FAMILIES
from nowake.market.hunt.hunter import REGIMES, SIZES, hunt

__all__ = ["FAMILIES", "REGIMES", "SIZES", "hunt"]
