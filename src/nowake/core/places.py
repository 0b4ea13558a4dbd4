"""Where nowake keeps what outlives a run."""

import os
from pathlib import Path

__all__ = ["home"]


def home() -> Path:
    """Return the folder of nowake's state: `$NOWAKE_HOME`, else the user's state directory."""
    if root := os.environ.get("NOWAKE_HOME"):
        return Path(root)
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "nowake"
