"""The terminal of a trade: draws the view a few times a second, and carries keys to the controls of the trader.

The view has the alternate screen; keys come one by one, Ctrl-C stays what it is. `q` gives the terminal back while the
order is worked on, with a line on standard error now and then; the end of the trader always gives it back.
"""

import getpass
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live

if TYPE_CHECKING:
    import numpy as np

    from nowake.cli.trade_lines import Lines
    from nowake.cli.trade_view import View
    from nowake.service.control import Controls
    from nowake.service.control_wire import Answer

__all__ = ["Keys", "Screen", "controls_of"]

EVERY = 0.25  # s of real time between two pictures
_AT_ONCE = {"p": "pause", "r": "resume", "f": "finish"}
_ASKED = {
    "g": ("release-order", ["release what is staged, so that it trades?  y: yes   any other key: no"]),
    "c": ("cancel", ["cancel the order and everything that works?  y: yes   any other key: no"]),
    "k": (
        "kill",
        [
            "press the kill switch of the firm, so that all trading stops?  y: yes   any other key: no",
            "sure? only two people can release it.  y: press it   any other key: no",
        ],
    ),
}

Apply = Callable[[str], "Answer"]


def controls_of(controls: "Controls") -> Apply:
    """Return what carries a control out on every order of the trader, journalled as asked for by who sits here."""
    from nowake.service.control_wire import Asked

    def apply(what: str) -> "Answer":
        target, value = ("firm", "cancel-all") if what == "kill" else ("all", "")
        return controls.apply(Asked(what, target, value, who=getpass.getuser(), why="a key in the view"))

    return apply


class Keys:
    """What a key means; `k` and `c` ask first."""

    def __init__(self, apply: Apply, view: "View", leave: Callable[[], None]) -> None:
        self._apply, self._view, self._leave = apply, view, leave
        self._what, self._questions = "", list[str]()

    def press(self, key: str) -> None:
        """Take in one key."""
        if self._what:
            self._answer(key)
        elif key in _AT_ONCE:
            self._carry_out(_AT_ONCE[key])
        elif key in _ASKED:
            self._what, questions = _ASKED[key]
            self._questions = list(questions)
            self._view.question = self._questions.pop(0)
        elif key == "q":
            self._leave()
        elif key == "n":
            self._view.turn()

    def _answer(self, key: str) -> None:
        """Go on to the next question, carry the control out, or let go of it."""
        if key == "y" and self._questions:
            self._view.question = self._questions.pop(0)
            return
        what, self._what, self._view.question = self._what, "", ""
        if key == "y":
            self._carry_out(what)
        else:
            self._view.note(f"{what}: not done")

    def _carry_out(self, what: str) -> None:
        answer = self._apply(what)
        more = f" ({answer.hint})" if answer.hint else ""
        self._view.note(
            f"{'' if answer.done else f'not done, {what}: '}{answer.words}{more}", "cyan" if answer.done else "red"
        )


class Screen:
    """An attendant that shows `view` and hears keys; `lines` speaks instead once the view was left."""

    def __init__(self, view: "View", lines: "Lines") -> None:
        self.view, self._lines = view, lines
        self._keys = Keys(controls_of(view.watch.controls), view, self.leave)
        self._input, self._drawn, self._shown = sys.stdin.fileno(), 0.0, True
        self._before: list[Any] = termios.tcgetattr(self._input)
        self._live = Live(console=Console(file=sys.stdout), screen=True, auto_refresh=False)
        tty.setcbreak(self._input)
        self._live.start()
        lines.voice.quiet = True

    def files(self) -> Sequence[int]:
        """Return the terminal: a key wakes the trader."""
        return (self._input,) if self._shown else ()

    def attend(self, news: "np.ndarray", now: int) -> None:
        """Hear keys, and draw if it is time."""
        self._lines.attend(news, now)
        if not self._shown:
            return
        pressed = select.select([self._input], [], [], 0)[0]
        if pressed:
            for key in os.read(self._input, 64).decode(errors="replace"):
                self._keys.press(key)
        if self._shown and (pressed or time.monotonic() - self._drawn >= EVERY):
            self._live.update(self.view.page(*self._live.console.size), refresh=True)
            self._drawn = time.monotonic()

    def leave(self) -> None:
        """Give the terminal back."""
        if self._shown:
            self._shown = False
            self._live.stop()
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)
            self._lines.voice.quiet = False

    def end(self) -> None:
        """Give the terminal back."""
        self.leave()
