# SPDX-License-Identifier: Apache-2.0
"""Runs the program under test."""

import json
import os
import signal
import subprocess
import time

import processes

BINARY = os.environ.get("SLUICE", os.path.join(processes.root_dir(), "build", "sluice"))
SANITIZER = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:")


class Result:
    """What a finished run left: code, out, err, seconds, cpu (user + system), rss_kb (peak)."""

    def __init__(self, code, out, err, seconds, cpu=0.0, rss_kb=0, summary=None):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds
        self.cpu, self.rss_kb, self.summary = cpu, rss_kb, summary


class Job:
    """One process of sluice with its output in files; `summary`: the path of the summary that it shall write."""

    def __init__(self, args, folder: str, name: str, env=None, summary=None):
        os.makedirs(folder, exist_ok=True)
        self.out_path, self.err_path = os.path.join(folder, name + ".out"), os.path.join(folder, name + ".err")
        self.summary_path = summary
        self.args = [str(a) for a in [*args, *(["--summary", summary] if summary else [])]]
        self.began = time.monotonic()
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = processes.start(
                [BINARY, *self.args],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**os.environ, **(env or {})},
            )
        self.pid = self.process.pid
        self.usage = None

    def running(self) -> bool:
        """Reaps the process when it has ended and keeps what it used."""
        if self.process.returncode is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self.usage = usage
        return self.process.returncode is None

    def out(self) -> str:
        return _read(self.out_path)

    def err(self) -> str:
        return _read(self.err_path)

    def wait(self, seconds=120.0) -> Result:
        """Waits for the end by itself; kills it at the deadline and fails."""
        seconds *= processes.PATIENCE
        deadline = self.began + seconds
        while self.running():
            if time.monotonic() > deadline:
                self.kill()
                raise processes.Timeout(
                    f"sluice {' '.join(self.args)} did not end within {seconds} s:\n{self.tail()}"
                )
            time.sleep(0.005)  # tidy: poll
        return self._result()

    def _result(self) -> Result:
        processes.end(self.process)
        summary = None
        if self.summary_path and (self.process.returncode == 0 or os.path.exists(self.summary_path)):
            with open(self.summary_path, encoding="utf-8") as file:
                summary = json.load(file)
        usage = self.usage
        cpu = usage.ru_utime + usage.ru_stime if usage else 0.0
        # wait4 tells no less than what this process had when it forked; the summary tells the program's own peak.
        peak_kb = summary["peak_memory_bytes"] // 1024 if summary else usage.ru_maxrss if usage else 0
        return Result(
            self.process.returncode,
            self.out(),
            self.err(),
            time.monotonic() - self.began,
            cpu,
            peak_kb,
            summary,
        )

    def terminate(self, seconds=5.0, sig=signal.SIGTERM) -> Result:
        """SIGTERM; the program must have stopped within `seconds`."""
        seconds *= processes.PATIENCE
        asked = time.monotonic()
        if self.running():
            self.process.send_signal(sig)
        while self.running() and time.monotonic() < asked + seconds + 20:
            time.sleep(0.005)  # tidy: poll
        if self.running():
            self.kill()
            raise processes.Timeout(f"sluice did not stop on signal {sig}:\n{self.tail()}")
        took = time.monotonic() - asked
        assert took <= seconds, f"sluice took {took:.1f} s to stop, allowed are {seconds}"
        return self._result()

    def kill_after(self, seconds: float, note=""):
        """kill -9 after that time; a process that has ended by then is a failure."""
        processes.poll(lambda: not self.running(), seconds, 0.002)
        assert self.running(), f"{note}sluice ended by itself:\n{self.tail()}"
        self.kill()

    def kill(self):
        """kill -9."""
        if self.running():
            self.process.kill()
        processes.end(self.process)

    def wait_text(self, text: str, seconds=30.0):
        """Waits until `text` is in the output."""
        processes.wait_until(
            lambda: text in self.err() or text in self.out(),
            f"'{text}' in the output of sluice:\n{self.tail()}",
            seconds,
        )

    def tail(self, lines=30) -> str:
        return "\n".join((self.out() + self.err()).splitlines()[-lines:])


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def memory_limit(kb: int) -> int:
    """The sanitizers surround memory and keep what was freed: their programs may have three times as much."""
    return kb * 3 if processes.SANITIZED else kb


def check_sanitizer(text: str):
    """Fails on a report of a sanitizer in the output."""
    for mark in SANITIZER:
        assert mark not in text, f"sanitizer report:\n{text[-6000:]}"
