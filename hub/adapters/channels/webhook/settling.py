"""What became of attempts, written down together: while one batch is written, the next gathers."""

from asyncio import Future, Task, create_task, get_running_loop
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from hub.adapters.channels.webhook.queue import Tried
from hub.errors import OutOfReach

Settle = Callable[[Sequence[Tried]], None]


class Settling:
    """Gathers outcomes on the loop and has them written on a thread of its own, in the order in which they came."""

    def __init__(self, settle: Settle, desk: Executor) -> None:
        self._settle, self._desk = settle, desk
        self._gathered: list[tuple[Tried, Future[None]]] = []
        self._writing: Task[None] | None = None

    def put(self, tried: Tried) -> "Future[None]":
        """Hands it in; done as soon as it is durable. Raises (when waited for) what kept it from being so."""
        written: Future[None] = get_running_loop().create_future()
        self._gathered.append((tried, written))
        if self._writing is None or self._writing.done():
            self._writing = create_task(self._write())
        return written

    async def _write(self) -> None:
        while self._gathered:
            batch, self._gathered = self._gathered, []
            troubles = await get_running_loop().run_in_executor(self._desk, self._settled, [tried for tried, _ in batch])
            for (_, written), trouble in zip(batch, troubles, strict=True):
                if trouble is None:
                    written.set_result(None)
                else:
                    written.set_exception(trouble)

    def _settled(self, batch: Sequence[Tried]) -> Sequence[Exception | None]:
        try:
            self._settle(batch)
        except OutOfReach as error:
            return [error] * len(batch)
        except Exception as error:
            # one that cannot be written may not take the others along
            return [error] if len(batch) == 1 else [self._settled([each])[0] for each in batch]
        return [None] * len(batch)
