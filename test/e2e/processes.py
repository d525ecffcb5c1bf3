# SPDX-License-Identifier: Apache-2.0
"""Child processes of the tests: each is started in its own session, dies with the runner, and is ended by its pid."""

import atexit
import ctypes
import os
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1
SANITIZED = bool(os.environ.get("SLUICE_SANITIZED"))
PATIENCE = 3 if SANITIZED else 1  # times as long as usual is waited for slower programs
_libc = ctypes.CDLL(None, use_errno=True)
_children: dict[int, subprocess.Popen] = {}


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command, **options) -> subprocess.Popen:
    """Popen in a new session; the child is killed when this process ends, however it ends."""
    child = subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_parent, **options)
    _children[child.pid] = child
    return child


def end(child: subprocess.Popen, sig=signal.SIGTERM, seconds=20.0):
    """Sends `sig`, waits, and kills what does not end in time."""
    if child.poll() is None:
        child.send_signal(sig)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)
    _children.pop(child.pid, None)


def end_all():
    """Kills every child that is left. Safe to call twice."""
    for child in list(_children.values()):
        end(child, signal.SIGKILL)


atexit.register(end_all)


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Timeout(AssertionError):
    """A wait that met its deadline."""


def wait_until(condition, what: str, seconds=30.0, interval=0.05):
    """Polls `condition` until it gives something true, which is returned. `what` names it in the error."""
    value = poll(condition, seconds * PATIENCE, interval)
    if not value:
        raise Timeout(f"{what}: not within {seconds * PATIENCE} s")
    return value


def poll(condition, seconds, interval):
    """What `condition` gave last: something true, or what it was after that time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(interval)  # tidy: poll


def rss_kb(pid: int, field="VmRSS") -> int:
    """A memory figure of /proc/PID/status in KB; 0 when the process is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def root_dir() -> str:
    """The folder of the repository."""
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
