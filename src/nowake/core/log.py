"""Structured logging, set up by the program that runs, never at import time. Logs go to standard error."""

import sys

import structlog

__all__ = ["configure", "logger"]


def configure(*, level: int = 20, json: bool = False) -> None:
    """Send events of at least `level` (logging's numbers) to standard error, for people or as JSON lines."""
    renderer = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )


def _to_standard_error(*_: object) -> structlog.PrintLogger:
    """Return a logger that prints to what standard error is now, which may have been redirected since."""
    return structlog.PrintLogger(sys.stderr)


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of component `name`."""
    return structlog.get_logger(component=name)  # type: ignore[no-any-return]
