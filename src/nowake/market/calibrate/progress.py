"""The file beside the preset that a calibration can be continued from: what was asked, the start, every loss."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nowake.core.errors import InputError

__all__ = ["ProgressFile", "put"]

_SCHEMA = "nowake.calibrate.progress/1"


def put(path: Path, text: str) -> None:
    """Write `text` to `path` as a whole or not at all."""
    ready = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        ready.write_text(text, encoding="utf-8")
        ready.replace(path)
    finally:
        ready.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class ProgressFile:
    """`identity` is the hash of all that decides the losses: a file of another calibration is refused."""

    path: Path
    identity: str

    def save(self, start: dict[str, Any], losses: list[float], elapsed: float) -> None:
        """Write the losses so far; `start` is the table of the start preset, `elapsed` seconds of searching."""
        body = {
            "schema": _SCHEMA, "identity": self.identity, "evaluations": len(losses), "elapsed_s": round(elapsed, 3),
            "best": min(losses, default=None), "start": start, "losses": losses,
        }  # fmt: skip
        put(self.path, json.dumps(body) + "\n")

    def load(self) -> tuple[dict[str, Any], list[float], float]:
        """Return start, losses and seconds; InputError without a file of this very calibration."""
        try:
            body = json.loads(self.path.read_text(encoding="utf-8"))
            start, losses, elapsed = dict(body["start"]), [float(x) for x in body["losses"]], float(body["elapsed_s"])
            identity, schema = body["identity"], body["schema"]
        except OSError as error:
            raise InputError("--resume", expected=f"a file {self.path}", got=error.strerror or error) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"progress file {self.path}", expected="what a calibration wrote", got=error) from error
        if (schema, identity) != (_SCHEMA, self.identity):
            raise InputError(
                f"progress file {self.path}", expected="the same data, base preset, seed and version",
                got="those of another calibration", hint="without --resume it starts anew",
            )  # fmt: skip
        return start, losses, elapsed
