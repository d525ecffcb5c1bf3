# SPDX-License-Identifier: Apache-2.0
"""What the tests of Paimon's actions share: command lines as people write them, and tables as both readers see them."""

import json
import os

import harness
import lake as lake_module
import mariadb
import paimon_job

SECONDS = 120


def words(ctx, action, *more, server=None, conf=None, database="lake", flink=False):
    """The words behind `sluice`: conf are further keys of --mysql_conf, `more` comes last."""
    server = server or ctx.server
    own = {
        "hostname": "127.0.0.1",
        "port": server.port,
        "username": mariadb.USER,
        "password": mariadb.PASSWORD,
        "server-time-zone": "UTC",
        **(conf or {}),
    }
    start = ["flink", "run", "-d", "paimon-flink-action-1.4.2.jar"] if flink else ["paimon"]
    out = [*start, action, "--warehouse", ctx.warehouse, "--database", database]
    for key, value in own.items():
        out += ["--mysql_conf", f"{key}={value}"]
    return [*out, *more, "-D", f"execution.checkpointing.interval={harness.INTERVAL}"]


def catch_up(ctx, arguments, code=0, env=None):
    """Runs the command until it has caught up."""
    paimon_job.use(ctx)
    result = ctx.start(*arguments, "--until", "caught-up", env=env).wait(SECONDS)
    assert code is None or result.code == code, f"exit code {result.code}, expected {code}:\n{result.out}{result.err}"
    return result


def fails(ctx, arguments, *names, code=2):
    """The command ends with `code`; its error has each of `names` and a hint, and no password."""
    result = catch_up(ctx, arguments, code)
    text = result.out + result.err
    for name in names:
        assert name.lower() in text.lower(), f"'{name}' is not in the error:\n{text}"
    assert "hint: " in text and mariadb.PASSWORD not in text, text
    return result


def rows(ctx, table, key="id"):
    """The rows as objects in the order of their key; pypaimon and `sluice read` agree, and the files are sound."""
    names, theirs = ctx.lake.rows(table)
    text = paimon_job.read(ctx, table)
    difference = lake_module.first_differences(names, theirs, *ctx.lake.rows_of_jsonl(table, text))
    assert not difference, f"{table}: pypaimon (source) and sluice read (lake): {difference}"
    paimon_job.sound(ctx, table)
    return sorted((json.loads(line) for line in text.splitlines()), key=lambda row: str(row[key]).zfill(20))


def columns(ctx, table):
    return [f"{name} {kind}" for name, kind in ctx.lake.columns(table)]


def no_secret(ctx):
    """The password stands in no file that the job has written."""
    for folder, _, names in os.walk(ctx.dir):
        if "mariadb" in folder:
            continue
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert mariadb.PASSWORD.encode() not in file.read(), os.path.join(folder, name)
