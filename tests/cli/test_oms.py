"""`nowake oms`: what a journal holds, for people and programs; damage is a negative verdict."""

import sys
from pathlib import Path
from typing import Any

import pytest

from nowake.oms.events import BasketNew, ChildNew, ParentNew, ParentSaid, VenueSaid
from nowake.oms.keeper import open_keeper
from nowake.oms.states import Act


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A parent of 1,000 shares; of its two children one has 40 of 100 filled, one 60 of 60."""
    path = tmp_path / "journal"
    keeper = open_keeper(path, instance=7, clock=lambda: 1)
    parent = keeper.ids.next()
    keeper.enter(ParentNew(1, parent, "fund", "MIDC", side=1, quantity=1000, start=0, end=10))
    keeper.record(ParentSaid(2, parent, Act.ACKED))
    for n, (quantity, filled) in enumerate(((100, 40), (60, 60))):
        child = keeper.ids.next()
        keeper.place(ChildNew(3, child, parent, "ALPHA", side=1, quantity=quantity, price=500_000))
        keeper.record(VenueSaid(4, child, Act.FILL_PART, filled, price2=1_000_000, fill=f"f{n}"))
    keeper.close()
    return path


def test_orders_lists_parents_before_their_children(nowake: Any, journal: Path) -> None:
    body = nowake("oms", "orders", "--journal", journal, "--json").json
    assert body["schema"] == "nowake.oms.orders/1"
    parent, first, second = body["orders"]
    keys = ("order_id", "side", "quantity", "filled", "price", "status")
    assert [parent[key] for key in keys] == ["7-1-1", "buy", 1000, 100, None, "partially_filled"]
    assert "parent_id" not in parent
    assert [first[key] for key in keys] == ["7-1-2", "buy", 100, 40, 50.0, "partially_filled"]
    assert (first["parent_id"], first["venue"]) == ("7-1-1", "ALPHA")
    assert (second["order_id"], second["filled"], second["status"]) == ("7-1-3", 60, "filled")


def test_orders_that_still_work(nowake: Any, journal: Path) -> None:
    body = nowake("oms", "orders", "--open", "--journal", journal, "--json").json
    assert [row["order_id"] for row in body["orders"]] == ["7-1-1", "7-1-2"]
    text = nowake("oms", "orders", "--open", "--journal", journal).out
    assert "7-1-2" in text
    assert "7-1-3" not in text


def test_the_journal_of_the_state_is_the_default(nowake: Any, journal: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    journal.rename(tmp_path / "home" / "journal.db")
    assert len(nowake("oms", "orders", "--json").json["orders"]) == 3


def test_events_come_in_their_order_and_in_parts(nowake: Any, journal: Path) -> None:
    whole = nowake("oms", "events", "--journal", journal, "--json").json["events"]
    assert [row["sequence"] for row in whole] == list(range(1, 9))
    assert [row["kind"] for row in whole[:4]] == ["Started", "IdsReserved", "ParentNew", "ParentSaid"]
    assert len({row["hash"] for row in whole}) == 8
    part = nowake("oms", "events", "--journal", journal, "--after", "5", "--limit", "2", "--json").json["events"]
    assert part == whole[5:7]
    text = nowake("oms", "events", "--journal", journal).out
    assert "account=fund" in text
    assert "act=fill_part" in text


def test_a_sound_journal_is_verified(nowake: Any, journal: Path) -> None:
    done = nowake("oms", "verify", "--journal", journal, "--json")
    assert done.code == 0
    body = done.json
    assert (body["events"], body["orders"], body["chain_ok"], body["conserved"]) == (8, 3, True, True)
    assert body["differences"] == []
    assert "chain ok: yes" in nowake("oms", "verify", "--journal", journal).out


def test_a_changed_event_is_a_negative_verdict(nowake: Any, journal: Path) -> None:
    data = journal.read_bytes()
    assert data.count(b"fund") == 1
    journal.write_bytes(data.replace(b"fund", b"find"))
    done = nowake("oms", "verify", "--journal", journal, "--json")
    assert (done.code, done.json["chain_ok"]) == (1, False)
    assert [row["which"] for row in done.json["differences"]] == [3]
    told = nowake("oms", "verify", "--journal", journal)
    assert told.code == 1
    assert "different: " in told.out
    assert "nowake oms recover --journal" in nowake("oms", "orders", "--journal", journal).refusal


@pytest.mark.parametrize("command", ["orders", "events", "verify"])
class TestRefused:
    """What is no journal."""

    def test_nothing_there(self, nowake: Any, command: str, journal: Path) -> None:
        message = nowake("oms", command, "--journal", journal.with_name("jurnal")).refusal
        assert "nothing there" in message
        assert "did you mean 'journal'?" in message

    def test_no_default(self, nowake: Any, command: str, tmp_path: Path) -> None:
        message = nowake("oms", command).refusal
        assert "journal.db" in message
        assert "hint: name one with --journal" in message
        assert not (tmp_path / "home").exists()

    def test_a_directory(self, nowake: Any, command: str, tmp_path: Path) -> None:
        assert "got a directory" in nowake("oms", command, "--journal", tmp_path).refusal

    def test_an_empty_file(self, nowake: Any, command: str, tmp_path: Path) -> None:
        (tmp_path / "empty").touch()
        assert "an empty file" in nowake("oms", command, "--journal", tmp_path / "empty").refusal

    def test_another_file(self, nowake: Any, command: str, tmp_path: Path) -> None:
        (tmp_path / "text").write_text("hello\n")
        assert "text is no journal" in nowake("oms", command, "--journal", tmp_path / "text").refusal

    @pytest.mark.parametrize("url", ["mysql://host/x", "postgresql://host:port/x", "postgresql://[::1/x"])
    def test_another_address(self, nowake: Any, command: str, url: str) -> None:
        assert "postgresql://" in nowake("oms", command, "--journal", url).refusal


@pytest.mark.parametrize("bounds", [("--limit", "0"), ("--after", "-1"), ("--after", "99"), ("--limit", "few")])
def test_impossible_bounds_are_refused(nowake: Any, journal: Path, bounds: tuple[str, str]) -> None:
    assert bounds[1] in nowake("oms", "events", "--journal", journal, *bounds).refusal


def test_a_server_that_does_not_answer_is_3_and_no_password_is_told(nowake: Any) -> None:
    done = nowake("oms", "orders", "--journal", "postgresql://me:secret@127.0.0.1:1/db")
    assert (done.code, done.out) == (3, "")
    assert "Traceback" not in done.err
    assert "secret" not in done.err


def test_a_server_without_its_extra_is_3_and_says_how_to_get_it(nowake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    done = nowake("oms", "orders", "--journal", "postgresql://127.0.0.1:1/db")
    assert done.code == 3
    assert "pip install" in done.err


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A basket of two parents: one of 100 shares is filled, the other waits; a third belongs to nobody."""
    path = tmp_path / "filled.db"
    keeper = open_keeper(path, instance=7, clock=lambda: 1)
    keeper.record(BasketNew(1, 1, "rebalance"))
    for client, basket in (("P", 1), ("Q", 1), ("R", 0)):
        parent = keeper.ids.next()
        keeper.enter(
            ParentNew(
                1,
                parent,
                "fund",
                "MIDC",
                side=1,
                quantity=100,
                start=0,
                end=10,
                client=client,
                basket=basket,
                tick_size="0.01",
                staged=client == "Q",
            )
        )
        if client == "P":
            keeper.record(ParentSaid(2, parent, Act.ACKED))
            child = keeper.ids.next()
            keeper.place(ChildNew(3, child, parent, "ALPHA", side=1, quantity=100, price=5_000))
            keeper.record(VenueSaid(4, child, Act.FILL_PART, 100, price2=10_001, fee=20_000_000, fill="a"))
    keeper.close()
    return path


def test_a_basket_stands_above_its_parents_and_they_above_their_children(nowake: Any, filled: Path) -> None:
    body = nowake("oms", "orders", "--journal", filled, "--json").json
    assert body["baskets"] == [{"name": "rebalance", "orders": ["7-1-1", "7-1-3"]}]
    rows = {row["order_id"]: row for row in body["orders"]}
    assert [rows[name].get("basket") for name in ("7-1-1", "7-1-3", "7-1-4")] == ["rebalance", "rebalance", None]
    assert (rows["7-1-3"]["status"], rows["7-1-3"]["client"]) == ("staged", "Q")
    assert rows["7-1-2"]["parent_id"] == "7-1-1"
    text = nowake("oms", "orders", "--journal", filled).out
    places = [text.index(name) for name in ("basket rebalance", "· 7-1-1", "· · 7-1-2", "· 7-1-3", "7-1-4")]
    assert places == sorted(places)
    alone = nowake("oms", "orders", "--journal", filled, "--open", "--json").json
    assert [row["order_id"] for row in alone["orders"]] == ["7-1-3", "7-1-4"]


def test_an_allocation_moves_shares_and_cash_between_accounts(nowake: Any, filled: Path) -> None:
    before = nowake("oms", "positions", "--journal", filled, "--json").json
    assert before["schema"] == "nowake.oms.positions/1"
    assert before["positions"] == [
        {"account": "fund", "symbol": "MIDC", "shares": 100, "cash": -5000.5, "fees": 0.02}
    ]  # fmt: skip
    assert before["accounts"] == [{"account": "fund", "cash": -5000.52}]
    signed = ("--who", "ann", "--why", "as ordered", "--journal", filled)
    done = nowake("oms", "allocate", "P", "red=40", "blue=60", *signed, "--json").json
    assert (done["done"], done["orders"]) == (True, ["7-1-1"])
    after = nowake("oms", "positions", "--journal", filled, "--json").json
    held = {row["account"]: (row["shares"], row["cash"], row["fees"]) for row in after["positions"]}
    assert held == {"fund": (0, 0.0, 0.0), "red": (40, -2000.2, 0.008), "blue": (60, -3000.3, 0.012)}
    assert after["allocations"] == [
        {"order_id": "7-1-1", "account": "red", "shares": 40}, {"order_id": "7-1-1", "account": "blue", "shares": 60}
    ]  # fmt: skip
    text = nowake("oms", "positions", "--journal", filled).out
    assert "-3,000.30" in text
    assert "cash of red, fees included: -2,000.21" in text
    assert nowake("oms", "verify", "--journal", filled).code == 0
    again = nowake("oms", "allocate", "P", "--pro-rata", "red=1,blue=1", *signed)
    assert (again.code, "a second time" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("P",), "or --pro-rata, got neither"), (("P", "red=1", "--pro-rata", "red=1"), "got both"),
        (("P", "red=99"), "of 99 shares, 100 are filled"), (("Q", "red=100"), "before the parent is over"),
        (("S", "red=100"), "unknown order 'S'"), (("P", "red=50", "red=50"), "'red' twice"),
        (("P", "--pro-rata", "red=0"), "a number above 0"), (("P", "--pro-rata", ""), "got none"),
    ],
)  # fmt: skip
def test_an_allocation_that_cannot_be_is_refused(nowake: Any, filled: Path, words: Any, text: str) -> None:
    done = nowake("oms", "allocate", *words, "--who", "ann", "--why", "a test", "--journal", filled)
    assert (done.code, text in done.err) == (2, True), done.err
