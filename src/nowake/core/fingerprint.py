"""The hash that identifies a configuration; apart from `config`, so that it costs no import of Pydantic."""

import hashlib
import json
from typing import Any

__all__ = ["config_hash"]


def config_hash(values: dict[str, Any]) -> str:
    """Return 16 hex digits that identify a set of JSON-compatible `values`, whatever their order."""
    text = json.dumps(values, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
