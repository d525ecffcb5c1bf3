# SPDX-License-Identifier: Apache-2.0
"""What `make compare` counts and prints, and what it takes the rows of a log to be."""

import os
import sys
import types

import processes

sys.path.append(os.path.join(processes.root_dir(), "bench"))

import compare_page  # noqa: E402
import flink_run  # noqa: E402
import measure  # noqa: E402
from dataset import WORKLOADS  # noqa: E402

LINE = types.SimpleNamespace(title="t: log", unit="change")
SIZES = {"ROWS": 100}


def _page(expected, **cpu):
    """One sample of 1 M changes for each system; `cpu` is its CPU seconds."""
    page = compare_page.Page("A → B", "a-b", SIZES, 1)
    page.expected, page.complete = expected, True
    for system, seconds in cpu.items():
        sample = measure.Sample(1_000_000, 1.0, seconds, 1024)
        page.add(LINE, {"flink": "Flink, warm"}.get(system, system), sample)
    return page


def test_compare_a_missed_goal_is_a_failed_check(ctx):
    page = _page(2, sluice=1.0, flink=10.1)
    assert page.counts() == (3, 0) and page.ratio(LINE.title) == 10.1
    page = _page(2, sluice=1.0, flink=9.9)
    assert page.counts() == (2, 1)
    assert "9.9 × less CPU than warm Flink, goal 10 ×: **missed**" in page.text()


def test_compare_wrong_rows_have_no_number(ctx):
    page = _page(3, sluice=1.0, flink=20.0)
    page.fail(LINE, "sluice", compare_page.WrongRows("one row too many"))
    assert page.ratio(LINE.title) is None and page.counts() == (2, 2)
    assert "| t: log | sluice | no number |" in page.text()
    assert "one row too many" in page.text() and "**20.00**" in page.text()


def test_compare_a_run_that_could_not_be_made_leaves_the_others(ctx):
    page = _page(3, sluice=1.0, flink=20.0)
    page.fail(LINE, "Flink, warm", RuntimeError("no cluster"))
    assert page.ratio(LINE.title) == 20.0 and page.counts() == (3, 1)


def test_compare_an_interrupted_run_keeps_its_numbers_and_says_so(ctx):
    page = _page(6, sluice=1.0, flink=20.0)
    page.complete = False
    page.target = os.path.join(ctx.dir, "page.md")
    page.write()
    with open(page.target, encoding="utf-8") as file:
        text = file.read()
    assert "Incomplete: 2 of 6 runs" in text and "**20.00**" in text
    assert page.counts() == (3, 4)
    page.expected = 2  # all runs are there, and yet it did not come to its end
    assert page.counts() == (3, 1)


def test_compare_readme_changes_between_the_marks_only(ctx):
    page = _page(2, sluice=1.0, flink=12.0)
    page.target = "x/day-compare-a-b.md"
    path = ctx.write("README.md", "a\n<!-- compare a-b -->\nformer\n<!-- end of compare a-b -->\nb\n")
    for _ in range(2):  # again and again
        compare_page.update_readme(path, page)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert text.startswith("a\n<!-- compare a-b -->\n|") and text.endswith("<!-- end of compare a-b -->\nb\n")
        assert "former" not in text and text.count("12.0 ×") == 1


def test_compare_knows_the_rows_that_the_log_touches(ctx):
    rows, changes = 400, 200
    for name, workload in WORKLOADS.items():
        database = ctx.database(workload.load(rows))
        ctx.server.execute(f"CREATE TABLE old AS SELECT * FROM {name}", database)
        for statements in workload.changes(rows, changes):
            ctx.server.execute(";".join(statements), database)
        updated = set().union(*workload.updated(rows, changes))
        fresh = ctx.server.execute(
            f"SELECT {workload.number} FROM (SELECT * FROM {name} EXCEPT SELECT * FROM old) t", database
        )
        assert {int(n) for n, in fresh} == updated | set(range(rows + 1, rows + changes // 4 + 1)), name


def _drain(counts, failure=""):
    """A drain of 100 records whose source gives these counts; it is asked at every call."""
    answers = iter(counts)
    cluster = types.SimpleNamespace(
        check=lambda: None, counter=lambda job: lambda: next(answers), failure=lambda job: failure
    )
    drain = flink_run.Drain(cluster, "job", 100)
    drain.WAIT_MIN = drain.WAIT_MAX = drain.wait = 0
    return drain


def test_compare_a_job_of_flink_is_done_with_its_last_record(ctx):
    drain = _drain([0, 40, 40, 99, 100])
    assert [drain.done() for _ in range(5)] == [False, False, False, False, True]


def test_compare_a_failed_job_of_flink_is_an_error_and_no_wait(ctx):
    drain = _drain([40, 40], "java.lang.OutOfMemoryError")
    assert not drain.done()  # a record came, so it runs
    try:
        drain.done()
    except RuntimeError as error:
        assert "OutOfMemoryError" in str(error)
    else:
        raise AssertionError("a failed job was waited for")
