"""The one thread that writes a journal: callers hand payloads over and go on; what waits is committed together.

A batch is what has come in while the batch before it was on its way to the disk, so its size follows the load; after a
large one the writer waits a fraction of an fsync for its callers to come again. If the journal fails, every ticket that
waits gets the error, and nothing is accepted any more: the order path fails closed.
"""

import threading
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections import defaultdict
from collections.abc import Callable, Generator
from queue import Empty, SimpleQueue
from time import sleep
from typing import Any, Self

from nowake.oms.errors import JournalError
from nowake.oms.journal.protocol import Journal

__all__ = ["Ticket", "Writer"]

_LARGEST = 4096  # events of a batch
_CROWD = 32  # a batch this large shows that many callers wait
_MOMENT, _MOMENTS = 0.0003, 8  # seconds, and how often: less than an fsync in all


class Ticket:
    """What a caller holds until its payload is on disk: `wait` in a thread, ``await`` in an event loop, or neither."""

    __slots__ = ("_call", "error", "sequence")

    def __init__(self, call: Callable[["Ticket"], object] | None = None) -> None:
        self.sequence = 0
        self.error: BaseException | None = None
        self._call = call

    @property
    def done(self) -> bool:
        """Tell whether the payload is on disk; JournalError if it cannot get there."""
        if self.error is not None:
            raise JournalError(f"the journal failed: {self.error}") from self.error
        return self.sequence > 0

    def _outcome(self) -> int:
        return self.sequence if self.done else 0

    def _also(self, call: Callable[["Ticket"], object]) -> bool:
        """Have `call` called too; False if the outcome is there already and it may never be.

        The writer notes the outcome before it looks whom to call; we say whom to call before we look again.
        """
        earlier = self._call
        self._call = call if earlier is None else lambda ticket: (earlier(ticket), call(ticket))
        return not self.sequence and self.error is None

    def wait(self, timeout: float | None = None) -> int:
        """Return the sequence once the payload is on disk; JournalError if it cannot be, TimeoutError after seconds."""
        if not self.done:
            woken = threading.Lock()
            woken.acquire()
            waiting = self._also(lambda _: woken.release())
            if waiting and not woken.acquire(timeout=-1 if timeout is None else timeout):
                raise TimeoutError(f"the journal has not answered for {timeout} s")
        return self._outcome()

    def __await__(self) -> Generator[Any, None, int]:
        if not self.done:
            loop = get_running_loop()
            future: Future[None] = loop.create_future()
            if self._also(_Future(loop, future)):
                yield from future
        return self._outcome()

    def told(self, sequence: int, error: BaseException | None) -> Callable[["Ticket"], object] | None:
        """Note the outcome (the writer does) and return whom to call."""
        self.error = error
        self.sequence = sequence
        return self._call


class _Future:
    """A future to be resolved in its own loop, together with all others of that loop."""

    __slots__ = ("future", "loop")

    def __init__(self, loop: AbstractEventLoop, future: "Future[None]") -> None:
        self.loop, self.future = loop, future

    def __call__(self, _: Ticket) -> None:
        self.loop.call_soon_threadsafe(_resolve, [self.future])


def _resolve(futures: list["Future[None]"]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


class Writer:
    """Takes payloads from any thread; owns the journal, which it closes when it is closed."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.failure: BaseException | None = None
        self.batches = 0
        self._crowd = 0
        self._last: Callable[[Journal], object] | None = None
        self._queue: SimpleQueue[tuple[bytes, Ticket] | None] = SimpleQueue()
        self._hand_over = self._queue.put
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, payload: bytes, call: Callable[[Ticket], object] | None = None) -> Ticket:
        """Hand a payload over; `call` gets the ticket in the writer's thread once it is on disk, or failed.

        JournalError if the journal has failed or is closed.
        """
        if self.failure is not None:
            raise JournalError(f"the journal has failed and takes nothing more: {self.failure}") from self.failure
        ticket = Ticket(call)
        self._hand_over((payload, ticket))
        if self.failure is not None and not ticket.sequence:  # closed in between: nobody may look at it any more
            ticket.error = self.failure
        return ticket

    def close(self, last: Callable[[Journal], object] | None = None) -> None:
        """Write what has been handed over, stop the thread and close the journal.

        `last` gets the journal when everything is written, in the writer's thread; not if it has failed.
        """
        self._last = last
        self._queue.put(None)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        open_ = True
        while open_:
            batch = self._gather()
            open_ = None not in batch
            self._write([one for one in batch if one is not None])
        try:
            if self._last is not None and self.failure is None:
                self._last(self.journal)
        finally:
            self.failure = self.failure or JournalError("it is closed")
            self._drain()
            self.journal.close()

    def _gather(self) -> "list[tuple[bytes, Ticket] | None]":
        """Return what waits; where the last batch was large, its callers get a moment to come again."""
        batch = [self._queue.get()]
        self._take(batch)
        for _ in range(_MOMENTS):
            before = len(batch)
            if self._crowd < _CROWD or before >= self._crowd or None in batch:
                break
            sleep(_MOMENT)
            self._take(batch)
            if len(batch) == before:
                break
        self._crowd = len(batch)
        return batch

    def _take(self, batch: "list[tuple[bytes, Ticket] | None]") -> None:
        """Add what waits now to a batch, up to the largest."""
        try:
            while len(batch) < _LARGEST:
                batch.append(self._queue.get_nowait())
        except Empty:
            return

    def _write(self, batch: list[tuple[bytes, Ticket]]) -> None:
        if self.failure is None and batch:
            try:
                last = self.journal.append([payload for payload, _ in batch])
                self.batches += 1
            except BaseException as error:
                self.failure = error
            else:
                _tell(batch, last - len(batch), None)
                return
        _tell(batch, 0, self.failure)

    def _drain(self) -> None:
        """Refuse what came in between the last batch and the end."""
        late = []
        while not self._queue.empty():
            one = self._queue.get_nowait()
            if one is not None:
                late.append(one)
        _tell(late, 0, self.failure)


def _tell(batch: list[tuple[bytes, Ticket]], before: int, error: BaseException | None) -> None:
    """Give every ticket its sequence or the error, and wake who waits; futures of a loop all at once."""
    futures: defaultdict[AbstractEventLoop, list[Future[None]]] = defaultdict(list)
    for number, (_, ticket) in enumerate(batch, before + 1):
        call = ticket.told(0 if error else number, error)
        if type(call) is _Future:
            futures[call.loop].append(call.future)
        elif call is not None:
            call(ticket)
    for loop, waiting in futures.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, waiting)
