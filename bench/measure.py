# SPDX-License-Identifier: Apache-2.0
"""Measured runs: sluice, the floors beside it, the server's own share. Median and range of repetitions."""

import dataclasses
import json
import os
import statistics
import subprocess
import time

import mariadb
import processes
import sluice

TICK = os.sysconf("SC_CLK_TCK")


def process_cpu(pid: int) -> float:
    """CPU seconds, user and system, that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def server_cpu(server) -> float:
    """CPU seconds that mariadbd has used."""
    return process_cpu(server.process.pid)


def machine_cpu() -> tuple[float, float]:
    """(busy, all) CPU seconds of the machine's cores."""
    with open("/proc/stat", encoding="ascii") as stat:
        values = [int(v) for v in stat.readline().split()[1:9]]
    return (sum(values) - values[3] - values[4]) / TICK, sum(values) / TICK


@dataclasses.dataclass
class Sample:
    """One run. CPU is user + system of all processes of the engine, the server's apart."""

    items: int  # rows or changes
    seconds: float
    cpu: float
    rss_kb: int = 0
    server: float = 0.0  # CPU seconds
    written: int = 0  # bytes
    files: int = 0
    processes: dict = dataclasses.field(default_factory=dict)  # CPU seconds by name, if there are several
    others: float = 0.0  # share of the machine that foreign processes took
    read_seconds: float = 0.0  # the fixed read-back by a third engine
    loop_seconds: float = 0.0  # the fixed CPU loop just before
    loop_after: float = 0.0  # and just after
    tries: int = 1  # runs that were made for it, see QuietMachine.least_disturbed


class Series:
    """Repetitions of one line of the table."""

    def __init__(self, name, unit="row"):
        self.name, self.unit, self.samples = name, unit, []

    def add(self, sample):
        self.samples.append(sample)
        print(
            f"    {self.name}: {sample.items:,} {self.unit}s, {sample.seconds:.2f} s,"
            f" {sample.cpu / sample.items * 1e6:.3f}"
            f" µs/{self.unit}{f', {sample.rss_kb / 1024:.0f} MB' if sample.rss_kb else ''}",
            flush=True,
        )

    def figures(self, function):
        values = sorted(function(sample) for sample in self.samples)
        return statistics.median(values), values[0], values[-1]

    def micros(self):
        return self.figures(lambda s: s.cpu / s.items * 1e6)

    def rate(self):
        return self.figures(lambda s: s.items / s.seconds)

    def server_micros(self):
        return self.figures(lambda s: s.server / s.items * 1e6)

    def rss_mb(self):
        return self.figures(lambda s: s.rss_kb / 1024)


def cpu_loop() -> float:
    """Wall seconds of a fixed piece of work for one core: what the machine itself varies by."""
    began = time.perf_counter()
    value = 1
    for i in range(4_000_000):
        value = (value * 69069 + i) & 0xFFFFFFFF
    return time.perf_counter() - began


OTHERS_MAX = 0.10  # share of the machine that other processes may take
LOOP_SLOWER = 1.15  # times the best loop that was seen
MARK = "†"  # of a figure with a run that stayed disturbed


def disturbance(sample, best) -> float:
    """How far the machine was from quiet, by the loop before and after and by what others took: above 1 it was not."""
    loop = max(sample.loop_seconds, sample.loop_after)
    return max(sample.others / OTHERS_MAX, loop / (LOOP_SLOWER * best) if best else 0.0)


class QuietMachine:
    """Holds a run back while the machine is slower than it was at its best, and repeats one that was disturbed.

    All runs together are held back PATIENCE seconds at most; from then on the machine is taken as it is.
    """

    WAITS, TRIES, PATIENCE = 45, 4, 600.0

    def __init__(self, loop=cpu_loop, sleep=time.sleep):
        self._loop, self._sleep, self._patience = loop, sleep, self.PATIENCE
        self.best = min(loop() for _ in range(5))
        self.loops = []

    def _time(self) -> float:
        loop = self._loop()
        self.best = min(self.best, loop)
        return loop

    def wait(self) -> float:
        """Seconds of the loop just before the run; after WAITS seconds the machine is taken as it is."""
        for _ in range(self.WAITS):
            loop = self._time()
            if loop <= self.best * LOOP_SLOWER or self._patience <= 0:
                break
            self._sleep(0.6)
            self._patience -= loop + 0.6
        self.loops.append(loop)
        return loop

    def after(self) -> float:
        """Seconds of the loop just after a run; the better of two, as what was measured may still be ending."""
        return min(self._time() for _ in range(2))

    def timed(self, run) -> "Sample":
        """run()'s Sample with the loops before and after it."""
        loop = self.wait()
        sample = run()
        sample.loop_seconds, sample.loop_after = loop, self.after()
        return sample

    def least_disturbed(self, attempt):
        """A Sample of attempt(), which has both loops in it; a disturbed one is made again, a few times at most.

        What the run itself took plays no part in the choice. An error of any attempt is the caller's.
        """
        made = []
        for number in range(1, self.TRIES + 1):
            sample = attempt()
            made.append(sample)
            if disturbance(sample, self.best) <= 1 or self._patience <= 0:
                break
            print(
                f"      disturbed: others {sample.others:.0%}, CPU loop {sample.loop_seconds:.3f} s before and"
                f" {sample.loop_after:.3f} s after, {self.best:.3f} s at best; try {number} of {self.TRIES}",
                flush=True,
            )
        best = min(made, key=lambda sample: disturbance(sample, self.best))
        best.tries = len(made)
        return best


def noise(loops) -> str:
    """What the machine was like before the runs: seconds of the fixed loop."""
    loops = sorted(loops)
    if not loops:
        return "no run yet"
    return (
        f"a fixed CPU loop before each of {len(loops)} runs took {loops[len(loops) // 2] * 1000:.0f} ms"
        f" ({loops[0] * 1000:.0f}–{loops[-1] * 1000:.0f})"
    )


class Foreign:
    """The share of the machine that other processes take while a run is measured."""

    def __init__(self):
        self._busy, self._all = machine_cpu()
        self._own = time.process_time()

    def share(self, measured) -> float:
        """`measured`: the CPU seconds of the run's own processes since this object was made."""
        busy, total = machine_cpu()
        own = measured + time.process_time() - self._own
        return max(0.0, busy - self._busy - own) / max(total - self._all, 1 / TICK)


def settle(server, seconds=60):
    """Waits until the disk has what was written, and mariadbd has no more pages to write, at most so long."""
    os.sync()
    for _ in range(seconds):
        before = server_cpu(server)
        time.sleep(1)
        if server_cpu(server) - before <= 0.02:
            return


def drop_cached(folder):
    """The files of a folder are read from the disk again; the caches of other processes stay as they are."""
    for parent, _, names in os.walk(folder):
        for name in names:
            descriptor = os.open(os.path.join(parent, name), os.O_RDONLY)
            try:
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def pin(pid, cores):
    """All threads of a process, and those that they will make, run on these cores."""
    for _ in range(2):  # one that was made meanwhile
        for thread in os.listdir(f"/proc/{pid}/task"):
            try:
                os.sched_setaffinity(int(thread), cores)
            except ProcessLookupError:
                pass


def floor(program, *args) -> Sample:
    """Runs one of the floor programs of this folder."""
    done = subprocess.run([program, *map(str, args)], capture_output=True, text=True, check=False, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"{os.path.basename(program)}: {done.stderr.strip()}")
    values = json.loads(done.stdout)
    return Sample(values["items"], values["seconds"], values["cpu"], written=values["bytes"])


def run_sluice(server, folder, name, args, items, env=None) -> Sample:
    """One run of sluice to its end."""
    before, foreign = server_cpu(server), Foreign()
    job = sluice.Job(args, folder, name, env, os.path.join(folder, name + ".json"))
    result = job.wait(3600)
    if result.code:
        raise RuntimeError(f"sluice {' '.join(args)} ended with {result.code}:\n{job.tail()}")
    used = server_cpu(server) - before
    return Sample(
        items, result.seconds, result.cpu, result.rss_kb, used, others=foreign.share(result.cpu + used)
    )


def select_floor(program, server, mode, table) -> Sample:
    before = server_cpu(server)
    sample = floor(program, mode, server.port, mariadb.USER, mariadb.PASSWORD, f"SELECT * FROM {table}")
    sample.server = server_cpu(server) - before
    return sample


def idle_rss_kb(job, seconds) -> int:
    """VmRSS after so many seconds in which nothing happens."""
    try:
        processes.wait_until(lambda: not job.running(), "", seconds, 0.5)
    except processes.Timeout:
        return processes.rss_kb(job.pid)
    raise RuntimeError(f"sluice ended while idle:\n{job.tail()}")
