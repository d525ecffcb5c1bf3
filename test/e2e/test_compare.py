# SPDX-License-Identifier: Apache-2.0
"""What `make compare` counts and prints, and what it takes the rows of a log to be."""

import os
import sys
import types

import processes

sys.path.append(os.path.join(processes.root_dir(), "bench"))

import compare_method  # noqa: E402
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


class _Loop:
    """A CPU loop that takes these seconds, one after the other; before them 0.36 s, five times."""

    def __init__(self, *seconds):
        self.seconds, self.calls = [0.36] * 5 + list(seconds), 0

    def __call__(self):
        self.calls += 1
        return self.seconds[self.calls - 1]


def _machine(loop):
    return measure.QuietMachine(loop, lambda seconds: None)


def _quiet(*seconds):
    return _machine(_Loop(*seconds))


def _runs(quiet, *samples):
    """(what least_disturbed chose, how many runs were made) where the runs are (CPU, others, before, after)."""
    made = []

    def attempt():
        cpu, others, before, after = samples[len(made)]
        made.append(measure.Sample(1, 1.0, cpu, others=others, loop_seconds=before, loop_after=after))
        return made[-1]

    return quiet.least_disturbed(attempt), len(made)


def test_compare_a_quiet_run_is_taken_as_it_is(ctx):
    sample, made = _runs(_quiet(), (5.0, 0.10, 0.41, 0.40), (1.0, 0.0, 0.36, 0.36))
    assert (sample.cpu, sample.tries, made) == (5.0, 1, 1)


def test_compare_a_disturbed_run_is_made_again(ctx):
    for others, before, after in ((0.45, 0.36, 0.36), (0.0, 0.66, 0.36), (0.0, 0.36, 0.66)):
        sample, made = _runs(_quiet(), (1.0, others, before, after), (2.0, 0.02, 0.37, 0.37))
        assert (sample.cpu, sample.tries, made) == (2.0, 2, 2), (others, before, after)


def test_compare_the_least_disturbed_run_counts_whatever_it_took(ctx):
    runs = [(1.0, 0.45, 0.36, 0.36), (9.0, 0.12, 0.36, 0.36), (2.0, 0.2, 0.36, 0.36), (3.0, 0.0, 0.66, 0.36)]
    sample, made = _runs(_quiet(), *runs)
    assert (sample.cpu, sample.tries, made) == (9.0, measure.QuietMachine.TRIES, len(runs))


def test_compare_the_error_of_a_repeated_run_is_not_hidden(ctx):
    runs = iter([measure.Sample(1, 1.0, 1.0, others=0.5)])

    def attempt():
        for sample in runs:
            return sample
        raise compare_page.WrongRows("rows are missing")

    try:
        _quiet().least_disturbed(attempt)
    except compare_page.WrongRows:
        return
    raise AssertionError("wrong rows of the second try are not told")


def test_compare_waits_for_the_machine_and_takes_the_better_loop_after_a_run(ctx):
    quiet = _quiet(0.66, 0.66, 0.40, 0.66, 0.35)
    assert quiet.wait() == 0.40 and quiet.after() == 0.35 and quiet.best == 0.35
    slow = _quiet(*[0.66] * measure.QuietMachine.WAITS)
    assert slow.wait() == 0.66, "it does not wait for ever"
    rounds = 15
    loop = _Loop(*[0.66] * (measure.QuietMachine.WAITS * rounds + 1))
    slow = _machine(loop)
    for _ in range(rounds):
        slow.wait()
    assert len(slow.loops) == rounds
    calls = loop.calls
    assert slow.wait() == 0.66 and loop.calls == calls + 1, "all waits together have an end"
    sample, made = _runs(slow, (1.0, 0.9, 0.66, 0.66), (1.0, 0.0, 0.36, 0.36))
    assert made == 1, "what cannot wait is not repeated"


def test_compare_marks_what_stayed_disturbed(ctx):
    page = _page(2, sluice=1.0, flink=20.0)
    page.best_loop, page.target = 0.36, "x/day-compare-a-b.md"
    assert measure.MARK not in page.text() + compare_page.readme_table(page)
    sample = page.series[LINE.title, "sluice"].samples[0]
    sample.others, sample.tries, sample.loop_seconds, sample.loop_after = 0.45, 4, 0.36, 0.37
    text = page.text()
    assert "**1.00** (1.00–1.00) †" in text and "**20.00** (20.00–20.00) |" in text
    assert "† t: log, sluice: 1 of 1 runs stayed disturbed (others 45%, loop 360 and 370 ms)" in text
    assert "3 disturbed runs were made again" in text
    assert "1.00 † (" in compare_page.readme_table(page) and "†: other" in compare_page.readme_table(page)
    sample.others, page.best_loop = 0.0, 0.30  # the machine was faster later: the loop of that run was slow after all
    assert "† t: log, sluice" in page.text()


def test_compare_says_what_it_leaves_out_and_how_flink_is_tuned(ctx):
    page = _page(2, sluice=1.0, flink=20.0)
    settings = {"parallelism.default": 1, "rest.port": 4711}
    page.method = compare_method.text({"pipeline.object-reuse": "true"}, settings, {"upsert-enabled": "true"}, 3, 0)
    text = page.text()
    for word in ("`pipeline.object-reuse` true", "`parallelism.default` 1", "`upsert-enabled` true", "`PIN=1`",
                 "cgroup", "restarted with an empty buffer pool", "10%", "1.15"):
        assert word in text, word
    assert "4711" not in text
    assert "by `PIN=1`" in "\n".join(compare_method.text({}, settings, {}, 3, 1))


def test_compare_without_a_number_leaves_readme_as_it_is(ctx):
    page = _page(0)
    page.target = "x/day-compare-a-b.md"
    path = ctx.write("README.md", "<!-- compare a-b -->\nformer\n<!-- end of compare a-b -->\n")
    compare_page.update_readme(path, page)
    with open(path, encoding="utf-8") as file:
        assert "former" in file.read()
    assert page.counts() == (0, 1), "a run that made nothing has failed"
