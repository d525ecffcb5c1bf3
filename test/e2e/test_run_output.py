# SPDX-License-Identifier: Apache-2.0
"""What `sluice run` says for programs: lines of JSON, the summary file."""

import json
import os

ROWS = "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT seq, seq FROM seq_1_to_100"
COUNTS = {"rows_read": 100, "inserted": 100, "updated": 0, "deleted": 0}


def test_progress_and_summary_as_json(ctx):
    db = ctx.database(ROWS)
    job = ctx.start_run(ctx.pipeline(f"{db}.t"), "--log-format", "json")
    job.wait_text('"event":"progress"')
    result = job.terminate(5)
    progress = [line for line in map(json.loads, result.err.splitlines()) if line.get("event") == "progress"][0]
    assert {"ts", "level", "msg"} <= set(progress), progress
    known = {
        "phase": "following",
        "rows": 100,
        "inserted": 100,
        "updated": 0,
        "deleted": 0,
        "commits": 1,
        "restarts": 0,
    }
    assert {key: progress[key] for key in known} == known, progress
    assert 0 < progress["rows_per_second"] <= 20, progress
    assert progress["position"] and progress["last_commit"].endswith("Z") and "lag_ms" in progress, progress
    (summary,) = map(json.loads, result.out.splitlines())
    assert {"ts", "level", "msg"} <= set(summary) and summary["event"] == "summary", summary
    assert {key: summary[key] for key in COUNTS} == COUNTS and summary["stopped"] and summary["position"], summary


def test_summary_of_a_failed_run(ctx):
    """With what was done until then; the error is the one that was printed, without the password."""
    secret = "c4nary-Pa55"
    summary = os.path.join(ctx.dir, "summary.json")

    def fails(path, code):
        result = ctx.start(*ctx.run_args(path, "--until", "caught-up", "--summary", summary)).wait(100)
        assert result.code == code, result.err
        with open(summary, encoding="utf-8") as file:
            text = file.read()
        assert secret not in text, text
        left = json.loads(text)
        assert f"error: {left['error']['message']}\nhint: {left['error']['hint']}\n" in result.err, (left, result.err)
        return left

    db = ctx.database(ROWS)
    away = fails(ctx.pipeline(f"{db}.t", source={"username": secret, "password": secret}), 1)
    assert away["error"]["code"] and away["rows_read"] == 0 and not away["caught_up"], away
    wrong = fails(ctx.pipeline(f"{db}.t", source={"password": secret, "prot": secret}), 2)
    assert wrong["error"]["code"] == "invalid" and "prot" in wrong["error"]["message"], wrong
    path = ctx.pipeline(f"{db}.t", pipeline={"schema.change.behavior": "EXCEPTION"})
    ctx.catch_up(path)
    ctx.server.execute("UPDATE t SET v = 0 WHERE id = 5; ALTER TABLE t ADD COLUMN w INT", db)
    changed = fails(path, 1)
    assert changed["rows_read"] > 0 and changed["elapsed_ms"] > 0 and changed["position"], changed


def test_summary_file_that_cannot_be_written(ctx):
    """Said before any work is done."""
    db = ctx.database(ROWS)
    path = ctx.pipeline(f"{db}.t")
    for file, why in ((os.path.join(ctx.dir, "none", "s.json"), "No such file"), (ctx.dir, "is a directory")):
        result = ctx.command(*ctx.run_args(path, "--until", "caught-up", "--summary", file))
        assert result.code == 2 and result.err.startswith("error: --summary"), result.err
        assert why in result.err and file in result.err and "hint: " in result.err, result.err
        assert ".tmp" not in result.err, result.err
    assert not os.path.exists(ctx.warehouse) and not os.path.exists(ctx.state)
