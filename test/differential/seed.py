# SPDX-License-Identifier: Apache-2.0
"""One seed from its tables to the last comparison."""

import random
import time

import options as options_module
from check import Check
from processes import wait_until

COPY_SECONDS = 90


class Seed:
    """Runs `seed` in a context of its own; `text` says what was done."""

    def __init__(self, ctx, source, sink, seed: int, steps: int, switches, points_max=0):
        self.ctx, self.source, self.sink, self.seed, self.points_max = ctx, source, sink, seed, points_max
        self.rng = random.Random(f"{seed}/job")
        self.options = options_module.choose(random.Random(f"{seed}/options"), steps, switches)
        self.history = self.check = self.path = None
        self.restarts = 0

    def run(self):
        began = time.monotonic()
        database = self.source.shared.next_database()
        self.history = self.source.begin(database, self.seed, self.options, self.ctx.dir)
        self.path = self.source.pipeline(
            self.ctx, database, self.options, dict(self.sink.pipeline_options), self.history.sharded
        )
        self.history.start()
        try:
            self._follow()
        finally:
            self.history.stop()
        self.history.end()
        self.ctx.catch_up(self.path, interval=self.options.interval, seconds=120)
        ran = time.monotonic()
        self.check = Check(self.ctx, self.source, self.sink, self.history, self.points_max)
        self.check.end()
        self.check.at_every_commit()
        checked = time.monotonic()
        self._verify()
        if self.options.partial_image:
            self._refuse_partial_image(database)
        return ran - began, checked - ran, time.monotonic() - checked

    def _start(self):
        return self.ctx.start_run(self.path, interval=self.options.interval)

    def _alive(self, job):
        self.history.check()
        if not job.running():
            raise AssertionError(f"sluice ended while the writers ran:\n{job.tail()}")

    def _follow(self):
        """The job beside the writers, ended and started again as the options say."""
        job = self._start()
        if self.options.kill_in_copy:
            self._pause(self.rng.random() * 0.4)
            job.kill()
            self.restarts += 1
            job = self._start()
        marks = ("snapshot complete", "resume")

        def copied():
            self._alive(job)
            return any(mark in job.err() for mark in marks[:1]) or self._past_copy(job)

        wait_until(copied, "the end of the copy", COPY_SECONDS)
        self.history.go_on()
        total = self.history.steps_left()
        for number in range(self.options.restarts):
            until = total * (1 - (number + 1) / (self.options.restarts + 1))
            self._wait_steps(job, until)
            job.kill() if self.rng.random() < 0.5 else job.terminate(6)
            self.restarts += 1
            job = self._start()
        self._wait_steps(job, 0)
        self.history.end()
        self._pause(0.1)
        self._alive(job)
        result = job.terminate(6)
        if result.code not in (0, 143):
            raise AssertionError(f"sluice ended with {result.code} on SIGTERM:\n{job.tail()}")

    def _past_copy(self, job):
        """A job that was killed after the copy does not say its end again."""
        return self.options.kill_in_copy and "following" in job.err()

    def _wait_steps(self, job, left):
        def done():
            self._alive(job)
            return self.history.steps_left() <= left

        wait_until(done, "the writers", 120, 0.02)

    @staticmethod
    def _pause(seconds):
        """A random moment is what is wanted here: no condition marks it."""
        time.sleep(seconds)  # tidy: poll

    def _verify(self):
        """The program's own comparison must agree. It cannot judge merged or keyless tables."""
        result = self.ctx.command("verify", self.path, seconds=60)
        if result.code != 0:
            raise AssertionError(f"sluice verify found a difference:\n{result.out[-3000:]}{result.err[-2000:]}")

    def _refuse_partial_image(self, database):
        """Rows without a full image must stop the job: their other columns are not in the log."""
        self.source.server.execute(
            "SET binlog_row_image = MINIMAL; INSERT IGNORE INTO parent VALUES (1, 'x'); UPDATE parent SET v = 'm'",
            database,
        )
        self.ctx.fails(self.path, "binlog_row_image")
