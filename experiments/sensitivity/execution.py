"""Blocks of draws on all cores of this machine, or on a Dask cluster; other tasks on all cores.

A process that dies takes its task with it and nothing else: it is replaced, and the tasks that are not done yet
are handed out again.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from .factors import Array, SensitivityError
from .kernel import Kernel
from .worker import BLOCK, solve_block, solve_block_of, warm

MOST_DEATHS = 5
"""So many dead processes without a task being finished in between end the work."""

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")
Blocks = Mapping[int, Array]
Keep = Callable[[int, pd.DataFrame], None]


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class LocalPool:
    """Processes of this machine; they import what they need while the kernel is still being made.

    Args:
        workers: how many processes; with one, everything happens in this process.
    """

    def __init__(self, workers: int):
        self.workers = workers
        self._pool = self._new() if workers > 1 else None

    def _new(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(self.workers, mp_context=multiprocessing.get_context("spawn"))
        for _ in range(self.workers):
            pool.submit(warm)
        return pool

    def run(self, kernel: Kernel, blocks: Blocks, keep: Keep) -> None:
        """Solve blocks and hand each to ``keep`` as it is finished, in any order.

        Raises:
            SensitivityError: processes keep dying.
        """
        if self._pool is None:
            self.each(solve_block, {n: (kernel, n * BLOCK, t) for n, t in blocks.items()}, keep)
            return
        with _in_file(kernel) as file:
            self.each(solve_block_of, {n: (file, n * BLOCK, t) for n, t in blocks.items()}, keep)

    def each(
        self,
        call: Callable[..., Found],
        tasks: Mapping[Key, tuple[Any, ...]],
        keep: Callable[[Key, Found], None],
    ) -> None:
        """Call a function of a module for the arguments of each task; hand results to ``keep`` in any order.

        A task may be begun again if its process dies, so that beginning again must do no harm.

        Raises:
            SensitivityError: processes keep dying. What a task raises is raised here.
        """
        if self._pool is None:
            for key, arguments in tasks.items():
                keep(key, call(*arguments))
            return
        left, deaths = dict(tasks), 0
        while left:
            before = len(left)
            try:
                self._round(call, left, keep)
            except BrokenProcessPool as error:
                deaths = deaths + 1 if len(left) == before else 1
                if deaths >= MOST_DEATHS:
                    raise SensitivityError(
                        f"{deaths} processes in a row died before a task was finished. Likely reason: too little "
                        "memory; give fewer --workers. What is finished is kept: --resume goes on"
                    ) from error
                self._pool.shutdown(wait=False)
                self._pool = self._new()

    def _round(
        self, call: Callable[..., Any], left: dict[Any, tuple[Any, ...]], keep: Callable[[Any, Any], None]
    ) -> None:
        assert self._pool is not None
        waiting: dict[Future[Any], Any] = {}
        for key in list(left):
            waiting[self._pool.submit(call, *left[key])] = key
            if len(waiting) >= 3 * self.workers:
                self._collect(waiting, left, keep)
        while waiting:
            self._collect(waiting, left, keep)

    def _collect(
        self, waiting: dict[Future[Any], Any], left: dict[Any, Any], keep: Callable[[Any, Any], None]
    ) -> None:
        finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in finished:
            key = waiting.pop(future)
            keep(key, future.result())
            del left[key]

    def close(self) -> None:
        """Let the processes end; nobody waits for them."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


class DaskPool:
    """A Dask cluster; it replaces dead workers and repeats what they had.

    Args:
        address: of its scheduler, ``tcp://host:8786``.

    Raises:
        SensitivityError: Dask is not installed, or nobody answers there.
    """

    def __init__(self, address: str):
        try:
            from distributed import Client
        except ImportError as error:
            raise SensitivityError("--scheduler needs Dask: pip install 'eacu[cluster]'") from error
        try:
            self._client = Client(address, timeout="20s")
        except (OSError, ValueError, TimeoutError) as error:
            raise SensitivityError(f"no Dask scheduler answers at {address}: {error}") from error
        self.workers = len(self._client.scheduler_info(n_workers=-1)["workers"])

    def run(self, kernel: Kernel, blocks: Blocks, keep: Keep) -> None:
        """As `LocalPool.run`.

        The kernel is the result of a task: data that was merely scattered would be lost with the last worker that
        holds it, a task's result is made again.

        Raises:
            SensitivityError: workers keep dying over one block, or none is left.
        """
        from distributed import KilledWorker, as_completed

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            everywhere = self._client.submit(pickle.loads, pickle.dumps(kernel, protocol=5), pure=False)
        futures = {
            self._client.submit(solve_block, everywhere, number * BLOCK, t, pure=False): number
            for number, t in blocks.items()
        }
        for future in as_completed(futures):
            try:
                table = future.result()
            except (KilledWorker, CancelledError) as error:
                raise SensitivityError(
                    f"the Dask cluster lost workers over draws {futures[future] * BLOCK} and following ({error}). "
                    "Likely reason: too little memory on its machines. What is finished is kept: --resume goes on"
                ) from error
            keep(futures[future], table)
            future.release()

    def close(self) -> None:
        """Leave the cluster; it goes on."""
        self._client.close()


@contextmanager
def _in_file(kernel: Kernel) -> Iterator[Path]:
    """The kernel in a file of its own for as long as it is needed: a process that replaces another reads it again."""
    handle, name = tempfile.mkstemp(suffix=".kernel")
    file = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            pickle.dump(kernel, stream, protocol=5)
        yield file
    finally:
        file.unlink(missing_ok=True)
