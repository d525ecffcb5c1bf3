# SPDX-License-Identifier: Apache-2.0
"""The live display on a terminal."""

import terminal

TABLES = "".join(
    f"CREATE TABLE a_table_with_a_long_name_{i} (id INT PRIMARY KEY, v INT);"
    f"INSERT INTO a_table_with_a_long_name_{i} SELECT seq, seq FROM seq_1_to_100;"
    for i in range(3)
)


def test_redraws_leave_no_stale_lines(ctx):
    """At 80 columns, and after the window was made narrower and wider."""
    db = ctx.database(TABLES)
    path = ctx.pipeline(f"{db}.\\.*")
    shown = terminal.Terminal(ctx.run_args(path), columns=80)
    ctx.cleanups.append(shown.end)
    shown.wait(lambda t: copies(t) > 0, "the display")
    for columns in (80, 50, 100):
        shown.resize(columns)
        shown.more_draws(4)
        shown.wait(lambda t: copies(t) == 1, f"one display at {columns} columns", 3)
        display = shown.screen.rows[-3:-1]
        assert display[0].startswith("following, ") and display[1].startswith("  300 inserted, "), display
        assert all(len(row) < columns for row in display), display
    assert shown.screen.count("snapshot complete") == 1, f"the log above is not whole: {shown.screen.rows}"


def copies(shown):
    return sum(row.startswith("following") for row in shown.screen.rows)
