"""A policy file that changes is in force without a restart; a broken one is told and changes nothing."""

from pathlib import Path

from nowake.core.errors import ConfigError
from nowake.risk.policy import policy_text
from nowake.risk.reload import PolicyFile, Reloaded
from nowake.risk.scopes import Scope, resolve


def test_a_saved_change_is_in_force_and_a_broken_one_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(policy_text("default"), encoding="utf-8")
    file = PolicyFile(path)
    first = file.version
    assert file.poll() is None
    text = policy_text("default").replace("max_child_shares = 20_000 ", "max_child_shares = 3_000 ")
    path.write_text(text, encoding="utf-8")
    assert file.poll() == Reloaded(first, file.version)
    assert file.version != first
    assert resolve(file.policy, Scope())["max_child_shares"] == 3_000
    second = file.version
    for broken in (text.replace("max_child_shares", "max_child_share"), text + "\n[[[", "", "\x00"):
        path.write_text(broken, encoding="utf-8")
        event = file.poll()
        assert event is not None
        assert (event.before, event.version, file.version) == (second, second, second)
        assert event.error is not None
        assert file.poll() is None
    path.write_text(text.replace("max_child_shares", "max_child_share"), encoding="utf-8")
    event = file.poll()
    assert event is not None
    assert isinstance(event.error, ConfigError)
    assert event.error.hint == "did you mean 'max_child_shares'?"
    path.unlink()
    event = file.poll()
    assert event is not None
    assert "readable file" in str(event.error)
    assert file.poll() is None
    path.write_text(text + "# a comment\n", encoding="utf-8")
    assert file.poll() == Reloaded(second, second)
    assert resolve(file.policy, Scope())["max_child_shares"] == 3_000
