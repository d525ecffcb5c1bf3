# SPDX-License-Identifier: Apache-2.0
"""One scenario: a server under load, a pipeline of one pair, faults one after the other, then a drain and a full check.

All choices come from the seed; how far the threads and processes are at each of them does not.
"""

import errno
import os
import random

import engine_tables
import faults
import harness
import processes
import sluice

SLACK_BYTES = 20_000  # what a full disk still takes
# Left out unless asked for, because the product does not do it yet: a state directory lost with DDL after the position
# that the tables hold.
SWITCHES = ("ddl-replay",)
NEVER = ("CHECK failed", "terminate called", *sluice.SANITIZER)


class Scenario:
    """Owned by one thread; `ctx` is a harness.Context that its maker closes."""

    def __init__(self, ctx, pair, seed, interval=None, small_disk=False, switches=(), load_pause=0.002, **load):
        self.switches, self.load_pause = frozenset(switches), load_pause
        self.ctx, self.pair, self.rng = ctx, pair, random.Random(seed)
        self.job = self.load = None
        self.steps = 0
        self._retired, self._disk = [], None
        self.disk_kind = "no limit"
        if small_disk:
            self._mount()
        self.server = pair.source.start(ctx)
        self.db = ctx.database(pair.source.script, server=self.server)
        self.line = ctx.proxy(self.server)
        self.sink = pair.sink(ctx, self.db)
        if self.sink.has_engines:
            self.sink.engines = engine_tables.choose(random.Random(f"{seed}/engines"))
        for statement in engine_tables.script(self.sink.engines):
            self.server.execute(statement, self.db)
        self.interval = interval or f"{self.rng.choice((30, 60, 120, 250))}ms"
        options = self.sink.options(pair.source.partitioned, self.rng)
        if self.sink.wants_keys:
            pair.source.give_keys(self.server, self.db)
        self.path = ctx.pipeline(
            f"{self.db}.\\.*",
            server=self.server,
            port=self.line.port,
            source=pair.source.options,
            sink=options,
            pipeline={"schema.change.behavior": "evolve"},
        )
        self.workload = pair.source.load(random.Random(seed + 1_000_000_007), **load)
        self.resume_load()

    # ---- the load

    def resume_load(self):
        before = self.steps
        self.load = harness.Load(
            self.server, lambda c, n: self.workload.step(c, before + n), self.db, self.load_pause, reconnect=True
        )

    def stop_load(self):
        if self.load is not None:
            load, self.load = self.load, None
            self.steps += load.steps
            load.stop()

    # ---- sluice

    def start(self, env=None):
        """Starts sluice; that it reaches its source is not waited for."""
        self.job = self.ctx.start_run(self.path, env=env, interval=self.interval)
        self.ctx.jobs.remove(self.job)

    def started(self):
        """sluice runs and has committed since it was started by this call; it is left alone if it runs already."""
        if self.job is None:
            self.start()
            self.progress()

    def progress(self, seconds=60, may_end=False):
        """Waits for an epoch that begins after this call: one may be on its way, so two are awaited."""
        before = self.sink.epoch()[0]
        self.wait(
            lambda: self.sink.epoch()[0] >= before + 2 or (may_end and not self.job.running()),
            f"an epoch after {before}",
            seconds,
        )

    def wait(self, condition, what, seconds=60):
        """Polls; sluice must not end meanwhile unless that is what is waited for."""

        def met():
            running = self.job is None or self.job.running()  # before the condition, which may wait for its end
            if condition():
                return True
            assert running, (
                f"sluice ended by itself with {self.job.process.returncode} while the run waited for {what}:\n"
                f"{self.job.tail()}"
            )
            return False

        try:
            processes.wait_until(met, what, seconds, 0.02)
        except processes.Timeout as error:
            raise processes.Timeout(f"{error}\n{self.job.tail(15) if self.job else ''}") from None

    def pause(self, seconds, must_run=False):
        """Lets time pass."""
        try:
            processes.wait_until(
                lambda: must_run and not self.job.running(), "", seconds, min(0.01, seconds / 4)
            )
        except processes.Timeout:
            return
        raise AssertionError(f"sluice ended by itself with {self.job.process.returncode}:\n{self.job.tail()}")

    def kill(self, expected_end=False):
        """kill -9; unless `expected_end`, sluice must have been running."""
        job, self.job = self.job, None
        ended = not job.running()
        assert expected_end or not ended, f"sluice ended by itself with {job.process.returncode}:\n{job.tail()}"
        job.kill()
        for text in NEVER:
            assert text not in job.err(), f"{text}:\n{job.tail(60)}"
        self._retired.append(job)
        for old in self._retired[:-3]:  # the last outputs are enough to find a cause
            os.remove(old.out_path)
            os.remove(old.err_path)
        self._retired = self._retired[-3:]

    def job_says(self, *words) -> bool:
        text = self.job.err().lower()
        return any(word in text for word in words)

    def stop_to_lose_state(self):
        """Kills sluice at a random moment before its state directory is harmed, within what SWITCHES leave."""
        if "ddl-replay" not in self.switches:
            self.workload.ddl, steps = False, self.load.steps
            self.wait(lambda: self.load.steps > steps + 1, "the last change of a schema")
            mark = self.pair.source.mark(self.server, self.db)
            self.started()
            self.wait(lambda: self.sink.holds(mark), "the last change of a schema in the lake")
        self.started()
        self.pause(self.rng.uniform(0.0, 0.5), must_run=True)
        self.kill()

    def resume_ddl(self):
        """After the state directory was harmed: sluice has a whole one again."""
        self.started()
        self.progress()
        self.workload.ddl = True

    # ---- the disk

    def _mount(self):
        """Lake and state directory on a small tmpfs, if this user may mount one."""
        self._disk = self.ctx.mount_warehouse("size=128m")
        if self._disk is None:
            self.disk_kind = "RLIMIT_FSIZE"
            return
        self.disk_kind = "tmpfs of 128 MB"
        self.ctx.state = os.path.join(self._disk, "state")

    def can_fill_disk(self) -> bool:
        return self._disk is not None

    def fill_disk(self):
        """Takes all space but a few KB, in which some file or other of the next epoch ends."""
        block = bytes(1 << 16)
        with open(os.path.join(self._disk, "ballast"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(block)
            except OSError as error:
                assert error.errno == errno.ENOSPC, error
            file.truncate(max(0, file.tell() - self.rng.randrange(SLACK_BYTES)))

    def free_disk(self):
        os.remove(os.path.join(self._disk, "ballast"))

    # ---- checks

    def check_commits(self):
        """The cheap check: no named file is missing, each epoch is whole. Kills sluice if it runs."""
        if self.job is not None:
            self.kill()
        damaged = self.sink.damaged()
        assert not damaged, f"{len(damaged)} files: {damaged[:5]}"
        self.look()

    def look(self, most=None):
        """At the newest epochs, while sluice may go on."""
        self.sink.check_commits(most)
        if self.sink.engines and self.sink.commits_checked:  # of epochs behind the copy
            self.workload.engines = self.sink.engines

    def drain(self):
        """Stops the load, runs sluice until it has caught up, compares all."""
        self.stop_load()
        if self.job is not None:
            self.kill()
        result = self.ctx.catch_up(self.path)
        for text in NEVER:
            assert text not in result.err, result.err[-6000:]
        tables = self.pair.source.tables(self.server, self.db)
        self.sink.check_equal(self.server, tables)
        self.sink.check_clean()
        self.check_commits()

    def inject(self, name) -> bool:
        """One fault by its name; gives False if it could not be had."""
        if name.startswith("failpoint:"):
            return faults.failpoint(self, name.split(":", 1)[1])
        if name == "disk-full" and not self.can_fill_disk():
            name = "limit-full"
        faults.FAULTS[name](self)
        return True

    def close(self):
        try:
            self.stop_load()
        except AssertionError:
            pass
        if self.job is not None:
            self.job.kill()


