# SPDX-License-Identifier: Apache-2.0
"""One seed from its tables to the last comparison."""

import glob
import os
import random
import time

import engine_tables
import options as options_module
from check import Check
from processes import poll, wait_until

COPY_SECONDS = 90
POINTS = 10  # a seed goes on until it has so many positions to compare, or has gone on so often
MORE_TIMES, MORE_STEPS = 6, 12
HOLD_SECONDS = 1  # at most, since DDL waits for the copy's view, and writers for the DDL


class Seed:
    """Runs `seed` in a context of its own; `text` says what was done."""

    def __init__(self, ctx, source, sink, seed: int, steps: int, switches, points_max=0):
        self.ctx, self.source, self.sink, self.seed, self.points_max = ctx, source, sink, seed, points_max
        self.rng = random.Random(f"{seed}/job")
        self.options = options_module.choose(random.Random(f"{seed}/options"), steps, switches)
        self.options.keyed = sink.wants_keys(random.Random(f"{seed}/sink-keys"))
        self.options.form = sink.wants_form(random.Random(f"{seed}/sink-form"))
        self.options.engines = engine_tables.choose(random.Random(f"{seed}/engines")) if sink.has_engines else ()
        self.history = self.check = self.path = self.proxy = None
        self.restarts, self.copy_steps = 0, 0

    def run(self):
        began = time.monotonic()
        self.sink.forget()
        database = self.source.shared.next_database()
        self.history = self.source.begin(database, self.seed, self.options, self.ctx.dir)
        self.proxy = self.ctx.proxy(self.source.server)
        self.path = self.source.pipeline(
            self.ctx,
            database,
            self.options,
            self.sink.begin(self.ctx, self.history, random.Random(f"{self.seed}/sink")),
            self.history.sharded,
            self.proxy.port if self.options.holds else self.source.server.port,
        )
        self.history.start()
        try:
            self._follow()
        finally:
            self.history.stop()
        if self.options.server_restart:
            self.source.restart(self.options)
            self.history.decide()
        self.ctx.catch_up(self.path, interval=self._interval(), seconds=120)
        ran = time.monotonic()
        self.check = Check(self.ctx, self.source, self.sink, self.history, self.points_max)
        self.check.end()
        self.check.at_every_commit()
        if self.sink.tend(self.ctx, random.Random(f"{self.seed}/tend at the end")):
            self.check.end()
        checked = time.monotonic()
        self._verify()
        self._refuse(database)
        return ran - began, checked - ran, time.monotonic() - checked

    def _interval(self):
        return f"{self.options.interval}ms"

    def _start(self):
        return self.ctx.start_run(self.path, interval=self._interval())

    def _alive(self, job):
        self.history.check()
        if not job.running():
            raise AssertionError(f"sluice ended while the writers ran:\n{job.tail()}")

    def _follow(self):
        """The job beside the writers, ended and started again as the options say."""
        self._hold_later()
        job = self._start()
        if self.options.kill_in_copy:
            self._pause(self.rng.random() * 0.4)
            job.kill()
            self.restarts += 1
            job = self._start()
        self._copy(job)
        self.history.go_on()
        total, tending = self.history.steps_left(), random.Random(f"{self.seed}/tend")
        for number in range(self.options.restarts):
            until = total * (1 - (number + 1) / (self.options.restarts + 1))
            self._wait_steps(job, until)
            if self.rng.random() < 0.5:
                job.kill()
            else:
                job.terminate(6)
                self.sink.tend(self.ctx, tending)
            self.restarts += 1
            job = self._start()
        self._wait_steps(job, 0)
        for _ in range(MORE_TIMES):
            if len(self.sink.points(self.ctx)) >= POINTS:
                break
            self.history.more(MORE_STEPS)
            self._wait_steps(job, 0)
        self.history.end()
        if not self.options.server_restart:
            self.history.decide()
        self._pause(0.1)
        self._alive(job)
        result = job.terminate(6)
        if result.code not in (0, 143):
            raise AssertionError(f"sluice ended with {result.code} on SIGTERM:\n{job.tail()}")

    # ---- the copy

    def _copy(self, job):
        """To its end, with stops in which the writers go on, so that its views are of many moments."""
        holds = self.options.holds

        def copied():
            nonlocal holds
            self._alive(job)
            if not self.history.swaps_allowed.is_set() and glob.glob(f"{self.ctx.state}/checkpoint-*[0-9]"):
                self.history.swaps_allowed.set()  # README, Limits: the job must not begin in the middle of one
            if self.proxy.hold.is_set():
                poll(lambda: self.history.taken >= mark[0] + 3 * self.options.writers, HOLD_SECONDS, 0.01)
                mark[0], holds = self.history.taken, holds - 1
                self.proxy.release()
                if holds > 0:
                    self._hold_later()
            return self._copied()

        mark = [self.history.taken]
        try:
            wait_until(copied, "the end of the copy", COPY_SECONDS, 0.04)
        finally:
            self.proxy.release()
        self.copy_steps = self.history.taken

    def _copied(self) -> bool:
        """By the checkpoint (docs/formats/checkpoint.md): the copy, and the log that overlaps it, are read."""
        newest = max(glob.glob(f"{self.ctx.state}/checkpoint-*[0-9]"), default=None)
        try:
            with open(newest or os.devnull, "rb") as file:
                return b'"snapshot_done":true,"tables":[]' in file.read()
        except FileNotFoundError:  # replaced meanwhile
            return False

    def _hold_later(self):
        if self.options.holds:
            self.proxy.hold_after = self.proxy.bytes_down + self.rng.choice([3000, 10_000, 30_000, 100_000])

    def _wait_steps(self, job, left):
        def done():
            self._alive(job)
            return self.history.steps_left() <= left

        wait_until(done, "the writers", 120, 0.02)

    @staticmethod
    def _pause(seconds):
        """A random moment is what is wanted here: no condition marks it."""
        time.sleep(seconds)  # tidy: poll

    # ---- after the comparison

    def _verify(self):
        """The program's own comparison must agree, but where TRUNCATE of a shard left its rows. Tables whose merge
        engine makes other rows than the source's it must name, and not compare."""
        result = self.ctx.command("verify", self.path, seconds=60)
        lines = result.out.splitlines()
        other = {line.split()[1] for line in lines if line.startswith("DIFFERENT  ")}
        named = {line.split()[2].rstrip(":") for line in lines if line.startswith("NOT COMPARED  ")}
        left = {self.history.MERGED} if self.history.truncated_shards else set()
        fine = 3 if self.history.wanted else 0
        if result.code not in (fine, 1 if left else fine) or other - left or named != set(self.history.wanted):
            raise AssertionError(f"sluice verify found a difference:\n{result.out[-3000:]}{result.err[-2000:]}")

    def _refuse(self, database):
        """What must stop the job by name: rows without a full image, since their other columns are not in the log;
        a key of a type that no table of the lake can have as one."""
        ending, server = self.options.ending, self.source.server
        if ending in ("MINIMAL", "NOBLOB"):
            server.execute(
                f"INSERT INTO parent VALUES (9000000, 'x'); SET binlog_row_image = {ending}; "
                "UPDATE parent SET id = 9000001 WHERE id = 9000000",
                database,
            )
            self.ctx.fails(self.path, "binlog_row_image")
        elif ending in self.sink.refused_keys:
            server.execute(f"CREATE TABLE badkey (id {ending} PRIMARY KEY); INSERT INTO badkey VALUES (1)", database)
            self.ctx.fails(self.path, "badkey", " key")
