"""The run store under fire: several writers at once, killed at any moment."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from eacu.report.catalogue import query
from eacu.report.runfolder import save_run
from eacu.report.saved import open_run
from eacu.report.store import LOCK, StoreError, delete_runs, draft, find_run, run_folders

WRITE = """
import sys, pathlib
from eacu.report.store import draft
out = pathlib.Path(sys.argv[1])
print("ready", flush=True)
for number in range(10_000):
    with draft(out) as new:
        for name in ("one", "two", "three"):
            (new.folder / name).write_text(name * 1000)
        (new.folder / "run.json").write_text("one two three")
        print(new.publish(f"{sys.argv[2]}-{number:05d}").name, flush=True)
"""
SAVE = """
import sys, pathlib, pickle
from eacu.report.runfolder import save_run
out = pathlib.Path(sys.argv[1])
run = pickle.loads(pathlib.Path(sys.argv[2]).read_bytes())
first = save_run(run, out).name
print("ready", flush=True)
print(first, flush=True)
while True:
    print(save_run(run, out).name, flush=True)
"""


def killed(program: str, arguments: list[list[str]], seconds: tuple[float, float], seed: int) -> list[str]:
    """Start writers at once, kill each at a random moment after it is ready; what they said they had finished.

    The kill is the operating system's: SIGKILL, on Windows TerminateProcess; no handler runs.
    """
    chance = random.Random(seed)
    writers = [
        subprocess.Popen([sys.executable, "-c", program, *own], stdout=subprocess.PIPE, text=True)
        for own in arguments
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    now = time.monotonic()
    for moment, writer in sorted((chance.uniform(*seconds), n) for n, _ in enumerate(writers)):
        time.sleep(max(0.0, now + moment - time.monotonic()))
        writers[writer].kill()
    said = [writer.communicate()[0] for writer in writers]
    return [line for text in said for line in text.splitlines(keepends=True) if line.endswith("\n")]


def leftovers(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.name.startswith(".") and path.name != LOCK)


def test_kills_leave_no_half_run_and_lose_none(tmp_path):
    """Many quick writers, killed at random moments of writing, publishing and cleaning up."""
    out = tmp_path / "runs"
    finished, litter = set(), 0
    for round_ in range(5):
        arguments = [[str(out), f"{round_}-{writer}"] for writer in range(5)]
        finished |= {line.strip() for line in killed(WRITE, arguments, (0.0, 0.4), seed=round_)}
        litter += bool(leftovers(out))
    listed = {folder.name: folder for folder in run_folders(out)}
    assert len(finished) > 5
    assert finished <= listed.keys()
    for folder in listed.values():
        assert {file.name for file in folder.iterdir()} == {"one", "two", "three", "run.json"}
        assert (folder / "three").read_text() == "three" * 1000
    assert litter, "no kill hit a writer while it wrote: the test tests nothing"
    with draft(out) as new:
        assert leftovers(out) == sorted([new.folder.name, f"{new.folder.name}{LOCK}"])
    assert leftovers(out) == []


def test_real_runs_saved_by_killed_processes(run, tmp_path):
    """Whole runs: each one listed is intact to the last byte, the catalogue answers, the rest is cleaned up."""
    out, pickled = tmp_path / "runs", tmp_path / "run.pickle"
    bare = [
        replace(one, solution=replace(one.solution, record=None)) for one in run
    ]  # the record has no pickle
    pickled.write_bytes(pickle.dumps(replace(run, solved=tuple(bare))))
    arguments = [[str(out), str(pickled)]] * 2
    finished = {line.strip() for line in killed(SAVE, arguments, (0.5, 1.5), seed=1)}
    assert len(finished) >= 2
    listed = query(out, "select run, status from runs")
    assert finished <= set(listed["run"])
    assert set(listed["status"]) == {"ok"}
    assert [problem for name in listed["run"] for problem in open_run(name, out).problems()] == []
    checks = query(out, "select run, count(*) as n from checks group by run")
    assert set(checks["n"]) == {sum(len(regime.checks) for regime in run)}
    save_run(run, out)
    assert leftovers(out) == []


def test_a_living_writer_is_left_alone(tmp_path):
    """Only a dead writer's draft is a leftover, however long the living one takes."""
    out = tmp_path / "runs"
    with draft(out) as slow:
        (slow.folder / "run.json").write_text("{}")
        with draft(out) as quick:
            (quick.folder / "run.json").write_text("{}")
            quick.publish("quick")
        assert slow.folder.is_dir()
        slow.publish("slow")
    assert [folder.name for folder in run_folders(out)] == ["quick", "slow"]
    assert leftovers(out) == []


def test_readers_and_deleters_at_once(run, tmp_path):
    """Runs deleted while they are listed and queried: the answer is about those that are left."""
    out = tmp_path / "runs"
    names = [save_run(run, out).name for _ in range(6)]
    program = (
        "import sys, pathlib, time; from eacu.report.store import delete_runs; out = pathlib.Path(sys.argv[1])\n"
        "print('ready', flush=True)\n"
        "for name in sys.argv[2:]: delete_runs(out, [name]); time.sleep(0.05)"
    )
    deleter = subprocess.Popen(
        [sys.executable, "-c", program, str(out), *names[:5]], stdout=subprocess.PIPE, text=True
    )
    assert deleter.stdout.readline() == "ready\n"
    seen = []
    while not seen or deleter.poll() is None:
        answer = query(out, "select distinct run from results union select run from runs")["run"]
        assert set(answer) <= set(names)
        seen.append(len(answer))
    assert deleter.returncode == 0
    assert query(out, "select run from runs")["run"].tolist() == [names[5]]
    assert leftovers(out) == []


def test_a_run_is_found_by_the_beginning_of_its_name(tmp_path):
    out = tmp_path / "runs"
    with pytest.raises(StoreError, match="there is no run in"):
        find_run(out, "latest")
    for name in ("20260101T000000Z-aaaa", "20260101T000000Z-bbbb", "20260202T000000Z-cccc"):
        with draft(out) as new:
            (new.folder / "run.json").write_text("{}")
            new.publish(name)
    assert find_run(out, "latest").name == "20260202T000000Z-cccc"
    assert find_run(out, "202602").name == "20260202T000000Z-cccc"
    with pytest.raises(StoreError, match="'202601' means 2 runs"):
        find_run(out, "202601")
    with pytest.raises(
        StoreError, match=r"no run '20260202T00000Z-cccd'.*did you mean '20260202T000000Z-cccc'"
    ):
        find_run(out, "20260202T00000Z-cccd")


def test_one_wrong_name_deletes_nothing(tmp_path):
    out = tmp_path / "runs"
    with draft(out) as new:
        (new.folder / "run.json").write_text("{}")
        new.publish("20260101T000000Z-aaaa")
    with pytest.raises(StoreError, match="no run 'nonsense'"):
        delete_runs(out, ["2026", "nonsense"])
    assert len(run_folders(out)) == 1
    assert delete_runs(out, ["2026", "latest"]) == ["20260101T000000Z-aaaa"]
    assert run_folders(out) == []


def test_a_damaged_run_is_listed_as_one(run, tmp_path):
    """A copy broken off half-way is never taken for a run, and does not hide the others."""
    out = tmp_path / "runs"
    sound, cut, lost, empty = (save_run(run, out) for _ in range(4))
    (cut / "results.parquet").write_bytes((cut / "results.parquet").read_bytes()[:1000])
    (lost / "sam" / "pre-union.csv").unlink()
    (empty / "run.json").write_text("")
    answer = query(out, "select run, status, problem from runs").set_index("run")
    assert answer["status"].to_dict() == {
        sound.name: "ok",
        cut.name: "damaged",
        lost.name: "damaged",
        empty.name: "damaged",
    }
    assert "results.parquet has 1000 bytes" in answer.at[cut.name, "problem"]
    assert "pre-union.csv is missing" in answer.at[lost.name, "problem"]
    assert query(out, "select distinct run from results")["run"].tolist() == [sound.name]
    with pytest.raises(StoreError, match=r"damaged: results\.parquet has 1000 bytes.*solve it again"):
        open_run(cut.name, out)
    (sound / "log.txt").write_text("x" * len((sound / "log.txt").read_bytes()))
    assert open_run(sound.name, out).problems() == [
        "log.txt is not the file that was written: its SHA-256 differs"
    ]
