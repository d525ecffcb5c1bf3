# SPDX-License-Identifier: Apache-2.0
"""What `sluice run` says for programs: lines of JSON, the summary file."""

import json

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
