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


class QuietMachine:
    """Holds a run back while the machine is slower than it was at its best: its neighbours come and go."""

    SLOWER, TRIES = 1.15, 45

    def __init__(self):
        self.best = min(cpu_loop() for _ in range(5))
        self.loops = []

    def wait(self) -> float:
        """Seconds of the loop just before the run; after TRIES seconds the machine is taken as it is."""
        for _ in range(self.TRIES):
            loop = cpu_loop()
            self.best = min(self.best, loop)
            if loop <= self.best * self.SLOWER:
                break
            time.sleep(0.6)
        self.loops.append(loop)
        return loop


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
