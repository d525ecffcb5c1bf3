# SPDX-License-Identifier: Apache-2.0
"""The main job: snapshot, live changes, stop, resume, summary, the other commands."""

import json
import os
import re
import signal
import subprocess

import harness
import sluice

SHOP = """
CREATE TABLE orders (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, total DECIMAL(10,2),
  note VARCHAR(80));
CREATE TABLE line (order_id BIGINT NOT NULL, n SMALLINT NOT NULL, sku VARCHAR(20), qty INT, PRIMARY KEY (order_id, n));
CREATE TABLE sku (code VARCHAR(20) NOT NULL PRIMARY KEY, name VARCHAR(60));
CREATE TABLE empty_one (id INT PRIMARY KEY, v TEXT);
INSERT INTO orders (customer, total, note) SELECT seq % 97, seq / 7, IF(seq % 5, CONCAT('note ', seq),
  NULL) FROM seq_1_to_5000;
INSERT INTO line SELECT seq DIV 3, seq % 3, CONCAT('sku-', seq % 40), seq % 9 FROM seq_3_to_6000;
INSERT INTO sku SELECT CONCAT('sku-', seq), CONCAT('Näme ', seq) FROM seq_0_to_39;
"""
TABLES = ("orders", "line", "sku", "empty_one")
CHANGES = """
INSERT INTO orders (customer, total) VALUES (1, 2.50), (2, NULL);
UPDATE orders SET note = 'changed', total = total + 1 WHERE id BETWEEN 100 AND 300;
DELETE FROM orders WHERE id BETWEEN 250 AND 400;
UPDATE orders SET id = 900000 WHERE id = 7;
UPDATE line SET order_id = order_id + 100000 WHERE order_id < 50;
UPDATE sku SET code = 'SKU-1' WHERE code = 'sku-1';
INSERT INTO empty_one VALUES (1, 'now it has one');
REPLACE INTO orders VALUES (8, 8, 8.88, 'replaced');
INSERT INTO sku VALUES ('sku-2', 'x') ON DUPLICATE KEY UPDATE name = 'upserted'
"""


def all_equal(ctx, db, tables=TABLES, **options):
    for table in tables:
        ctx.equal(f"{db}.{table}", **options)


def test_snapshot_of_several_tables(ctx):
    db = ctx.database(SHOP)
    result = ctx.catch_up(ctx.pipeline(f"{db}.\\.*"))
    all_equal(ctx, db)
    text = json.dumps(result.summary)
    assert "commits" in text and "position" in text, f"--summary lacks fields: {text}"
    rows = [v for k, v in flatten(result.summary) if k.endswith("inserted")]
    assert 5000 + 5998 + 40 in rows, f"no 'inserted' of {5000 + 5998 + 40} in {text}"


def flatten(node, prefix=""):
    if isinstance(node, dict):
        return [pair for k, v in node.items() for pair in flatten(v, f"{prefix}.{k}")]
    if isinstance(node, list):
        return [pair for i, v in enumerate(node) for pair in flatten(v, f"{prefix}.{i}")]
    return [(prefix, node)]


def test_changes_while_running(ctx):
    db = ctx.database(SHOP)
    job = ctx.start_run(ctx.pipeline(f"{db}.\\.*"))
    for table in TABLES:
        ctx.wait_equal(f"{db}.{table}", job=job)
    ctx.server.execute(CHANGES, db)
    for table in TABLES:
        ctx.wait_equal(f"{db}.{table}", job=job)
    result = job.terminate(5)
    assert result.code in (0, 143), f"SIGTERM gave exit code {result.code}:\n{result.err}"
    all_equal(ctx, db)


def test_several_changes_of_one_row_in_one_epoch(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    ctx.server.execute(
        """UPDATE t SET v = 10 WHERE id = 1; UPDATE t SET v = 11 WHERE id = 1; DELETE FROM t WHERE id = 1;
        INSERT INTO t VALUES (1, 12); DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (4, 4);
        DELETE FROM t WHERE id = 4;
        UPDATE t SET id = 5 WHERE id = 3; UPDATE t SET id = 3 WHERE id = 5; INSERT INTO t VALUES (6, 6);
        UPDATE t SET id = 7 WHERE id = 6; UPDATE t SET v = 70 WHERE id = 7;
        BEGIN; UPDATE t SET id = 100 WHERE id = 1; UPDATE t SET id = 1 WHERE id = 7;
        UPDATE t SET id = 7 WHERE id = 100; COMMIT""",
        db,
    )
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_rolled_back_work_does_not_show(ctx):
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1)")
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    ctx.server.execute(
        """BEGIN; INSERT INTO t VALUES (2, 2); ROLLBACK; BEGIN; INSERT INTO t VALUES (3, 3); SAVEPOINT s;
        INSERT INTO t VALUES (4, 4); ROLLBACK TO SAVEPOINT s; COMMIT;
        CREATE TABLE other (id INT PRIMARY KEY);
        XA START 'a'; INSERT INTO other VALUES (5); XA END 'a'; XA PREPARE 'a'; XA ROLLBACK 'a';
        XA START 'b'; INSERT INTO other VALUES (6); XA END 'b'; XA PREPARE 'b'; XA COMMIT 'b';
        XA START 'c'; INSERT INTO t VALUES (7, 7); XA END 'c'; XA COMMIT 'c' ONE PHASE; INSERT INTO t VALUES (8, 8)""",
        db,
    )
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_table_without_primary_key_is_append_only(ctx):
    db = ctx.database(
        "CREATE TABLE log (at DATETIME(3), what VARCHAR(50)); "
        "INSERT INTO log VALUES ('2024-01-01 10:00:00.123', 'a'), ('2024-01-01 10:00:00.123', 'a'), (NULL, NULL)"
    )
    path = ctx.pipeline(f"{db}.log")
    result = ctx.catch_up(path)
    assert "primary key" in (result.err + result.out).lower(), f"nothing was said of the missing key:\n{result.err}"
    ctx.equal(f"{db}.log")
    ctx.server.execute("INSERT INTO log VALUES ('2024-01-02', 'b'), ('2024-01-02', 'b')", db)
    ctx.catch_up(path)
    ctx.equal(f"{db}.log")


def test_until_caught_up_again_and_again(ctx):
    db = ctx.database(SHOP)
    path = ctx.pipeline(f"{db}.orders")
    for step in range(4):
        ctx.catch_up(path)
        ctx.equal(f"{db}.orders")
        ctx.server.execute(
            f"UPDATE orders SET note = 'step {step}' WHERE id % 7 = {step}; DELETE FROM orders WHERE id % 101 ="
            f" {step};INSERT INTO orders (customer) VALUES ({step})",
            db,
        )
    before = len(ctx.lake.snapshots(f"{db}.orders"))
    ctx.catch_up(path)
    ctx.equal(f"{db}.orders")
    now = len(ctx.lake.snapshots(f"{db}.orders"))
    ctx.catch_up(path)
    assert len(ctx.lake.snapshots(f"{db}.orders")) == now > before, "a run without changes made a commit"


def test_sigterm_in_the_snapshot_and_resume(ctx):
    db = ctx.database(
        "CREATE TABLE big (id INT PRIMARY KEY, v CHAR(100)); INSERT INTO big SELECT seq, SHA2(seq, 256) FROM"
        " seq_1_to_400000"
    )
    path = ctx.pipeline(f"{db}.big", source={"scan.incremental.snapshot.chunk.size": 2000})
    job = ctx.start_run(path, interval="100ms")
    harness.wait_until(lambda: ctx.lake.exists(f"{db}.big") or not job.running(), "the table", 20)
    job.terminate(5)
    ctx.server.execute(
        "UPDATE big SET v = 'u' WHERE id % 1000 = 1; DELETE FROM big WHERE id % 1000 = 2; INSERT INTO big VALUES"
        " (500001, 'i')",
        db,
    )
    ctx.catch_up(path)
    ctx.equal(f"{db}.big")


def test_sigint_under_load_and_resume(ctx):
    db = ctx.database("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
    path = ctx.pipeline(f"{db}.t")
    load = harness.Load(ctx.server, lambda c, n: c.execute(f"INSERT INTO t (v) VALUES ({n}), ({n})"), db)
    for _ in range(3):
        job = ctx.start_run(path, interval="100ms")
        seen = ctx.lake.count(f"{db}.t") if ctx.lake.exists(f"{db}.t") else -1
        harness.wait_until(
            lambda s=seen: (ctx.lake.exists(f"{db}.t") and ctx.lake.count(f"{db}.t") > s) or not job.running(),
            "new rows in the lake",
            20,
        )
        job.terminate(5, signal.SIGINT)
    load.stop()
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_snapshot_while_writers_run(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT, w CHAR(60) NOT NULL DEFAULT 'w'); "
        "INSERT INTO t (id, v) SELECT seq, 0 FROM seq_1_to_100000; CREATE TABLE s LIKE t"
    )

    def step(cursor, n):
        cursor.execute("BEGIN")
        cursor.execute(f"UPDATE t SET v = v + 1 WHERE id IN ({n * 7919 % 100000 + 1}, {n * 104729 % 100000 + 1})")
        cursor.execute(f"DELETE FROM t WHERE id = {n * 31 % 100000 + 1}")
        cursor.execute(f"INSERT INTO t (id, v) VALUES ({200000 + n}, {n})")
        cursor.execute(f"REPLACE INTO s (id, v) VALUES ({n % 50}, {n})")
        cursor.execute(f"UPDATE t SET id = id + 1000000 WHERE id = {n * 17 % 100000 + 1}")
        cursor.execute("COMMIT")

    loads = [harness.Load(ctx.server, step, db)]
    path = ctx.pipeline(f"{db}.\\.*", source={"scan.incremental.snapshot.chunk.size": 1000})
    job = ctx.start_run(path, interval="100ms")
    harness.wait_until(lambda: ctx.lake.exists(f"{db}.t") and ctx.lake.count(f"{db}.t") > 90000, "the snapshot", 60)
    for load in loads:
        load.stop()
    ctx.wait_equal(f"{db}.t", job=job)
    ctx.wait_equal(f"{db}.s", job=job)
    job.terminate(5)


def test_startup_modes(ctx):
    server = ctx.new_server()
    server.execute("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); INSERT INTO d.t VALUES (1, 1)")
    file, position = server.position()
    gtid = server.execute("SELECT @@gtid_binlog_pos")[0][0]
    server.execute("INSERT INTO d.t VALUES (2, 2)")

    def ids(name, options, bounded=None):
        ctx.warehouse = os.path.join(ctx.dir, "lake-" + name)
        ctx.lake.warehouse = ctx.warehouse
        path = ctx.pipeline(
            "d.t",
            source={"scan.startup.mode": options.pop("mode"), **options},
            server=server,
            pipeline=bounded,
            name=name + ".yaml",
        )
        ctx.catch_up(path, state=os.path.join(ctx.dir, "state-" + name))
        return sorted(row[0] for row in ctx.lake.rows("d.t")[1])

    assert ids("initial", {"mode": "initial"}) == ["1", "2"]
    assert ids("snapshot", {"mode": "snapshot"}, {"execution.runtime-mode": "BATCH"}) == ["1", "2"]
    assert ids("earliest", {"mode": "earliest-offset"}) == ["1", "2"]
    assert ids(
        "file",
        {
            "mode": "specific-offset",
            "scan.startup.specific-offset.file": file,
            "scan.startup.specific-offset.pos": position,
        },
    ) == ["2"]
    for wrong in ({"file": "nolog.000099"}, {"pos": 4_000_000_000}):
        offset = {f"scan.startup.specific-offset.{key}": value for key, value in wrong.items()}
        lost = ctx.pipeline(
            "d.t",
            server=server,
            source={
                "scan.startup.mode": "specific-offset",
                "scan.startup.specific-offset.file": file,
                "scan.startup.specific-offset.pos": position,
                **offset,
            },
            name="lost.yaml",
        )
        ctx.fails(lost, "the server has no log position", "SHOW BINLOG EVENTS", command="check")
    assert ids("gtid", {"mode": "specific-offset", "scan.startup.specific-offset.gtid-set": gtid}) == ["2"]
    assert ids("time", {"mode": "timestamp", "scan.startup.timestamp-millis": 1000}) == ["1", "2"]
    ctx.warehouse = ctx.lake.warehouse = os.path.join(ctx.dir, "lake-latest")
    path = ctx.pipeline("d.t", source={"scan.startup.mode": "latest-offset"}, server=server, name="latest.yaml")
    ctx.catch_up(path)
    server.execute("INSERT INTO d.t VALUES (3, 3)")
    ctx.catch_up(path)
    assert [row[0] for row in ctx.lake.rows("d.t")[1]] == ["3"]


def test_lost_state_folder_resumes_from_the_tables(ctx):
    db = ctx.database(SHOP)
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    ctx.server.execute(
        "DELETE FROM orders WHERE id < 100; INSERT INTO orders (customer) VALUES (5); UPDATE sku SET name = 'n'", db
    )
    result = ctx.catch_up(path, state=os.path.join(ctx.dir, "another-state"))
    all_equal(ctx, db)
    inserted = [v for k, v in flatten(result.summary) if k.endswith("rows_read") or k.endswith("inserted")]
    assert inserted and max(inserted) < 5000, f"the snapshot was read again: {result.summary}"


def test_verify_and_read(ctx):
    db = ctx.database(SHOP)
    path = ctx.pipeline(f"{db}.\\.*")
    ctx.catch_up(path)
    result = ctx.command("verify", path)
    assert result.code == 0, result.out + result.err
    table = ctx.lake.folder(f"{db}.sku")
    rows = ctx.command("read", table, "--format", "jsonl")
    assert rows.code == 0 and len(rows.out.splitlines()) == 40, rows.out[:500] + rows.err
    assert sorted(json.loads(line)["code"] for line in rows.out.splitlines())[0] == "sku-0"
    limited = ctx.command(
        "read", table, "--format", "csv", "--columns", "code", "--where", "code = 'sku-7'", "--limit", "3"
    )
    assert limited.code == 0 and "sku-7" in limited.out, limited.out + limited.err
    ctx.server.execute("SET sql_log_bin = 0; UPDATE sku SET name = 'behind the back' WHERE code = 'sku-3'", db)
    result = ctx.command("verify", path)
    assert (
        result.code == 1 and "sku-3" in result.out + result.err
    ), f"verify missed the difference: {result.out}{result.err}"


def test_libraries_come_from_fixed_folders_only(ctx):
    """An empty or relative folder in the search path would be one of the folder that sluice is started in."""
    head = subprocess.run(["readelf", "-d", sluice.BINARY], capture_output=True, text=True, check=True).stdout
    path = re.search(r"\(R(?:UN)?PATH\).*\[(.*)\]", head)
    if path is None:  # all of them are the system's
        assert "libarrow" in head, head
        return
    assert all(folder.startswith(("/", "$ORIGIN/")) for folder in path[1].split(":")), path[1]


def test_check_and_usage(ctx):
    db = ctx.database(SHOP)
    path = ctx.pipeline(f"{db}.\\.*")
    result = ctx.command("check", path)
    assert result.code == 0, result.out + result.err
    assert "orders" in result.out and "DECIMAL(10, 2)" in result.out.replace("(10,2)", "(10, 2)"), result.out
    assert not os.path.exists(ctx.warehouse), "check wrote into the warehouse"
    assert ctx.command("--help").code == 0
    assert ctx.command("version").code == 0
    assert ctx.command("run").code == 2
    assert ctx.command("run", os.path.join(ctx.dir, "absent.yaml")).code == 2
    assert ctx.command("nonsense").code == 2


def test_other_sinks(ctx):
    db = ctx.database(SHOP)
    printed = ctx.catch_up(
        ctx.pipeline(f"{db}.sku", sink={"type": "values"}, name="values.yaml"), state=os.path.join(ctx.dir, "s1")
    )
    assert "sku-39" in printed.out, printed.out[-500:] + printed.err[-500:]
    ctx.catch_up(
        ctx.pipeline(f"{db}.\\.*", sink={"type": "blackhole"}, name="hole.yaml"), state=os.path.join(ctx.dir, "s2")
    )


def test_log_bin_compress_and_minimal_metadata(ctx):
    server = ctx.new_server(
        log_bin_compress="1",
        log_bin_compress_min_len="10",
        binlog_row_metadata="NO_LOG",
        gtid_domain_id="7",
        default_time_zone="+05:30",
        binlog_checksum="NONE",
    )
    db = ctx.database(
        "SET time_zone='+05:30';"
        + SHOP
        + "CREATE TABLE z (id INT PRIMARY KEY, at TIMESTAMP NULL, d DATETIME);"
        "INSERT INTO z VALUES (1, '2024-06-01 12:00:00', '2024-06-01 12:00:00')",
        server=server,
    )
    path = ctx.pipeline(f"{db}.\\.*", server=server, source={"server-time-zone": "+05:30"})
    ctx.catch_up(path)
    server.execute(
        "UPDATE orders SET note = REPEAT('x', 80) WHERE id < 2000; DELETE FROM line WHERE n = 1;"
        "INSERT INTO z VALUES (2, '2024-12-01 12:00:00', '2024-12-01 12:00:00');"
        "ALTER TABLE sku ADD COLUMN colour VARCHAR(10); UPDATE sku SET colour = 'red' WHERE code LIKE '%1'",
        db,
    )
    ctx.catch_up(path)
    all_equal(ctx, db, TABLES + ("z",), server=server)


def test_summary_on_sigterm(ctx):
    db = ctx.database(SHOP)
    summary = os.path.join(ctx.dir, "summary.json")
    job = ctx.start(*ctx.run_args(ctx.pipeline(f"{db}.orders"), "--summary", summary, "--log-format", "json"))
    ctx.wait_equal(f"{db}.orders", job=job)
    job.terminate(5)
    with open(summary, encoding="utf-8") as file:
        assert "position" in file.read()
    for line in job.err().splitlines():
        if line.startswith("{"):
            json.loads(line)
    assert isinstance(job, sluice.Job)
