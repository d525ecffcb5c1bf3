# SPDX-License-Identifier: Apache-2.0
"""One measured job of Flink: from its start to the commit that holds its last record."""

import time

import arguments
import measure
import processes

RUN_SECONDS_MAX = arguments.number("FLINK_SECONDS", 900, 1)
# An epoch whose rows were all committed by the checkpoint before it makes no snapshot of its own.
COMMIT_SECONDS_MAX = 3


def _cpu(cluster):
    return {
        "job manager": measure.process_cpu(cluster.job_manager.pid),
        "task manager": measure.process_cpu(cluster.task_manager.pid),
    }


def _forget_peaks(cluster):
    for process in (cluster.job_manager, cluster.task_manager):
        with open(f"/proc/{process.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")


class Drain:
    """Tells when the sources have given out so many records.

    Each question costs both managers CPU time that would count as the job's. So the next one waits for half of the time
    that the rest will take by the rate so far; for a failure it asks when no record came in between.
    """

    WAIT_MIN, WAIT_MAX = 0.25, 2.0  # seconds

    def __init__(self, cluster, job, records):
        self.cluster, self.job, self.records = cluster, job, records
        self.counter = cluster.counter(job)
        self.seen, self.asked, self.wait = 0, time.monotonic(), 1.0

    def done(self) -> bool:
        self.cluster.check()
        now = time.monotonic()
        passed = now - self.asked
        if passed < self.wait:
            return False
        seen = self.counter()
        if seen == self.seen and (failure := self.cluster.failure(self.job)):
            raise RuntimeError(f"the job of Flink failed:\n{failure}")
        if seen > self.seen:
            rest = (self.records - seen) * passed / (seen - self.seen)
            self.wait = min(max(rest / 2, self.WAIT_MIN), self.WAIT_MAX)
        self.seen, self.asked = seen, now
        return seen >= self.records


def run(cluster, server, statements, items, records, committed, cold) -> measure.Sample:
    """Runs the job of the last statement. `committed(job)` is the newest checkpoint that the table holds.

    The run of a cold cluster has the CPU of its JVMs since they were started. The client that submits is in neither.
    """
    if not cold:
        _forget_peaks(cluster)
    before, database, gateway = _cpu(cluster), measure.server_cpu(server), measure.process_cpu(cluster.gateway.pid)
    foreign = measure.Foreign()
    job = cluster.sql(*statements)
    began = cluster.rest(f"/jobs/{job}")["start-time"] / 1000
    drain = Drain(cluster, job, records)
    processes.wait_until(drain.done, f"{records} records from Flink's source", RUN_SECONDS_MAX, 0.1)
    checkpoint = cluster.checkpoint(job)
    ended, after = time.time(), _cpu(cluster)
    try:
        processes.wait_until(lambda: committed(job) >= checkpoint, "", COMMIT_SECONDS_MAX, 0.02)
        ended, after = time.time(), _cpu(cluster)
    except processes.Timeout:
        pass  # the checksum will tell whether rows are missing
    used = {name: after[name] - (0 if cold else before[name]) for name in after}
    database = measure.server_cpu(server) - database
    gateway = measure.process_cpu(cluster.gateway.pid) - gateway
    others = foreign.share(sum(after.values()) - sum(before.values()) + database + gateway)
    peak = sum(processes.rss_kb(p.pid, "VmHWM") for p in (cluster.job_manager, cluster.task_manager))
    cluster.cancel(job)
    return measure.Sample(
        items, ended - began, sum(used.values()), peak, database, processes=used, others=others
    )
