# SPDX-License-Identifier: Apache-2.0
"""Measured runs: sluice, the floors beside it, the server's own share. Median and range of repetitions."""

import json
import os
import statistics
import subprocess

import mariadb
import processes
import sluice

TICK = os.sysconf("SC_CLK_TCK")


def server_cpu(server) -> float:
    """CPU seconds that mariadbd has used."""
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Sample:
    """One run: items (rows or changes), wall and CPU seconds, peak memory, the server's CPU seconds."""

    def __init__(self, items, seconds, cpu, rss_kb=0, server=0.0, written=0):
        self.items, self.seconds, self.cpu, self.rss_kb, self.server, self.written = (
            items,
            seconds,
            cpu,
            rss_kb,
            server,
            written,
        )


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


def floor(program, *args) -> Sample:
    """Runs one of the floor programs of this folder."""
    done = subprocess.run([program, *map(str, args)], capture_output=True, text=True, check=False, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"{os.path.basename(program)}: {done.stderr.strip()}")
    values = json.loads(done.stdout)
    return Sample(values["items"], values["seconds"], values["cpu"], written=values["bytes"])


def run_sluice(server, folder, name, args, items, env=None) -> Sample:
    """One run of sluice to its end."""
    before = server_cpu(server)
    job = sluice.Job(args, folder, name, env, os.path.join(folder, name + ".json"))
    result = job.wait(3600)
    if result.code:
        raise RuntimeError(f"sluice {' '.join(args)} ended with {result.code}:\n{job.tail()}")
    return Sample(items, result.seconds, result.cpu, result.rss_kb, server_cpu(server) - before)


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
