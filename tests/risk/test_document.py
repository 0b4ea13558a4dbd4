"""The document: what is refused, with the key's path, what was expected, and the nearest name."""

import tomllib
from typing import Any

import pytest
from guard_world import FIRM, table

from nowake.core.errors import ConfigError, InputError
from nowake.risk.document import LISTS, NUMBERS, Limits
from nowake.risk.policy import from_table, load, policy_hash, policy_names, policy_text, scopes_of
from nowake.risk.reasons import WORDS, Reason, bit, reasons_of, words_of


def test_the_shipped_policy_loads_and_says_every_limit_in_its_firm() -> None:
    assert policy_names() == ("default",)
    policy = load("default")
    assert all(getattr(policy.firm, name) is not None for name in Limits.model_fields)
    assert set(LISTS) | set(NUMBERS) == set(Limits.model_fields)
    assert [path for path, _ in scopes_of(policy)][:2] == ["firm", "desk.research"]


def test_every_number_in_the_shipped_policy_has_a_comment() -> None:
    firm = policy_text("default").split("\n[firm]")[1].split("[desk.research]")[0]
    limits = [line for line in firm.splitlines() if "=" in line and not line.startswith("#")]
    uncommented = [line.split(" =")[0] for line in limits if "#" not in line]
    assert set(uncommented) <= {"order_types", "venue_classes", "venues", "sides", "phases"}


def test_the_hash_names_the_limits_and_not_the_title() -> None:
    base = policy_hash(from_table(table()))
    assert len(base) == 16
    assert policy_hash(from_table(table(title="another"))) == base
    assert policy_hash(from_table(table(firm=FIRM | {"max_position": 199_999}))) != base


REFUSED: list[tuple[dict[str, Any], str, str, str | None]] = [
    ({"firm": FIRM | {"max_child_share": 1}}, "firm.max_child_share", "unknown key", "max_child_shares"),
    ({"desk": {"us": {"max_positon": 1}}}, "desk.us.max_positon", "unknown key", "max_position"),
    ({"firm": FIRM | {"venues": ["ALPHA", "BETTA"]}}, "firm.venues", "unknown venue 'BETTA'", "BETA"),
    ({"firm": FIRM | {"dealers": ["NROTH"]}}, "firm.dealers", "unknown dealer", "NORTH"),
    ({"firm": FIRM | {"venues": ["NORTH"]}}, "firm.venues", "unknown venue 'NORTH'", None),
    ({"firm": {k: v for k, v in FIRM.items() if k != "max_daily_loss"}}, "firm.max_daily_loss", "missing", None),
    ({"firm": FIRM | {"max_child_shares": 0}}, "firm.max_child_shares", "greater than or equal to 1", None),
    ({"firm": FIRM | {"max_child_shares": -5}}, "firm.max_child_shares", "got -5", None),
    ({"firm": FIRM | {"max_child_shares": 10.5}}, "firm.max_child_shares", "got 10.5", None),
    ({"firm": FIRM | {"max_child_shares": True}}, "firm.max_child_shares", "got True", None),
    ({"firm": FIRM | {"max_child_notional": float("nan")}}, "firm.max_child_notional", "got nan", None),
    ({"firm": FIRM | {"max_participation": 1.5}}, "firm.max_participation", "got 1.5", None),
    ({"firm": FIRM | {"stale_after": "2 minutes"}}, "firm.stale_after", "expected like 90s", None),
    ({"firm": FIRM | {"stale_after": "0s"}}, "firm.stale_after", "above 0", None),
    ({"firm": FIRM | {"order_types": []}}, "firm.order_types", "at least 1", None),
    ({"firm": FIRM | {"order_types": ["limt"]}}, "firm.order_types.0", "got 'limt'", "limit"),
    ({"firm": FIRM | {"order_types": ["ioc", "postonly"]}}, "firm.order_types.1", "unknown word", "post_only"),
    ({"firm": FIRM | {"sides": ["buy", "buy"]}}, "firm.sides", "repeated", None),
    ({"firm": FIRM | {"short": "maybe"}}, "firm.short", "expected one of no, locate, yes, got 'maybe'", None),
    ({"located": {"MIDC": -1}}, "located.MIDC", "greater than or equal to 0", None),
    ({"located": {"MIDC": 0.5}}, "located.MIDC", "got 0.5", None),
    ({"approvers": ["ann"]}, "approvers", "at least 2 people", None),
    ({"approvers": ["ann", "ann"]}, "approvers", "named twice", None),
    ({"currency": "usd"}, "currency", "got 'usd'", None),
    # contradictions
    ({"firm": FIRM | {"sides": ["buy"]}, "desk": {"us": {"sides": ["sell"]}}}, "desk.us.sides", "nothing", None),
    ({"firm": FIRM | {"max_child_shares": 50}}, "firm.dark_minimum_shares", "contradiction", None),
    ({"symbol": {"X": {"dark_minimum_shares": 9_000}}}, "symbol.X.dark_minimum_shares", "contradiction", None),
    ({"symbol": {"X": {"max_child_shares": 99}}}, "symbol.X.max_child_shares", "got 100 and 99", None),
    ({"desk": {"us": {"venues": [], "dealers": []}}}, "desk.us.venues", "no venue is left", None),
    ({"desk": {"us": {"venue_classes": ["dark"], "venues": ["ALPHA"]}}}, "desk.us.venues", "beside it", None),
    ({"desk": {"us": {"venue_classes": ["lit"], "venues": ["ALPHA", "OPAL"]}}}, "desk.us.venues", "beside it", None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "key", "said", "near"), REFUSED, ids=[f"{r[1]}: {r[2]}" for r in REFUSED])
def test_a_policy_that_cannot_be_is_refused(change: dict[str, Any], key: str, said: str, near: str | None) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        from_table(table(**change))
    assert refused.value.key == key
    assert (near is None) or (near in (refused.value.hint or ""))


def test_a_refused_value_is_told_once_and_in_its_file(tmp_path: Any) -> None:
    path = tmp_path / "mine.toml"
    text = policy_text("default")
    for old, new, said in (
        ('stale_after = "5s"', 'stale_after = "5 seconds"',
         "firm.stale_after: duration (expected like 90s, 4h, 1h30m or 250ms, got '5 seconds')"),
        ("max_position = 2_000_000 ", "max_position = -1 ",
         "firm.max_position: input should be greater than or equal to 0 (got -1)"),
        ("dark_minimum_shares = 100 ", "dark_minimum_shares = 90_000 ", "firm.dark_minimum_shares: contradiction"),
    ):  # fmt: skip
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ConfigError) as refused:
            load(path)
        assert str(refused.value).startswith(f"{path}: {said}")


def test_small_children_are_fine_where_nothing_dark_is_traded() -> None:
    limits = {"max_child_shares": 50, "venue_classes": ["lit"], "venues": ["ALPHA"]}
    assert from_table(table(symbol={"X": limits})).symbol["X"].max_child_shares == 50


def test_unknown_policies_and_files_are_named() -> None:
    with pytest.raises(InputError, match="unknown policy 'defualt'") as refused:
        load("defualt")
    assert refused.value.hint == "did you mean 'default'?"
    with pytest.raises(InputError, match="readable TOML file"):
        load("nowhere.toml")


def test_the_shipped_policy_is_toml_that_can_be_copied(tmp_path: Any) -> None:
    path = tmp_path / "my.toml"
    path.write_text(policy_text("default"), encoding="utf-8")
    assert policy_hash(load(path)) == policy_hash(load("default"))
    assert tomllib.loads(policy_text("default"))["currency"] == "USD"


def test_every_reason_has_words_and_a_bit_of_its_own() -> None:
    assert set(WORDS) == set(Reason)
    assert len(set(WORDS.values())) == len(Reason)
    mask = bit(Reason.STALE) | bit(Reason.CHILD)
    assert reasons_of(mask) == (Reason.STALE, Reason.CHILD)
    assert words_of(mask) == f"{WORDS[Reason.STALE]}; {WORDS[Reason.CHILD]}"
    assert words_of(0) == "within every limit"
