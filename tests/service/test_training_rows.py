"""A journal goes into the store beside the market data: once, whole, with its provenance, and when it was known."""

import json
import sqlite3
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from nowake.core.errors import InputError
from nowake.core.events import EVENT, Kind
from nowake.core.values import Instrument, Side
from nowake.data.parts import Part, PartMeta, Query
from nowake.data.query import ls
from nowake.data.sql import sql as ask
from nowake.data.store import open_store
from nowake.execution.decision_reader import DecisionLog
from nowake.execution.policy import OBSERVED
from nowake.features.vector import NAMES
from nowake.oms.errors import DamagedError
from nowake.oms.events import ChildNew, ParentNew, ParentSaid, VenueSaid
from nowake.oms.journal.salvage import salvage
from nowake.oms.keeper import open_keeper
from nowake.oms.states import Act
from nowake.service.journal_tables_read import account_of
from nowake.service.training_rows import SCHEMA, ingest_journal
from nowake.service.training_store import TABLES, WholeStore, open_whole, scan_rows

from .journal_world import traded

DAY = date(2026, 1, 15)


@pytest.fixture
def store(tmp_path: Path) -> WholeStore:
    return open_whole(tmp_path / "store")


def files(store: WholeStore) -> dict[str, bytes]:
    root = Path(str(store))
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*.parquet"))}


def small(path: Path, parents: int, clock: int = 10**18) -> Path:
    """A journal by hand, to be gone on with: a parent with a child and its fill, each time more of them."""
    keeper = open_keeper(path, 5, block=8, clock=lambda: clock)
    for _ in range(parents):
        number, now = keeper.ids.next(), clock + len(keeper.oms.parents)
        keeper.enter(ParentNew(now, number, "fund", "MIDC", 1, 100, now, now + 10**9, tick_size="0.01"))
        keeper.record(ParentSaid(now, number, Act.ACKED))
        child = keeper.ids.next(number)
        keeper.place(ChildNew(now + 1, child, number, "ALPHA", 1, 60, 5_000))
        keeper.record(VenueSaid(now + 9, child, Act.FILL_REST, 60, 10_000, 7, str(child), heard=now + 5))
    keeper.close()
    return path


def test_rows_are_those_of_the_journal(store: WholeStore) -> None:
    done, account = ingest_journal(traded().journal, store), account_of(traded().journal)
    orders, fills = (scan_rows(store, table).collect() for table in ("orders", "fills"))
    assert done.rows == {"orders": orders.height, "fills": fills.height, "decisions": done.rows["decisions"]}
    assert (done.written, done.replaced, done.already_there) == (3, 0, False)
    oms = account.oms
    assert orders.height == len(oms.parents) + len(oms.children)
    for parent in oms.parents.values():
        own = fills.filter(pl.col("parent_id") == parent.id)
        assert own["quantity"].sum() == parent.filled
        assert (own["quantity"] * own["price2"]).sum() == parent.money2
        assert own["fee"].sum() == parent.fee
        row = orders.filter(pl.col("order_id") == parent.id).row(0, named=True)
        assert (row["parent_id"], row["filled"], row["fee"], row["order_kind"]) == (
            0, parent.filled, parent.fee, "parent"
        )  # fmt: skip
    children = orders.filter(pl.col("parent_id") > 0)
    assert children["filled"].sum() == fills["quantity"].sum()
    assert set(children["venue_kind"]) == {"lit", "dark", "dealer"}
    assert (fills["mid2"] > 0).all()


def test_decisions_hold_what_the_policy_saw_and_did_bit_for_bit(store: WholeStore) -> None:
    ingest_journal(traded().journal, store)
    rows = scan_rows(store, "decisions").collect().sort("session", "time", "parent_id")
    kept = DecisionLog(traded().journal.with_suffix(".decisions")).decisions()
    kept.sort(key=lambda one: (one.session, int(one["time"]), int(one["parent_id"])))
    assert rows.height == len(kept) > 30
    own = len(OBSERVED) - len(NAMES) - 3
    names = [*(f"own_{name}" for name in OBSERVED[:own]), *OBSERVED[own:]]
    seen = rows.select(names).to_numpy()
    assert np.array_equal(seen, np.array([one["observation"] for one in kept]), equal_nan=True)
    assert rows["action_rate"].to_list() == [float(one["rate"]) for one in kept]
    assert rows["decision"].to_list() == [int(one["number"]) for one in kept]
    ready = [sum(1 << k for k, flag in enumerate(one["ready"]) if flag) for one in kept]
    assert rows["ready"].to_list() == ready
    assert (rows["projected_after"] <= rows["projected_before"]).all()
    assert rows["children"].sum() == len(DecisionLog(traded().journal.with_suffix(".decisions")).children())
    assert rows["code_hash"].str.len_chars().unique().to_list() == [16]


def test_no_row_is_known_before_what_it_holds(store: WholeStore) -> None:
    ingest_journal(traded().journal, store)
    orders, fills, decisions = (scan_rows(store, table).collect() for table in TABLES)
    for rows in (orders, fills, decisions):
        assert (rows["knowledge_time"] >= rows["time"]).all()
        assert rows["knowledge_time"].is_sorted()
    last = fills.group_by("order_id").agg(pl.col("knowledge_time").max().alias("filled_at"))
    both = orders.join(last, on="order_id")
    assert (both["knowledge_time"] >= both["filled_at"]).all()
    sent = (
        orders.filter(pl.col("parent_id") > 0).group_by("parent_id", "decision").agg(pl.col("time").max().alias("at"))
    )
    joined = decisions.join(sent, on=["parent_id", "decision"])
    assert joined.height > 20
    assert (joined["knowledge_time"] >= joined["at"]).all()


def test_twice_is_once(store: WholeStore) -> None:
    first = ingest_journal(traded().journal, store)
    before = files(store)
    again = ingest_journal(traded().journal, open_whole(str(store)))
    assert (again.written, again.replaced, again.already_there) == (0, 0, True)
    assert (again.digest, again.rows, again.parts) == (first.digest, first.rows, first.parts)
    assert files(store) == before


def test_a_journal_that_has_grown_replaces_itself_and_an_older_state_is_refused(
    store: WholeStore, tmp_path: Path
) -> None:
    journal = small(tmp_path / "journal.db", 2)
    ingest_journal(journal, store)
    old = salvage(journal, tmp_path / "old.db")
    small(journal, 1)
    grown = ingest_journal(journal, store)
    assert (grown.written, grown.replaced) == (2, 2)
    assert scan_rows(store, "orders").collect().height == 6
    assert len(store.tables()) == 2
    before = files(store)
    assert old.intact < grown.events
    with pytest.raises(InputError, match="an older state"):
        ingest_journal(tmp_path / "old.db", store)
    assert files(store) == before


def test_journals_that_are_not_the_same_lie_beside_each_other(store: WholeStore, tmp_path: Path) -> None:
    for k in range(2):
        ingest_journal(small(tmp_path / f"{k}.db", 1, 10**18 + k), store)
    rows = scan_rows(store, "fills").collect()
    assert (rows.height, rows["journal"].n_unique()) == (2, 2)


def test_a_log_that_came_later_is_taken_in(store: WholeStore, tmp_path: Path) -> None:
    journal = traded().copy(tmp_path / "j")
    log = journal.with_suffix(".decisions")
    hidden = log.rename(log.with_name("away"))
    first = ingest_journal(journal, store)
    assert "decisions" not in first.rows
    assert first.notes[0].startswith("no decision log")
    hidden.rename(log)
    then = ingest_journal(journal, store)
    assert then.rows["decisions"] > 0
    assert {part.kind for part in store.tables()} == set(TABLES)
    assert {part.digest for part in store.tables()} == {then.digest}
    guards = scan_rows(store, "orders").collect()["guard_verdict"].drop_nulls()
    assert set(guards) <= {"passed", "projected"}
    assert guards.len() > 0


def test_a_damaged_journal_is_refused_at_its_event_and_nothing_is_written(store: WholeStore, tmp_path: Path) -> None:
    journal = traded().copy(tmp_path / "j")
    with sqlite3.connect(journal) as db:
        db.execute("UPDATE event SET hash = X'00' WHERE sequence = 77")
    with pytest.raises(DamagedError) as told:
        ingest_journal(journal, store)
    assert told.value.sequence == 77
    assert files(store) == {}


def test_a_journal_without_orders_is_refused(store: WholeStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none in 1 events"):
        ingest_journal(small(tmp_path / "journal.db", 0), store)


def test_an_ingest_that_was_cut_off_is_finished_by_the_next(
    store: WholeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = small(tmp_path / "journal.db", 1)
    ingest_journal(journal, store)
    small(journal, 1)
    commit = store.place.commit
    done: list[str] = []

    def once(ready: Path, name: str) -> None:
        if done:
            raise OSError(28, "No space left on device")
        done.append(name)
        commit(ready, name)

    with monkeypatch.context() as full:
        full.setattr(store.place, "commit", once)
        with pytest.raises(InputError, match="No space"):
            ingest_journal(journal, store)
    assert len(done) == 1
    assert scan_rows(store, "orders").collect().height == 4  # the new part hides the old one at once
    assert ingest_journal(journal, store).written == 1
    assert [scan_rows(store, table).collect().height for table in ("orders", "fills")] == [4, 2]
    assert len(files(store)) == 2


def test_provenance_says_from_where(store: WholeStore) -> None:
    done = ingest_journal(traded().journal, store)
    account = account_of(traded().journal)
    for path in store.paths(done.parts):
        about = json.loads(pl.read_parquet_metadata(path)["nowake"])["provenance"]
        assert (about["schema"], about["journal"], about["events"]) == (SCHEMA, "journal.db", account.events)
        assert about["chain"] == account.hash.hex()
        assert set(about["files"]) == {"decisions", "tape"}


def test_market_data_and_tables_are_one_store(store: WholeStore) -> None:
    ingest_journal(traded().journal, store)
    events = np.zeros(3, EVENT)
    events["time"], events["kind"], events["price"] = [10**18, 10**18 + 1, 10**18 + 2], int(Kind.TRADE), 5_000
    events["quantity"] = 7
    meta = PartMeta(Instrument("MIDC"), "made", "made", 3, 10**18, 10**18 + 2)
    open_store(str(store)).write(Part(DAY, "MIDC", "trades", "0" * 16), meta, [events])
    assert [row["kind"] for row in ls(store)] == ["trades", *TABLES]
    assert [part.kind for part in open_store(str(store)).parts(Query())] == ["trades"]
    both = ask(
        store,
        "select (select sum(quantity) from trades), (select sum(quantity) from fills), count(*) from parts",
        TABLES,
    )
    fills = scan_rows(store, "fills").collect()
    assert both.rows == [(21, fills["quantity"].sum(), 4)]
    joined = ask(
        store, "select count(*) from fills join orders using (order_id) where orders.side = fills.side", TABLES
    )
    assert joined.rows == [(fills.height,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select * from ordrs", "known tables"),
        ("delete from orders", "one SELECT"),
        ("select 1; select 2", "one SELECT"),
        ("select * from read_csv('/etc/passwd')", "a query that DuckDB understands"),
        ("select nothing from orders", "a query that DuckDB understands"),
    ],
)
def test_sql_reads_the_views_and_nothing_else(store: WholeStore, text: str, said: str) -> None:
    ingest_journal(traded().journal, store)
    before = files(store)
    with pytest.raises(InputError, match=said) as told:
        ask(store, text, TABLES)
    assert files(store) == before
    if "ordrs" in text:
        assert "orders, fills, decisions" in str(told.value.hint)


def test_a_table_is_read_by_symbol_and_day(store: WholeStore) -> None:
    ingest_journal(traded().journal, store)
    assert scan_rows(store, "fills", "MIDC", DAY, DAY).collect().height > 0
    with pytest.raises(InputError, match="orders of LARG"):
        scan_rows(store, "orders", "LARG")
    with pytest.raises(InputError, match="one of orders") as told:
        scan_rows(store, "order")
    assert told.value.hint == "did you mean 'orders'?"
    with pytest.raises(InputError, match="no table of a journal"):
        scan_rows(open_whole(str(store) + "2"), "fills")
    assert Side.BUY in scan_rows(store, "fills").collect()["side"].to_list()
