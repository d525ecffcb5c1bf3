# SPDX-License-Identifier: Apache-2.0
"""The command line itself: wrong words, help, completion, output that cannot be written."""

import json
import os
import re
import subprocess

import sluice

COMMANDS = (
    ("run",),
    ("check",),
    ("read",),
    ("verify",),
    ("tables",),
    ("tables", "orphans"),
    ("version",),
    ("completion",),
)


def said(result):
    """Every error is two lines: what, and what to do."""
    lines = result.err.splitlines()
    assert result.code in (1, 2) and len(lines) == 2, (result.code, result.err)
    assert lines[0].startswith("error: ") and lines[1].startswith("hint: "), result.err
    return lines[0][7:], lines[1][6:]


def test_wrong_words_have_the_nearest(ctx):
    error, hint = said(ctx.command("rnu"))
    assert error == "there is no command rnu; did you mean run?" and "verify" in hint, (error, hint)
    error, hint = said(ctx.command("read", "lake", "--limt", "3"))
    assert error == "sluice read has no option --limt; did you mean --limit?" and "--where" in hint, (error, hint)
    error, hint = said(ctx.command("run", "--nope"))
    assert error == "sluice run has no option --nope" and "--summary" in hint, (error, hint)
    error, hint = said(ctx.command())
    assert error == "sluice needs a command" and "verify" in hint, (error, hint)
    error, _ = said(ctx.command("read", "lake", "--limit", "-1"))
    assert error == "--limit: -1 is not a number of rows, 0 or more", error
    line = json.loads(ctx.command("rnu", "--log-format", "json").err)
    assert line["msg"].startswith("there is no command rnu") and "verify" in line["hint"], line


def test_an_unknown_key_names_few_others(ctx):
    path = ctx.pipeline("d.t", sink={"type": "blackhole"}, port=3306)
    error, hint = said(ctx.command("run", path, "-D", "foo=1"))
    assert '"foo"' in error and "execution.checkpointing.interval" in hint, (error, hint)
    assert len(hint) < 200 and "*" not in hint, hint


def test_output_that_cannot_be_written_is_an_error(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)")
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    table = ctx.lake.folder(f"{db}.t")
    for arguments in (
        ("check", path),
        ("read", table),
        ("read", table, "--format", "csv"),
        ("tables", "orphans", table),
        ("version",),
        ("--help",),
        ("completion", "bash"),
    ):
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [sluice.BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
            )
        assert result.returncode == 1 and "error: standard output could not be written" in result.stderr, (
            arguments,
            result,
        )
