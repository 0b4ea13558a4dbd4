"""What `warm` compiles for markets and desks, then the market commands: prints as JSON what they compiled still."""

import gc
import importlib
import json
import os
import pkgutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import nowake
from nowake.cli.warm_paths import paths
from nowake.market import warm

Seen = dict[str, set[str]]


def watched() -> Callable[[], Seen]:
    """Import every module; returns what tells the argument types that each compiled function knows by then."""
    from numba.core.dispatcher import Dispatcher

    for module in pkgutil.walk_packages(nowake.__path__, "nowake."):
        importlib.import_module(module.name)
    kernels = [one for one in gc.get_objects() if isinstance(one, Dispatcher) and one.__module__.startswith("nowake.")]
    return lambda: {f"{k.__module__}.{k.__name__}": {str(types) for types in k.signatures} for k in kernels}


def commands(folder: Path) -> None:
    """Run every market command on a market whose day is 75 minutes long."""
    from nowake.cli.main import main
    from nowake.market.preset import preset_text

    text = preset_text("midcap").replace('close = "16:00"', 'close = "10:45"').replace('"midcap"', '"brief"')
    (folder / "brief.toml").write_text(text, encoding="utf-8")
    os.chdir(folder)
    preset, days = ("--preset", "brief.toml"), "days?symbol=MIDC"
    for argv in (
        ("simulate", *preset, "--days", "2", "--out", "days"),
        ("impact", *preset, "--sizes", "0.1", "--horizon", "60s", "--pairs", "2"),
        ("run", *preset, "--pairs", "2", "--horizon", "2m", "--qty", "2000", "--report", "run.html"),
        ("realism", *preset, "--facts", "6,11,12,26", "--seeds", "1", "--days", "1"),
        ("realism", days),
        ("calibrate", days, "--preset-base", "brief.toml", "--out", "my.toml", "--evaluations", "1"),
    ):
        assert main(argv) in (0, 1), argv


def python() -> None:
    """Use what has no command of its own: hunt, batch, leaning, one market by hand."""
    from nowake.market.batch import BATCH_ORDER, Batch
    from nowake.market.hunt import hunt
    from nowake.market.leaning import responses
    from nowake.market.market import FIRST_DAY, Market
    from nowake.market.preset import load
    from nowake.market.sessions import session_of
    from nowake.market.world.words import Action, OrderKind

    preset = load("midcap")
    hunt(preset, seed=1, trips=4, sizes=1, warm_days=0)
    responses(preset, seed=1, markets=2, hours=1)
    batch = Batch(preset, (1, 2), "switching", *session_of(preset, FIRST_DAY), threads=2)
    orders = np.zeros(1, BATCH_ORDER)
    for name, value in {"action": Action.NEW, "kind": OrderKind.MARKET, "side": 1, "venue": -1, "oid": 1}.items():
        orders[name] = value
    orders["quantity"] = 100
    batch.copy().step(1.0, orders)
    batch.observe()
    market = Market.load(preset, 1)
    market.fault("feed_gap", "ALPHA", seconds=1)
    market.submit("buy", 100, kind="mid_peg")
    market.request_quotes("sell", 500)
    market.advance(5)
    market = Market.restore(market.snapshot())
    market.book("ALPHA", 40)
    market.twin().advance(1)
    market.digest()


def main() -> None:
    known = watched()
    desk = dict(paths())["decision path"]
    for _, call in [*warm(), ("decision path", desk)]:
        call()
    before = known()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NOWAKE_HOME"] = str(Path(folder) / "home")
        here, stdout = Path.cwd(), sys.stdout
        sys.stdout = sys.stderr
        commands(Path(folder))
        os.chdir(here)
        python()
        sys.stdout = stdout
    after = known()
    late = {name: sorted(types - before[name]) for name, types in after.items() if types - before[name]}
    sys.stdout.write(json.dumps({"used": sorted(name for name in after if after[name]), "late": late}))


if __name__ == "__main__":
    main()
