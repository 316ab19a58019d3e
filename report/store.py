"""The run store: a folder of run folders that many processes use at once and any of them may die in.

A run is written into a hidden folder ``.partial-<name>`` and renamed when it is complete, so a folder without a
leading dot is a complete run. Whoever writes a draft holds the lock ``.partial-<name>.lock``. The operating system
drops the lock when its owner dies, however that happens, so a draft whose lock is free is a leftover; the next run
removes it. (A process number would not do: numbers are used again, and mean nothing on another computer that shares
the folder.) The lock ``.lock`` is held only while names change: where a draft begins, is published or removed.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

PARTIAL, DELETED, LOCK = ".partial-", ".deleted-", ".lock"
LATEST = "latest"
FORMAT = 2
"""Of ``run.json``: 1, before the format was written down, may lack ``elasticities``; 2 has it."""
_WAIT_SECONDS = 60.0
_RENAME_SECONDS = 5.0


class StoreError(ValueError):
    """There is no such run, or the folder of runs cannot be changed; the message says which."""


@dataclass(frozen=True)
class Draft:
    """A run that is being written: its folder, and the lock that says its owner is alive."""

    out: Path
    folder: Path
    owner: BaseFileLock

    def publish(self, identity: str) -> Path:
        """Give the complete folder its name; a second run of the same name gets a number.

        The files are on the disk before the folder has its name, so that a power cut cannot leave an empty one.
        """
        for file in self.folder.rglob("*"):
            if file.is_file():
                _flush(file)
        with _names(self.out):
            target = _free_name(self.out, identity)
            _rename(self.folder, target)
            self._let_go()
        return target

    def discard(self) -> None:
        """Remove the draft."""
        with _names(self.out):
            shutil.rmtree(self.folder, ignore_errors=True)
            self._let_go()

    def _let_go(self) -> None:
        self.owner.release()
        _remove_lock(self.owner)


@contextmanager
def draft(out: Path) -> Iterator[Draft]:
    """A new draft below ``out``; what dead writers left there is removed first.

    A draft that is not published when the block ends is discarded, also by Ctrl-C. Raises StoreError when another
    process keeps the names of the store locked.
    """
    out.mkdir(parents=True, exist_ok=True)
    name = f"{PARTIAL}{uuid.uuid4().hex[:12]}"
    with _names(out):
        _sweep(out)
        owner = FileLock(out / f"{name}{LOCK}")
        owner.acquire(blocking=False)
        (out / name).mkdir()
    own = Draft(out, out / name, owner)
    try:
        yield own
    finally:
        if own.owner.is_locked:
            own.discard()


def run_folders(out: Path) -> list[Path]:
    """The complete runs below ``out``, oldest first."""
    if not out.is_dir():
        return []
    return sorted(p for p in out.iterdir() if not p.name.startswith(".") and (p / "run.json").is_file())


def find_run(out: Path, name: str) -> Path:
    """The folder of a run by its name, by the beginning of it, or ``latest``.

    Raises StoreError when there is none or several are meant.
    """
    folders = {folder.name: folder for folder in run_folders(out)}
    if not folders:
        raise StoreError(f"there is no run in {out}; eacu run saves one, --out names another folder")
    if name == LATEST:
        return folders[max(folders)]
    if name in folders:
        return folders[name]
    found = [folder for known, folder in folders.items() if name and known.startswith(name)]
    if len(found) > 1:
        raise StoreError(f"{name!r} means {len(found)} runs: {', '.join(folder.name for folder in found)}")
    if not found:
        near = get_close_matches(name, folders, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else f". The latest is {max(folders)}"
        raise StoreError(f"there is no run {name!r} in {out}{hint}")
    return found[0]


def delete_runs(out: Path, names: Sequence[str]) -> list[str]:
    """Delete runs, all or, if one of the names is wrong, none; returns their full names.

    A run vanishes from the store in one step; one that a killed process was about to delete is gone all the same.
    """
    folders = dict.fromkeys(find_run(out, name) for name in names)
    with _names(out):
        for folder in folders:
            if folder.is_dir():
                _rename(folder, out / f"{DELETED}{uuid.uuid4().hex[:12]}")
        _sweep(out)
    return [folder.name for folder in folders]


def _sweep(out: Path) -> None:
    """Remove deleted runs, and drafts whose owner is dead. Only under the lock of the names."""
    for folder in out.glob(f"{DELETED}*"):
        shutil.rmtree(folder, ignore_errors=True)
    drafts = {path.name.removesuffix(LOCK) for path in out.glob(f"{PARTIAL}*")}
    for name in drafts:
        owner = FileLock(out / f"{name}{LOCK}")
        with suppress(Timeout):
            owner.acquire(blocking=False)
            shutil.rmtree(out / name, ignore_errors=True)
            owner.release()
            _remove_lock(owner)


@contextmanager
def _names(out: Path) -> Iterator[None]:
    """Hold the lock under which names in the store change."""
    try:
        with FileLock(out / LOCK, timeout=_WAIT_SECONDS):
            yield
    except Timeout:
        raise StoreError(
            f"{out / LOCK} has been locked by another process for {_WAIT_SECONDS:.0f} s; is one stopped or hung?"
        ) from None


def _free_name(out: Path, identity: str) -> Path:
    names = (identity if number == 1 else f"{identity}-{number}" for number in range(1, 1000))
    free = next((out / name for name in names if not (out / name).exists()), None)
    if free is None:
        raise StoreError(f"{out} already holds 999 runs called {identity}")
    return free


def _rename(source: Path, target: Path) -> None:
    """Rename a folder; Windows refuses while a scanner or a reader has a file of it open, so try for a while."""
    deadline = time.monotonic() + _RENAME_SECONDS
    while True:
        try:
            source.rename(target)
            return
        except PermissionError as error:
            if time.monotonic() > deadline:
                raise StoreError(
                    f"{source} cannot be renamed: {error}. Does a program have a file of it open, and may you "
                    "write there?"
                ) from error
            time.sleep(0.05)


def _remove_lock(lock: BaseFileLock) -> None:
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)


def _flush(file: Path) -> None:
    with file.open("r+b") as stream:
        os.fsync(stream.fileno())
