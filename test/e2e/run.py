#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the end-to-end tests: test/e2e/run.py [-k WORDS] [--keep] [--list] [--seconds N]

Every function test_* of every test_*.py gets a fresh Context. One line per test; the folder of a failed one is kept.
"""

import argparse
import contextlib
import importlib
import io
import os
import shutil
import signal
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
VENV = os.path.join(os.path.dirname(os.path.dirname(HERE)), ".deps", "venv", "bin", "python3")


def enter_venv():
    """Starts again under the Python that scripts/setup made, if this one lacks the packages."""
    try:
        import pyiceberg  # noqa: F401  pylint: disable=unused-import,import-outside-toplevel
        import pymysql  # noqa: F401  pylint: disable=unused-import,import-outside-toplevel
    except ImportError:
        if not os.path.exists(VENV) or os.path.realpath(sys.prefix) == os.path.dirname(os.path.dirname(VENV)):
            sys.exit("error: PyIceberg and PyMySQL are missing; hint: run scripts/setup")
        os.execv(VENV, [VENV, *sys.argv])


enter_venv()

import arguments  # noqa: E402
import harness  # noqa: E402
import processes  # noqa: E402
import sluice  # noqa: E402


def discover(words):
    """[(name, function)] in file order; every word of -k must be part of the name ("a|b": one of them)."""
    found = []
    for file in sorted(os.listdir(HERE)):
        if not (file.startswith("test_") and file.endswith(".py")):
            continue
        module = importlib.import_module(file[:-3])
        for name, function in vars(module).items():
            if name.startswith("test_") and callable(function) and function.__module__ == module.__name__:
                full = f"{file[5:-3]}.{name[5:]}"
                if all(any(part in full for part in word.split("|")) for word in words):
                    found.append((full, function))
    return found


class Deadline(BaseException):
    """Raised in the main thread when a test runs too long."""


def run_one(function, ctx, seconds):
    """Gives (state, text): passed, failed or skipped. What the test prints is shown only if it fails."""
    printed = io.StringIO()

    def expire(*_):
        raise Deadline(f"the test took more than {seconds} s")

    signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        with contextlib.redirect_stdout(printed):
            function(ctx)
        for job in ctx.jobs:
            sluice.check_sanitizer(job.err())
        return "passed", ""
    except harness.Skip as why:
        return "skipped", str(why)
    except (Exception, Deadline) as error:  # pylint: disable=broad-except
        text = "".join(traceback.format_exception(error)[-4:]) + printed.getvalue()[-4000:]
        for job in ctx.jobs[-2:]:
            text += f"\n--- sluice {' '.join(job.args)}\n{job.tail(20)}\n"
        return "failed", text
    finally:
        signal.alarm(0)


def need_binary():
    """Ends with a hint where the program is not there."""
    if not os.path.exists(sluice.BINARY):
        sys.exit(f"error: {sluice.BINARY} does not exist; hint: run make, or set SLUICE to the program")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "-k", action="append", default=[], metavar="WORDS", help="only tests whose name has all of them"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folders of passed tests too")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--seconds", type=int, default=240, help="deadline of one test")
    parser.add_argument("--dir", default=os.path.join(processes.root_dir(), "build", "e2e"), help="scratch folder")
    args = parser.parse_args()
    tests = discover([word for text in args.k for word in text.split()])
    if args.list:
        print("\n".join(name for name, _ in tests))
        return 0
    if not tests:
        arguments.refuse(f"no test matches {' '.join(args.k)}; hint: --list")
    need_binary()
    run_dir = os.path.join(args.dir, f"run-{os.getpid()}")
    shutil.rmtree(run_dir, ignore_errors=True)
    shared = harness.Shared(run_dir)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for name, function in tests:
            counts[report(name, function, shared, os.path.join(run_dir, name), args)] += 1
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        counts["failed"] += 1
    finally:
        shared.close()
        processes.end_all()
    if not counts["failed"] and not args.keep:
        shutil.rmtree(run_dir, ignore_errors=True)
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}", flush=True)
    return 1 if counts["failed"] else 0


def report(name, function, shared, folder, args):
    """Runs one test, prints its line."""
    ctx, began = harness.Context(shared, folder), time.monotonic()
    try:
        state, text = run_one(function, ctx, getattr(function, "seconds", args.seconds))
    finally:
        ctx.close()
    mark = {"passed": "ok  ", "failed": "FAIL", "skipped": "skip"}[state]
    print(
        f"{mark} {time.monotonic() - began:6.1f} s  {name}{'  (' + text + ')' if state == 'skipped' else ''}",
        flush=True,
    )
    if state == "failed":
        print("     " + text.replace("\n", "\n     ") + f"\n     kept: {os.path.relpath(folder)}", flush=True)
    elif not args.keep:
        ctx.remove()
    return state


if __name__ == "__main__":
    CODE = main()
    sys.stdout.flush()
    # Threads of the tests are daemons; nothing else may hold the process.
    os._exit(CODE) if threading.active_count() > 1 else sys.exit(CODE)
