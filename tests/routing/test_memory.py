"""Venue statistics survive a restart, follow their venue, and a file that is not what it says is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.routing.memory import VERSION, load_stats, save_stats
from nowake.routing.venues import new_stats

NAMES, VENUES = ("ABC", "XYZ"), ("ALPHA", "OPAL", "NORTH")


def learnt() -> np.ndarray:
    stats = new_stats(2)
    random = np.random.default_rng(1)
    plain = stats.view(np.ndarray)
    plain["venue"]["mark"], plain["venue"]["total"] = random.normal(size=(2, 16)), random.integers(0, 99, (2, 16))
    plain["noise"], plain["beta"], plain["drifts"] = 4.0, random.normal(size=plain["beta"].shape), 40
    return stats


def bytes_of(stats: np.ndarray) -> bytes:
    return stats.view(np.ndarray).tobytes()


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    stats, path = learnt(), tmp_path / "deep" / "venues.npz"
    plain = stats.view(np.ndarray)
    plain["venue"][:, len(VENUES) :] = np.zeros(1, plain["venue"].dtype)
    save_stats(path, stats, NAMES, VENUES)
    assert bytes_of(load_stats(path, NAMES, VENUES)) == bytes_of(stats)
    save_stats(path, new_stats(2), NAMES, VENUES)
    assert bytes_of(load_stats(path, NAMES, VENUES)) == bytes_of(new_stats(2))
    assert [p.name for p in path.parent.iterdir()] == ["venues.npz"]


def test_statistics_follow_their_venue_and_their_instrument(tmp_path: Path) -> None:
    stats, path = learnt(), tmp_path / "venues.npz"
    save_stats(path, stats, NAMES, VENUES)
    found = load_stats(path, ("XYZ", "NEW"), ("NORTH", "FRESH", "ALPHA")).view(np.ndarray)
    old = stats.view(np.ndarray)
    assert found["venue"][0, 0] == old["venue"][1, 2]
    assert found["venue"][0, 2] == old["venue"][1, 0]
    assert found["venue"][0, 1]["total"] == 0
    assert found["noise"].tolist() == [4.0, 0.0]
    assert found["drifts"].tolist() == [0, 0]  # other venues: the regression starts anew


def broken(path: Path, how: str) -> None:
    whole = path.read_bytes()
    if how == "short":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "bit":
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    elif how == "other":
        with path.open("wb") as file:
            np.savez(file, numbers=np.arange(3))
    elif how == "text":
        path.write_text("not an archive", encoding="ascii")
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["short", "empty", "bit", "other", "text", "gone"])
def test_a_damaged_file_is_refused(tmp_path: Path, how: str) -> None:
    path = tmp_path / "venues.npz"
    save_stats(path, learnt(), NAMES, VENUES)
    broken(path, how)
    with pytest.raises(InputError, match=r"venues\.npz: venue statistics"):
        load_stats(path, NAMES, VENUES)


def written(path: Path, head: Any, stats: np.ndarray) -> None:
    with path.open("wb") as file:
        np.savez(file, head=np.array(json.dumps(head)), stats=stats)


def test_a_newer_version_a_foreign_file_and_wrong_rows_are_refused(tmp_path: Path) -> None:
    path, rows = tmp_path / "venues.npz", learnt().view(np.ndarray)
    head = {"format": "nowake venue statistics", "version": VERSION, "instruments": list(NAMES), "venues": list(VENUES)}
    written(path, {**head, "version": VERSION + 1}, rows)
    with pytest.raises(InputError, match="another version") as caught:
        load_stats(path, NAMES, VENUES)
    assert "newer" in str(caught.value.hint)
    written(path, {**head, "format": "else"}, rows)
    with pytest.raises(InputError, match="not venue statistics"):
        load_stats(path, NAMES, VENUES)
    for wrong in (rows[:1], np.zeros(2), bad_number(rows)):
        written(path, head, wrong)
        with pytest.raises(InputError, match="damaged"):
            load_stats(path, NAMES, VENUES)
    written(path, {**head, "venues": "ALPHA"}, rows)
    with pytest.raises(InputError, match="damaged"):
        load_stats(path, NAMES, VENUES)


def bad_number(rows: np.ndarray) -> np.ndarray:
    other = rows.copy()
    other["venue"]["mark"][0, 1] = np.nan
    return other


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "venues.npz"
    save_stats(path, learnt(), NAMES, VENUES)
    before = path.read_bytes()

    def fails(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fails)
    with pytest.raises(OSError, match="disk full"):
        save_stats(path, new_stats(2), NAMES, VENUES)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["venues.npz"]


def test_names_and_rows_must_fit(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="different names"):
        save_stats(tmp_path / "a", new_stats(2), ("A", "A"), VENUES)
    with pytest.raises(InputError, match="different names"):
        load_stats(tmp_path / "a", NAMES, tuple(str(k) for k in range(17)))
    with pytest.raises(InputError, match="STATS"):
        save_stats(tmp_path / "a", new_stats(1), NAMES, VENUES)
