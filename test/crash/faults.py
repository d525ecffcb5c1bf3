# SPDX-License-Identifier: Apache-2.0
"""The faults of crash and soak runs. Each is a function of a scenario.Scenario; it returns when the fault is over.

A fault that leaves sluice running has seen it commit a new epoch since: recovery is part of the fault.
"""

import os
import resource
import shutil
import signal

import processes

FAULTS = {}


def fault(name):
    """Puts the function into FAULTS under this name."""

    def add(function):
        FAULTS[name] = function
        return function

    return add


def random_moment(rng) -> float:
    """5 ms to 2 s; half of the draws spread over the orders of magnitude, so that starts are hit too."""
    return rng.uniform(0.005, 2.0) if rng.random() < 0.5 else 0.005 * 400 ** rng.random()


@fault("kill")
def kill(run):
    """kill -9 of sluice."""
    if run.job is None:
        run.start()
    run.pause(random_moment(run.rng), must_run=True)
    run.kill()


@fault("stop-sluice")
def stop_sluice(run):
    """SIGSTOP, later SIGCONT: all deadlines of sluice pass while it does nothing."""
    run.started()
    run.job.process.send_signal(signal.SIGSTOP)
    run.pause(run.rng.uniform(0.05, 2.0))
    run.job.process.send_signal(signal.SIGCONT)
    run.progress()


@fault("stop-server")
def stop_server(run):
    """SIGSTOP, SIGCONT of the server."""
    run.started()
    run.server.process.send_signal(signal.SIGSTOP)
    run.pause(run.rng.uniform(0.05, 2.0))
    run.server.process.send_signal(signal.SIGCONT)
    run.progress()


@fault("kill-server")
def kill_server(run):
    """kill -9 of the server under load, and its restart."""
    run.started()
    run.pause(run.rng.uniform(0.0, 0.3))
    run.server.kill()
    run.pause(run.rng.uniform(0.0, 0.5))
    run.server.start()
    run.progress()


@fault("reset")
def reset(run):
    """Every connection is reset (RST)."""
    run.started()
    run.pause(run.rng.uniform(0.0, 0.5))
    run.line.cut(reset=True)
    run.progress()


@fault("cut-in-packet")
def cut_in_packet(run):
    """The connection ends after some bytes, in the middle of a packet."""
    run.started()
    cuts = run.line.cuts
    run.line.cut_after = run.rng.randint(1, 60_000)
    run.wait(lambda: run.line.cuts > cuts, "the line to be cut")
    run.progress()


@fault("stall")
def stall(run):
    """No byte passes for a while; none is lost."""
    run.started()
    run.line.hold.set()
    run.pause(run.rng.uniform(0.1, 2.0))
    run.line.hold.clear()
    run.progress()


@fault("black-hole")
def black_hole(run):
    """Every byte of the open connections vanishes, and nobody ends them."""
    run.started()
    run.line.silence()
    run.progress()


@fault("disk-full")
def disk_full(run):
    """No space for data files, metadata and checkpoints; then there is some again."""
    run.started()
    run.fill_disk()
    try:
        run.wait(lambda: not run.job.running() or run.job_says("no space"), "the full disk to be noticed", 30)
    finally:
        run.free_disk()
    if run.rng.random() < 0.5:
        run.progress(may_end=True)
        if run.job.running():
            return
    run.kill(expected_end=True)
    run.started()
    run.progress()


@fault("limit-full")
def limit_full(run):
    """RLIMIT_FSIZE: no file may grow beyond some KB (disk-full where no tmpfs may be mounted)."""
    run.started()
    _, hard = resource.prlimit(run.job.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(run.job.pid, resource.RLIMIT_FSIZE, (run.rng.randint(500, 4000), hard))
    run.wait(lambda: not run.job.running() or run.job_says("too large"), "the limit to be noticed", 30)
    run.kill(expected_end=True)
    run.started()


def _checkpoints(run):
    names = sorted(n for n in os.listdir(run.ctx.state) if n.startswith("checkpoint-") and not n.endswith(".tmp"))
    return [os.path.join(run.ctx.state, name) for name in names]


@fault("checkpoint-truncated")
def checkpoint_truncated(run):
    """The newest checkpoint lost its end."""
    run.stop_to_lose_state()
    newest = _checkpoints(run)[-1]
    os.truncate(newest, run.rng.randrange(os.path.getsize(newest)))
    run.resume_ddl()


@fault("checkpoint-removed")
def checkpoint_removed(run):
    """The newest checkpoint is gone."""
    run.stop_to_lose_state()
    os.remove(_checkpoints(run)[-1])
    run.resume_ddl()


@fault("checkpoints-damaged")
def checkpoints_damaged(run):
    """A byte of every checkpoint is another one."""
    run.stop_to_lose_state()
    for path in _checkpoints(run):
        with open(path, "r+b") as file:
            file.seek(run.rng.randrange(os.path.getsize(path)))
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ (1 << run.rng.randrange(8))]))
    run.resume_ddl()


@fault("state-removed")
def state_removed(run):
    """The state directory is gone."""
    run.stop_to_lose_state()
    shutil.rmtree(run.ctx.state)
    run.resume_ddl()


@fault("state-old")
def state_old(run):
    """The state directory is put back as it was some epochs ago."""
    run.stop_to_lose_state()
    copy = run.ctx.state + ".old"
    shutil.copytree(run.ctx.state, copy)
    run.started()
    run.stop_to_lose_state()
    shutil.rmtree(run.ctx.state)
    os.rename(copy, run.ctx.state)
    run.resume_ddl()


OTHERS = [name for name in FAULTS if name not in ("kill", "limit-full")]
# Those after which the same process of sluice goes on: what a soak uses, beside a rare kill.
IN_PROCESS = ["stop-sluice", "stop-server", "kill-server", "reset", "cut-in-packet", "stall", "black-hole"]


def failpoint(run, name):
    """kill -9 by sluice itself at a named point; gives whether it came by within some seconds. Upkeep comes after some
    epochs."""
    if run.job is not None:
        run.kill()
    run.start(env={"SLUICE_FAILPOINT": f"{name}:{run.rng.choice((1, 1, 2))}"})
    job, passed = run.job, True
    try:
        run.wait(lambda: not job.running(), name, 25 if name.startswith("upkeep.") else 6)
    except processes.Timeout:
        passed = False
    run.kill(expected_end=True)
    code = job.process.returncode
    assert code == -signal.SIGKILL, f"sluice ended by itself with {code}:\n{job.tail()}"
    return passed
