"""Every bad input of the contract: exit code 2, one clear line, never a traceback, nothing written."""

import gzip
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

ORDER = ("--algo", "twap", "--side", "buy", "--qty", "100")


def files(root: Path) -> set[Path]:
    return {p for p in root.rglob("*") if p.is_file()}


@pytest.fixture
def refused(nowake: Any, tmp_path: Path) -> Any:
    """Run a command that must be refused; returns its message. Nothing may have been written."""

    def run(*argv: object) -> str:
        before = files(tmp_path)
        message = nowake(*argv).refusal
        assert files(tmp_path) == before
        return str(message)

    return run


@pytest.mark.parametrize("command", [("replay", *ORDER), ("data", "check"), ("data", "ingest")], ids=lambda c: c[-1])
class TestFiles:
    """What lies on disk is not what was expected."""

    def run(self, refused: Any, command: tuple[str, ...], path: Path, *more: object) -> str:
        head, rest = (command[:1], command[1:]) if command[0] == "replay" else (command, ())
        return str(refused(*head, path, *rest, *more))

    def test_missing_file(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        message = self.run(refused, command, day.with_name("TST_2012-06-21_34200000_57600000_mesage_10.csv"))
        assert "nothing there" in message
        assert day.name in message, "the nearest file is named"

    def test_empty_file(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        day.write_bytes(b"")
        assert "empty" in self.run(refused, command, day)

    def test_directory(self, refused: Any, command: tuple[str, ...], tmp_path: Path) -> None:
        assert "a directory" in self.run(refused, command, tmp_path)

    @pytest.mark.parametrize("suffix", [".gz", ".zst"])
    def test_truncated_compression(self, refused: Any, command: tuple[str, ...], day: Path, suffix: str) -> None:
        body = day.read_bytes() * 500
        packed = gzip.compress(body) if suffix == ".gz" else zstandard.ZstdCompressor().compress(body)
        path = day.with_name(day.name + suffix)
        path.write_bytes(packed[: len(packed) * 2 // 3])
        assert "truncated" in self.run(refused, command, path)

    def test_wrong_number_of_columns(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        rows = day.read_text().splitlines()
        rows[3] = rows[3].rsplit(",", 1)[0]
        day.write_text("\n".join(rows) + "\n")
        message = self.run(refused, command, day)
        assert f"{day.name}:4" in message
        assert "expected 6" in message

    def test_letters_in_a_number(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        day.write_text(day.read_text().replace("34260.000000000,1,14,100", "34260.000000000,1,14,1OO"))
        message = self.run(refused, command, day)
        assert f"{day.name}:5" in message
        assert "1OO" in message

    def test_binary_garbage(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        day.write_bytes(bytes(range(256)) * 40)
        assert day.name in self.run(refused, command, day)

    @pytest.mark.parametrize(
        ("old", "new", "what"),
        [
            (b",13,", b",9223372036854775808,", "order id"),
            (b"999900", b"99999999999999999999", "price"),
            (b"999900", b"9999.5", "price"),
            (b",300,", b",2147483648,", "size"),
            (b",300,", b",,", "size"),
            (b",300,", b",+300,", "size"),
            (b",13,", b",1\x003,", "not text"),
            (b",5,0,", b",9,0,", "type"),
            (b"1000200,-1", b"1000200,2", "direction"),
            (b"34600.0", b"90000.0", "time"),
            (b"\n", b",7\n", "expected 6"),
            (b"\n", b"\r", "not text"),
        ],
    )
    def test_every_bad_field_names_its_line(
        self, refused: Any, command: tuple[str, ...], day: Path, old: bytes, new: bytes, what: str
    ) -> None:
        body = day.read_bytes()
        line = 1 + body[: body.index(old)].count(b"\n")
        day.write_bytes(body.replace(old, new, 1))
        message = self.run(refused, command, day)
        assert f"{day.name}:{line}:" in message
        assert what in message

    def test_utf_16(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        day.write_bytes(day.read_text().encode("utf-16"))
        assert "UTF-16" in self.run(refused, command, day)

    def test_nothing_but_empty_lines(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        day.write_bytes(b"\n\n")
        message = self.run(refused, command, day)
        assert day.name in message

    @pytest.mark.parametrize("members", [(), ("a.csv", "b.csv"), ("folder/",)], ids=len)
    def test_a_zip_without_exactly_one_file(
        self, refused: Any, command: tuple[str, ...], day: Path, members: tuple[str, ...]
    ) -> None:
        path = day.with_name(day.name + ".zip")
        with zipfile.ZipFile(path, "w") as archive:
            for name in members:
                archive.writestr(name, day.read_text())
        assert "one file inside" in self.run(refused, command, path)

    @pytest.mark.parametrize("suffix", [".gz", ".zst", ".zip"])
    @pytest.mark.parametrize("cut", [1, 9, 0.5, -9, -1])
    def test_compression_cut_anywhere(
        self, refused: Any, command: tuple[str, ...], day: Path, suffix: str, cut: float
    ) -> None:
        path = day.with_name(day.name + suffix)
        if suffix == ".zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(day.name, day.read_text())
            whole = path.read_bytes()
        else:
            whole = gzip.compress(day.read_bytes()) if suffix == ".gz" else zstandard.compress(day.read_bytes())
        path.write_bytes(whole[: int(cut) or len(whole) // 2])
        message = self.run(refused, command, path)
        assert "truncated" in message or "corrupt zip" in message

    def test_time_going_backwards(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        day.write_text(day.read_text().replace("34330.0", "34300.0"))
        message = self.run(refused, command, day)
        assert f"{day.name}:7" in message
        assert "backwards" in message

    def test_unknown_format(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        assert "did you mean 'lobster'?" in self.run(refused, command, day, "--format", "lobstr")

    def test_impossible_date(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        assert "--date" in self.run(refused, command, day, "--date", "yesterday")

    def test_unknown_time_zone(self, refused: Any, command: tuple[str, ...], day: Path) -> None:
        assert "time zone" in self.run(refused, command, day, "--timezone", "Mars/Base")


@pytest.mark.parametrize(("change", "quality"), [("\ufeff{}", "kept"), ("{}\n\n", "kept")])
def test_harmless_oddities_are_read(nowake: Any, day: Path, change: str, quality: str) -> None:
    day.write_text(change.format(day.read_text()), encoding="utf-8")
    assert nowake("data", "check", day, "--json").json["quality"][quality] == 10
    day.write_bytes(day.read_bytes().replace(b"\n", b"\r\n"))
    assert nowake("data", "check", day, "--json").json["quality"][quality] == 10


@pytest.mark.parametrize(
    ("old", "new"), [("999900", "-999900"), ("999900", "0"), (",300,", ",-300,"), (",300,", ",0,")]
)
def test_prices_and_sizes_that_cannot_be_are_quarantined(nowake: Any, day: Path, old: str, new: str) -> None:
    day.write_text(day.read_text().replace(old, new, 1))
    done = nowake("data", "check", day, "--quarantine", "none", "--json")
    assert (done.code, done.json["quality"]["quarantined"]) == (1, 2), "the row, and the delete of its order"


def test_time_going_backwards_within_the_tolerance_is_no_error(nowake: Any, day: Path) -> None:
    day.write_text(day.read_text().replace("34330.0", "34319.5"))
    assert nowake("data", "check", day, "--clock-tolerance", "1s").code in (0, 1)
    assert nowake("data", "check", day, "--clock-tolerance", "100ms").code == 2


def test_a_file_that_cannot_be_read(refused: Any, day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "no permission" in refused("data", "check", day)


@pytest.mark.parametrize("qty", ["0", "-5", "1.5", "2147483648", "1e4", "lots", "0%adv"])
def test_impossible_quantities(refused: Any, day: Path, qty: str) -> None:
    message = refused("replay", day, "--algo", "twap", "--side", "buy", "--qty", qty)
    assert "--qty" in message
    assert qty in message


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        (("--algo", "vwop", "--side", "buy", "--qty", "9"), "unknown algorithm 'vwop'", "'vwap'"),
        (("--algo", "twap", "--side", "bye", "--qty", "9"), "unknown side 'bye'", "'buy'"),
        ((*ORDER, "--curve-model", "dynamics"), "unknown curve model", "'dynamic'"),
        ((*ORDER, "--queue-model", "pesimistic"), "unknown queue model", "'pessimistic'"),
    ],
)
def test_unknown_names_name_the_nearest(
    refused: Any, day: Path, options: tuple[str, ...], what: str, hint: str
) -> None:
    message = refused("replay", day, *options)
    assert what in message
    assert hint in message


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--start", "10:00", "--end", "09:45"), "--end"),
        (("--start", "10:00", "--end", "10:00"), "--end"),
        (("--start", "09:35", "--decided", "09:40"), "--decided"),
        (("--start", "25:00"), "--start"),
        (("--end", "ten"), "--end"),
        (("--start", "12:00", "--end", "13:00"), "outside the data"),
        (("--start", "09:31", "--end", "15:00"), "outside the data"),
        (("--decided", "08:00", "--start", "09:31"), "outside the data"),
        (("--limit", "0"), "--limit"),
        (("--limit", "-3"), "--limit"),
        (("--limit", "cheap"), "--limit"),
        (("--limit", "100.005"), "multiple of"),
        (("--limit", "50"), "wrong side"),
        (("--participation", "0"), "--participation"),
        (("--participation", "1.5"), "--participation"),
        (("--urgency", "-1"), "--urgency"),
        (("--slice", "0s"), "slice"),
        (("--slice", "often"), "--slice (expected a duration"),
        (("--patience", "9" * 400 + "h"), "--patience (expected a duration"),
        (("--limit", "1e400"), "--limit (expected a number above 0"),
        (("--latency-ms", "-1"), "--latency-ms"),
        (("--latency-ms", "1,2"), "--latency-ms"),
        (("--latency-ms", "quick"), "--latency-ms"),
        (("--fees", "1"), "--fees"),
        (("--fees", "a,b"), "--fees"),
        (("--reaction", "0s"), "placement"),
        (("--improve", "-1"), "placement"),
        (("--seed", "-1"), "--seed"),
        (("--clock-tolerance", "soon"), "duration"),
        (("--step", "0"), "--step"),
        (("--tick", "-1"), "--tick"),
        (("--queue-model", "power:2"), "queue model"),
        (("--curve", "nowhere.csv"), "nothing there"),
        (("--report", "cost.docx"), "--report"),
        (("--report", "nowhere/cost.html"), "--report"),
    ],
    ids=" ".join,
)
def test_impossible_orders(refused: Any, day: Path, options: tuple[str, ...], what: str) -> None:
    assert what in refused("replay", day, *ORDER, *options)


def test_a_sell_limit_above_every_price_is_on_the_wrong_side(refused: Any, day: Path) -> None:
    message = refused("replay", day, "--algo", "twap", "--side", "sell", "--qty", "100", "--limit", "200")
    assert "wrong side" in message


@pytest.mark.parametrize("source", ["generated:x", "generated:-1", "generated:"])
def test_generated_days_have_whole_seeds(refused: Any, source: str) -> None:
    assert "generated" in refused("replay", source, *ORDER)


def test_an_unknown_symbol_names_those_there_are(refused: Any) -> None:
    message = refused("replay", "generated:1", *ORDER, "--symbol", "ZII")
    assert "did you mean 'ZI'?" in message


class TestStore:
    """Stores and queries."""

    def test_a_store_that_cannot_be_written(self, refused: Any, day: Path, tmp_path: Path) -> None:
        blocked = tmp_path / "blocked"
        blocked.write_text("a file where a folder should be")
        assert "folder that can be written" in refused("data", "ingest", day, "--store", blocked / "store")

    def test_a_folder_without_permission(self, nowake: Any, day: Path, tmp_path: Path) -> None:
        folder = tmp_path / "locked"
        folder.mkdir()
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
        try:
            (folder / "probe").write_text("")
        except PermissionError:
            assert "can be written" in nowake("data", "ingest", day, "--store", folder / "store").refusal
        else:
            pytest.skip("this user may write everywhere")
        finally:
            folder.chmod(stat.S_IRWXU)

    @pytest.mark.parametrize(
        ("query", "what"),
        [
            ("symbol=TST", "empty or missing store"),
            ("symbol=TST&dat=2012-06-21", "'date'"),
            ("date=2012-06-21", "symbol"),
            ("symbol=TST&date=21.6.2012", "YYYY-MM-DD"),
            ("symbol=TST&kind=l4", "'l"),
        ],
    )
    def test_impossible_queries(self, refused: Any, query: str, what: str) -> None:
        assert what in refused("replay", query, *ORDER)

    def test_impossible_sql(self, refused: Any) -> None:
        assert "SQL" in refused("data", "sql", "selec 1")
        assert "SELECT" in refused("data", "sql", "drop table x")

    def test_unknown_way_with_existing_parts(self, refused: Any, day: Path) -> None:
        assert "did you mean 'replace'?" in refused("data", "ingest", day, "--existing", "replac")


class TestVerify:
    """Message and order-book files that do not belong together."""

    def book(self, path: Path, rows: int) -> Path:
        target = path.with_name(path.name.replace("message", "orderbook"))
        target.write_text("1000200,200,1000000,100\n" * rows)
        return target

    @pytest.mark.parametrize("rows", [9, 11])
    def test_another_number_of_rows(self, refused: Any, day: Path, rows: int) -> None:
        message = refused("data", "verify", day, "--orderbook", self.book(day, rows))
        assert "another number of rows" in message
        assert "orderbook" in message

    def test_missing_orderbook(self, refused: Any, day: Path) -> None:
        assert "order-book file" in refused("data", "verify", day, "--orderbook", day.with_name("none.csv"))

    def test_letters_in_the_orderbook(self, refused: Any, day: Path) -> None:
        book = self.book(day, 10)
        book.write_text(book.read_text().replace("1000200", "x", 1))
        assert f"{book.name}:1" in refused("data", "verify", day, "--orderbook", book)


@pytest.mark.parametrize(
    "argv",
    [
        ("schedule", "ac", "--qty", "100", "--T", "5", "--bins", "5", "--sigma", "-1", "--eta", "1"),
        ("schedule", "ac", "--qty", "100", "--T", "0", "--bins", "5", "--sigma", "1", "--eta", "1"),
        ("schedule", "ow", "--qty", "100", "--T", "1", "--rho", "-2"),
        ("schedule", "afs", "--qty", "100", "--bins", "0", "--rho", "1"),
        ("schedule", "cj", "--qty", "3", "--T", "1", "--intensity", "0", "--kappa", "1", "--alpha", "1"),
        ("schedule", "pov", "--qty", "10", "--participation", "2", "--volumes", "1,2"),
        ("schedule", "vwap", "--qty", "10", "--curve", "1,x"),
        ("schedule", "twap", "--qty", "25%adv"),
        ("pretrade", "--model", "almgren2005", "--qty", "100", "--adv", "0", "--sigma", "0.02", "--T", "1"),
        ("pretrade", "--model", "almgren2006", "--qty", "100", "--adv", "10", "--sigma", "0.02", "--T", "1"),
        ("bench", "boook"),
        ("fit", "volume", "nowhere.csv"),
        ("fit", "volume", "generated:7"),
    ],
    ids=" ".join,
)
def test_impossible_parameters(refused: Any, argv: tuple[str, ...]) -> None:
    assert refused(*argv).startswith("error: ")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("data", "ls", "--store", "{file}"), "store {file} (expected a folder, got a file)"),
        (("explain", "--check", "--log", "{empty}"), "log {empty} (expected one that was begun, got an empty file)"),
        (("exchange",), "missing FOLDER (expected folder of venue.sock and of venue.log, its memory, got nothing)"),
        (("run", "--preset", "{missing}.toml"), "{missing}.toml (expected a readable TOML file, got nothing there)"),
        (("run", "--horizon", "soon"), "--horizon (expected a duration like 90s, 4h, 1h30m or 250ms, got 'soon')"),
        (("fit", "ofi", "{file}", "--bucket", "wide"), "--bucket (expected a duration"),
        (("features", "{file}", "--every", "often", "--out", "{missing}"), "--every (expected a duration"),
        (("impact", "--horizon", "long"), "--horizon (expected a duration"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)  # fmt: skip
def test_what_cannot_be_is_named_with_what_was_expected(
    nowake: Any, tmp_path: Path, asked: tuple[str, ...], expected: str
) -> None:
    (tmp_path / "a file").write_text("a,b\n1,2\n")
    (tmp_path / "empty").touch()
    places = {"file": tmp_path / "a file", "empty": tmp_path / "empty", "missing": tmp_path / "missing"}
    assert expected.format(**places) in nowake(*(word.format(**places) for word in asked)).refusal


def test_a_home_that_is_a_file_is_named(nowake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NOWAKE_HOME", str(tmp_path / "file"))
    assert (
        f"folder {tmp_path / 'file'} (expected $NOWAKE_HOME or --journal FILE" in nowake("trade", "--qty", "5").refusal
    )
