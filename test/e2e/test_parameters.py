# SPDX-License-Identifier: Apache-2.0
"""The long runs and benchmarks refuse parameters by which they would check nothing, or that they do not know: one line,
code 2, before anything is started. And every one of them runs the pairs of one table."""

import argparse
import os
import subprocess
import sys

import arguments
import processes
import sluice

ROOT = processes.root_dir()
CRASH, SOAK = ("test/crash/crash.py",), ("test/crash/soak.py",)
PEERS, COMPARE, BENCH = ("test/peers/run.py",), ("bench/compare.py", "--check"), ("bench/run.py",)


def _run(ctx, program, arguments=(), env=()):
    """(code, output, errors) of a program of the repository that must end by itself soon."""
    command = [sys.executable, os.path.join(ROOT, program[0]), *program[1:], *arguments]
    values = {k: v for k, v in os.environ.items() if k not in ("ROWS", "CHANGES", "REPEATS", "WORKLOADS", "PAIR")}
    values.update(env, BENCH_DIR=os.path.join(ctx.dir, "bench"))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=values)
    return done.returncode, done.stdout, done.stderr


def _refuses(ctx, program, arguments, env, *words):
    code, out, err = _run(ctx, program, arguments, env)
    shown = f"{' '.join(program)} {' '.join(arguments)} {env}: code {code}\n{out}{err}"
    assert code == 2, shown
    assert err.startswith("error: ") and err.count("\n") == 1 and not out, shown
    assert all(word in err for word in words), shown
    assert not os.listdir(ctx.dir), f"{shown}\nleft {os.listdir(ctx.dir)}"


def test_parameters_of_crash(ctx):
    here = ("--dir", os.path.join(ctx.dir, "scratch"))
    for arguments, *words in (
        (("-n", "0"), "-n: 0"),
        (("--plan", "nonsense"), "nonsense", "kill", "disk-full", "failpoint:"),
        (("--plan", "kill,failpoint:nonsense,"), "failpoint:nonsense", "(no name)"),
        (("--pair", "a-b"), "mariadb-iceberg"),
    ):
        _refuses(ctx, CRASH, (*arguments, *here), {}, *words)


def test_parameters_of_soak(ctx):
    for minutes in ("0", "-1"):
        _refuses(ctx, SOAK, ("--minutes", minutes, "--dir", os.path.join(ctx.dir, "scratch")), {}, minutes)


def test_parameters_of_compare_and_bench(ctx):
    for program, env, word in (
        (COMPARE, {"ROWS": "abc"}, "abc"),
        (COMPARE, {"REPEATS": "0"}, "REPEATS"),
        (COMPARE, {"WORKLOADS": "nonsense"}, "sbtest"),
        (COMPARE, {"PAIR": "a-b"}, "mariadb-iceberg"),
        (COMPARE, {"CHANGES": "50"}, "100 changes"),
        (BENCH, {"ROWS": "abc"}, "abc"),
        (BENCH, {"WORKLOADS": "nonsense"}, "sbtest"),
    ):
        _refuses(ctx, program, (), env, word)
    code, out, err = _run(ctx, COMPARE)
    assert code == 0, out + err


def test_parameters_numbers(ctx):
    for kind, text, value in (
        (arguments.whole(1), "1", 1),
        (arguments.whole(1), "0", None),
        (arguments.whole(0), "-1", None),
        (arguments.whole(0), "1.5", None),
        (arguments.whole(0), "", None),
        (arguments.positive, "0.5", 0.5),
        (arguments.positive, "0", None),
        (arguments.positive, "-1", None),
        (arguments.positive, "nan", None),
        (arguments.positive, "inf", None),
        (arguments.positive, "abc", None),
    ):
        try:
            found = kind(text)
        except argparse.ArgumentTypeError:
            found = None
        assert found == value, f"{text}: {found}"


def test_parameters_of_peers(ctx):
    here = ("--dir", os.path.join(ctx.dir, "scratch"))
    _refuses(ctx, PEERS, ("--engine", "sluice", "-k", "nonsense", *here), {}, "no check", "nonsense")
    _refuses(ctx, PEERS, ("--engine", "nobody", *here), {}, "nobody", "spark")
    _refuses(ctx, PEERS, ("--pair", "a-b", *here), {}, "mariadb-iceberg")


def test_parameters_of_the_simulation(ctx):
    program = os.path.join(os.path.dirname(sluice.BINARY), "sluice_sim")
    for arguments, word in ((("-n", "0"), "-n 0"), (("-j", "0"), "-j 0"), (("-n", "x"), "x"), (("--what",), "--what")):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2 and not done.stdout, done
        assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1 and word in done.stderr, done.stderr


def test_parameters_of_this_runner(ctx):
    _refuses(ctx, ("test/e2e/run.py",), ("-k", "no_such_test_anywhere"), {}, "no_such_test_anywhere")


def test_parameters_every_harness_has_every_pair(ctx):
    _, listed, _ = _run(ctx, ("test/pair_table.py",))
    assert "mariadb-iceberg" in listed.split()
    for program in (CRASH, SOAK, PEERS, COMPARE[:1]):
        assert _run(ctx, program, ("--list-pairs",)) == (0, listed, ""), program
    assert _run(ctx, ("test/differential/differential.py",), ("--list",)) == (0, listed, "")
    for name in ("crash", "soak", "differential", "test-peers"):
        with open(os.path.join(ROOT, "scripts", name), encoding="utf-8") as script:
            assert "${PAIR:" in script.read(), f"scripts/{name} does not pass PAIR"
