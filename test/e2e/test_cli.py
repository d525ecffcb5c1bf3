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
