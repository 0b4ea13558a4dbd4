"""Where a journal lies: one folder for all addresses of one journal, and no password in anything that is said."""

from pathlib import Path

import pytest

from nowake.core.errors import InputError
from nowake.oms.journal.address import base_of, hidden, key_of, place_of, server_of, shown

URL = "postgresql://ann:hush@db.example/orders"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PGHOST", "PGPORT", "PGDATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NOWAKE_HOME", str(tmp_path))


@pytest.mark.parametrize(
    "other",
    [
        "postgresql://db.example/orders", "postgres://bob@DB.example:5432/orders?journal=nowake",
        "postgresql://bob:else@db.example/orders?sslmode=require", "postgresql:///orders?host=db.example&port=5432",
    ],
)  # fmt: skip
def test_two_addresses_of_one_journal_have_one_folder(other: str) -> None:
    assert key_of(other) == key_of(URL)
    assert place_of(other) == place_of(URL)


@pytest.mark.parametrize(
    "other",
    [
        "postgresql://db.example:5433/orders", "postgresql://db.example/order", "postgresql://db2.example/orders",
        f"{URL}?journal=two",
    ],
)  # fmt: skip
def test_another_journal_has_another_folder(other: str) -> None:
    assert place_of(other) != place_of(URL)


def test_the_environment_says_what_the_address_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGDATABASE", "orders")
    assert key_of("postgresql://") == key_of(URL)
    monkeypatch.setenv("PGPORT", "5433")
    assert key_of("postgresql://") != key_of("postgresql://db.example:5432/orders")


def test_a_folder_has_the_names_of_database_and_journal_and_what_a_path_can_hold(tmp_path: Path) -> None:
    place = place_of("postgresql://h/a%2Fb%20ü?journal=tape")
    assert place.parent == tmp_path / "journals"
    assert place.name == f"a-b--.tape-{key_of('postgresql://h/a%2Fb%20ü?journal=tape')}"
    assert base_of("some/j.db") == Path("some/j.db")
    assert base_of(URL) == place_of(URL) / "journal.db"
    (tmp_path / "elsewhere").mkdir()
    place_of(URL).parent.mkdir()
    place_of(URL).symlink_to(tmp_path / "elsewhere")
    assert base_of(URL) == tmp_path / "elsewhere" / "journal.db"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (URL, "postgresql://db.example/orders"), (f"{URL}?journal=two", "postgresql://db.example/orders?journal=two"),
        ("postgres://u:hush@[::1]:6/d?password=hush", "postgresql://[::1]:6/d"), ("some/j.db", "some/j.db"),
        ("mysql://u:hush@h/d", "mysql://…"), ("postgresql://u:hu@sh@h/d", "postgresql://…"),
    ],
)  # fmt: skip
def test_people_see_neither_user_nor_password(url: str, told: str) -> None:
    assert shown(url) == told


@pytest.mark.parametrize(
    "url", ["postgresql://u:hush/x@h/d", "postgresql://u:hush#@h/d", "postgresql://u:hush?@h/d", "mysql://u:hush@h/d",
            "postgresql://u:hush@h:port/d", "postgresql://u:hush@h/d?journal=UPPER"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InputError) as refused:
        server_of(url)
    assert "hush" not in str(refused.value)


def test_others_words_lose_what_is_secret() -> None:
    words = 'bad "hu%20sh" and "hu sh" in postgresql://u:hu%20sh@h/d'
    assert hidden(words, "postgresql://u:hu%20sh@h/d") == 'bad "…" and "…" in …'
