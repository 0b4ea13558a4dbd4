"""Commands that are built when they are called, and the plain conversion of their options.

Typer converts options through Pydantic, whose import takes a fifth of a second; strings, whole numbers and decimals are
converted here instead, with the errors of this house. `adapt` hands Typer these converters before it builds its own.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from nowake.core.errors import InputError, nearest

__all__ = ["Group", "Lazy", "LazyGroup", "adapt", "build"]

_PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command: `target` is ``module:function`` below nowake.cli, `help` its line in the list of commands."""

    target: str
    help: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of commands with one line of help."""

    help: str
    entries: Mapping[str, "Lazy | Group"]


class LazyGroup(TyperGroup):
    """A command group over a table of entries; only the command that runs is imported."""

    entries: Mapping[str, Lazy | Group] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the table."""
        return list(self.entries)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return the command built from its function, None if there is none of that name."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        return group(cmd_name, entry) if isinstance(entry, Group) else load(cmd_name, entry)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return (name, command, rest of the arguments); InputError with the nearest name if there is none."""
        if args[0] not in self.entries and not args[0].startswith("-"):
            hint = nearest(args[0], self.entries)
            expected = f"one of {', '.join(self.entries)}"
            raise InputError(f"unknown command '{args[0]}'", expected=expected, got=repr(args[0]), hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the table of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])


def group(name: str, of: Group) -> LazyGroup:
    """Return the group `name` over the entries of `of`."""
    made = LazyGroup(name=name, help=of.help, no_args_is_help=True, rich_markup_mode=None)
    made.entries = of.entries
    adapt(made)
    return made


def load(name: str, entry: Lazy) -> Any:
    """Import and build one command."""
    module, _, function = entry.target.partition(":")
    return build(name, getattr(import_module(f"nowake.cli.{module}"), function))


class _Command(TyperCommand):
    """A command to which ``-5`` and ``-5 limit 50.01 ALPHA`` are values: no option begins with a digit."""

    def make_parser(self, ctx: Any) -> Any:
        """Return the parser of the arguments."""
        parser: Any = super().make_parser(ctx)
        take = parser._process_opts

        def value_or_option(arg: str, state: Any) -> None:
            if re.match(r"-\d", arg):
                state.largs.append(arg)
            else:
                take(arg, state)

        parser._process_opts = value_or_option
        return parser


def build(name: str, function: Callable[..., Any]) -> Any:
    """Return `function` as a command whose options are converted without Pydantic."""
    app = typer.Typer(**_PLAIN)
    app.command(name, no_args_is_help=False, cls=_Command)(function)
    return adapt(get_command(app))


def adapt(command: Any) -> Any:
    """Give every option of a plain type its converter; others keep Typer's own. Returns `command`."""
    for param in [*command.params, *_help_option(command)]:
        described = getattr(param, "type_descriptor", None)
        converter = _CONVERTERS.get(getattr(described, "annotation", None))
        if converter is not None and hasattr(param, "_runtime_param"):
            param._runtime_param = converter
    return command


def _help_option(command: Any) -> list[Any]:
    """Return the --help option, which Typer makes at its first use and then keeps."""
    option = command.get_help_option(command.context_class(command, info_name=command.name))
    return [] if option is None else [option]


@dataclass(frozen=True, slots=True)
class _Converter:
    """What Typer calls with a value as it was written (or a default)."""

    expected: str
    parse: Callable[[Any], Any]

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG002
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if isinstance(value, (list, tuple)):
            return [self._one(item, param) for item in value]
        return self._one(value, param)

    def _one(self, value: Any, param: Any) -> Any:
        try:
            return self.parse(value)
        except ValueError:
            raise InputError(name_of(param), expected=self.expected, got=repr(value)) from None


def name_of(param: Any) -> str:
    """Return how the user writes a parameter: ``--qty``, or ``FILE`` for an argument."""
    if param.param_type_name == "option":
        return str(max(param.opts, key=len))
    return str(param.metavar or param.name).upper()


def _whole(value: Any) -> int:
    if isinstance(value, int):
        return value
    return int(str(value).strip().replace("_", "x"))


def _decimal(value: Any) -> float:
    number = float(str(value).strip().replace("_", "x"))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(value)


_CONVERTERS: dict[Any, _Converter] = {
    str: _Converter("text", str),
    list[str]: _Converter("text", str),
    int: _Converter("a whole number", _whole),
    float: _Converter("a finite number", _decimal),
    list[float]: _Converter("a finite number", _decimal),
    bool: _Converter("no value: it is a switch", _flag),
}
