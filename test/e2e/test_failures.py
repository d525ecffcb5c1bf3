# SPDX-License-Identifier: Apache-2.0
"""Failures of the server and the line to it: a clear error that names the thing and says what to do; nothing lost."""

import os
import re
import socket
import subprocess

import harness
import processes

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200)); INSERT INTO t SELECT seq, CONCAT('v', seq) FROM"
    " seq_1_to_3000"
)


def own_server(ctx, script="SET @x = 1", **options):
    server = ctx.new_server(**options)
    server.execute("CREATE DATABASE d; USE d; " + SCRIPT + "; " + script)
    return server


def test_wrong_password(ctx):
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.t", source={"password": "wrong"})
    for command in ("run", "check"):
        ctx.fails(path, "access denied", "flow", "hint", command=command)


def test_host_away(ctx):
    port = processes.free_port()
    path = ctx.pipeline("d.t", port=port, source={"connect.timeout": "1s", "connect.max-retries": 1})
    ctx.fails(path, "127.0.0.1", str(port), "hint", seconds=20)
    ctx.fails(path, str(port), command="check", seconds=20)


def test_host_that_never_answers(ctx):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        path = ctx.pipeline("d.t", port=port, source={"connect.timeout": "1s", "connect.max-retries": 1})
        ctx.fails(path, str(port), seconds=30)


def test_unknown_host_name(ctx):
    path = ctx.pipeline("d.t", port=3306, source={"hostname": "no-such-host.invalid", "connect.max-retries": 1})
    ctx.fails(path, "no-such-host.invalid", seconds=30)


def test_tls_refused(ctx):
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.t", source={"jdbc.properties.sslMode": "REQUIRED"})
    result = ctx.fails(path)
    assert "tls" in result.err.lower() or "ssl" in result.err.lower(), result.err


def tls_server(ctx, **options):
    """A server with a certificate that it signed itself."""
    key, certificate = (os.path.join(ctx.dir, name) for name in ("key.pem", "certificate.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    os.chmod(key, 0o644)  # the server may run as another user
    return own_server(ctx, ssl_cert=certificate, ssl_key=key, **options)


def test_tls(ctx):
    server = tls_server(ctx)
    server.execute("INSERT INTO t SELECT seq + 5000, 'over TLS' FROM seq_1_to_20000", "d")
    path = ctx.pipeline("d.t", server=server, source={"jdbc.properties.sslMode": "REQUIRED"})
    job = ctx.start_run(path)
    ctx.wait_equal("d.t", job=job, server=server)
    server.execute("UPDATE d.t SET id = -id WHERE id % 3 = 0; DELETE FROM d.t WHERE id % 5 = 0")
    ctx.wait_equal("d.t", job=job, server=server)
    ciphers = server.execute("SHOW GLOBAL STATUS LIKE 'Ssl_accepts'")
    assert int(ciphers[0][1]) >= 2, ciphers
    job.terminate(5)


def test_tls_certificate_that_nobody_vouches_for(ctx):
    server = tls_server(ctx)
    path = ctx.pipeline("d.t", server=server, source={"jdbc.properties.sslMode": "VERIFY_IDENTITY"})
    for command in ("check", "run"):
        ctx.fails(path, "certificate", "sslMode", command=command)


def test_tls_that_the_server_demands(ctx):
    server = tls_server(ctx, require_secure_transport="ON")
    path = ctx.pipeline("d.t", server=server, source={"jdbc.properties.sslMode": "DISABLED"})
    for command in ("check", "run"):
        ctx.fails(path, "sslMode: DISABLED", "require", command=command)


def test_missing_grant_prints_the_grant_line(ctx):
    server = own_server(
        ctx,
        "SET sql_log_bin = 0; REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'flow'@'%'; GRANT SELECT ON d.* TO 'flow'@'%'",
    )
    path = ctx.pipeline("d.t", server=server)
    ctx.fails(path, "GRANT", "REPLICATION", "flow", command="check")
    ctx.fails(path, "GRANT", "REPLICATION", "flow")
    server.execute(
        "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'flow'@'%'; REVOKE SELECT ON d.* FROM 'flow'@'%';"
        " FLUSH PRIVILEGES"
    )
    for command in ("check", "run"):
        ctx.fails(path, "cannot find any table", "GRANT SELECT ON `d`.* TO 'flow'@'%';", command=command)
    for grant in ("INSERT", "SELECT (id)"):  # the table is seen, but not all of its columns may be read
        server.execute(f"GRANT {grant} ON d.t TO 'flow'@'%'")
        for command in ("check", "run"):
            ctx.fails(path, "may not read all of table d.t", "GRANT SELECT ON `d`.`t` TO 'flow'@'%';", command=command)
    server.execute("GRANT SELECT ON d.t TO 'flow'@'%'")
    ctx.catch_up(path)
    ctx.equal("d.t", server=server)


def settings_case(ctx, option, *words, **options):
    server = own_server(ctx, **options)
    path = ctx.pipeline("d.t", server=server)
    ctx.fails(path, option, *words, command="check")
    ctx.fails(path, option, *words)
    assert not ctx.lake.exists("d.t") or not ctx.lake.rows("d.t")[1]


def test_binlog_off(ctx):
    settings_case(ctx, "log_bin", log_bin=None, binlog_format=None, log_slave_updates=None)


def test_statement_format(ctx):
    settings_case(ctx, "binlog_format", "STATEMENT", "ROW", binlog_format="STATEMENT")


def test_minimal_row_image(ctx):
    settings_case(ctx, "binlog_row_image", "MINIMAL", "FULL", binlog_row_image="MINIMAL")


def test_statement_event_or_minimal_image_in_the_log(ctx):
    """A session that changes the format behind our back: its rows would be missing, so the job must stop."""
    for name, statement in (
        ("statement", "SET SESSION binlog_format = 'STATEMENT'"),
        ("minimal", "SET SESSION binlog_row_image = 'MINIMAL'"),
    ):
        db = ctx.database(SCRIPT)
        path = ctx.pipeline(f"{db}.t", name=name + ".yaml")
        state = os.path.join(ctx.dir, name)
        ctx.catch_up(path, state=state)
        ctx.server.execute(f"{statement}; UPDATE t SET v = 'behind' WHERE id = 5", db)
        result = ctx.catch_up(path, state=state, code=None)
        if result.code == 0:
            ctx.equal(f"{db}.t")
        else:
            assert name in (result.err + result.out).lower(), result.err


def test_purged_position(ctx):
    server = own_server(ctx)
    path = ctx.pipeline("d.t", server=server)
    ctx.catch_up(path)
    server.execute(
        "INSERT INTO d.t VALUES (900001, 'x'); FLUSH BINARY LOGS; INSERT INTO d.t VALUES (900002, 'y'); FLUSH BINARY"
        " LOGS"
    )
    server.purge_logs()
    result = ctx.fails(path)
    assert "purged" in result.err.lower() or "no longer" in result.err.lower(), result.err
    assert ctx.lake.count("d.t") == 3000


def test_purged_position_with_a_gap_in_gtid(ctx):
    """The position's file is gone but its GTID begins the oldest file: nothing is missing, so it goes on."""
    server = own_server(ctx)
    path = ctx.pipeline("d.t", server=server)
    ctx.catch_up(path)
    server.execute("FLUSH BINARY LOGS; INSERT INTO d.t VALUES (900002, 'y')")
    server.purge_logs()
    ctx.catch_up(path)
    ctx.equal("d.t", server=server)


def test_server_restarted_mid_stream(ctx):
    server = own_server(ctx)
    job = ctx.start_run(ctx.pipeline("d.t", server=server))
    ctx.wait_equal("d.t", job=job, server=server)
    for kill in (False, True):
        server.execute("INSERT INTO d.t SELECT MAX(id) + 1, 'before' FROM d.t")
        (server.kill if kill else server.stop)()
        server.start()
        server.execute("INSERT INTO d.t SELECT MAX(id) + 1, 'after' FROM d.t; UPDATE d.t SET v = 'r' WHERE id = 1")
        ctx.wait_equal("d.t", job=job, server=server, seconds=40)
    server.execute(
        "FLUSH BINARY LOGS; INSERT INTO d.t VALUES (5000, 'rotated'); FLUSH BINARY LOGS; DELETE FROM d.t WHERE id = 2"
    )
    ctx.wait_equal("d.t", job=job, server=server)
    job.terminate(5)


def test_connection_cut_in_the_middle_of_a_packet(ctx):
    db = ctx.database(SCRIPT)
    line = ctx.proxy()
    path = ctx.pipeline(f"{db}.t", port=line.port, server=ctx.server, source={"connect.max-retries": 20})
    job = ctx.start_run(path, interval="100ms")
    ctx.wait_equal(f"{db}.t", job=job)
    for i in range(6):
        line.cut_after = 3000 + i * 1777
        cuts = line.cuts
        ctx.server.execute(
            f"UPDATE t SET v = CONCAT('cut {i} ', REPEAT('x', 100)) WHERE id % 6 = {i}; INSERT INTO t VALUES"
            f" ({10000 + i}, 'n')",
            db,
        )
        line.cut()
        ctx.wait_equal(f"{db}.t", job=job, seconds=40)
        if line.cuts == cuts:
            line.cut_after = None
    line.off()
    ctx.server.execute("UPDATE t SET v = 'while away' WHERE id < 50", db)
    line.on()
    ctx.wait_equal(f"{db}.t", job=job, seconds=40)
    job.terminate(5)


def test_line_that_falls_silent(ctx):
    """The log sends heartbeats, so a connection without a byte is dead long before TCP notices."""
    db = ctx.database(SCRIPT)
    line = ctx.proxy()
    path = ctx.pipeline(f"{db}.t", port=line.port, server=ctx.server, source={"connect.timeout": "2s"})
    job = ctx.start_run(path)
    ctx.wait_equal(f"{db}.t", job=job)
    line.silence()
    ctx.server.execute("UPDATE t SET v = 'unheard' WHERE id < 50", db)
    ctx.wait_equal(f"{db}.t", job=job, seconds=25)
    job.terminate(5)


def test_connection_cut_in_the_snapshot(ctx):
    db = ctx.database(
        "CREATE TABLE t (id INT PRIMARY KEY, v CHAR(200)); "
        "INSERT INTO t SELECT seq, REPEAT('x', 200) FROM seq_1_to_60000"
    )
    line = ctx.proxy()
    line.cut_after = 700_000
    path = ctx.pipeline(
        f"{db}.t",
        port=line.port,
        server=ctx.server,
        source={"connect.max-retries": 20, "scan.incremental.snapshot.chunk.size": 5000},
    )
    result = ctx.catch_up(path, code=None)
    assert line.cuts == 1, "the proxy had nothing to cut"
    if result.code != 0:
        assert "127.0.0.1" in result.err or "connection" in result.err.lower(), result.err
        ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_log_position_of_another_sessions_snapshot(ctx):
    """Sessions of MariaDB that ask for SHOW STATUS at the same moment may get each other's answer: rows between the
    copy's view and that position would be lost."""
    answers, wrong = [], (1, 3, 4)

    def rewrite(data):
        found = re.search(rb"(Binlog_snapshot_position.)(\d+)", data, re.DOTALL)
        if not found:
            return data
        answers.append(found[2])
        if len(answers) not in wrong:
            return data
        other = b"9" * (len(found[2]) - 1) + b"%d" % len(answers)
        return data[: found.start(2)] + other + data[found.end(2) :]

    for script in (SCRIPT, SCRIPT.replace(" PRIMARY KEY", "")):
        db, answers[:] = ctx.database(script), []
        line = ctx.proxy()
        line.rewrite = rewrite
        path = ctx.pipeline(f"{db}.t", port=line.port, server=ctx.server)
        state = os.path.join(ctx.dir, "state-" + db)
        ctx.catch_up(path, state=state)
        ctx.server.execute("INSERT INTO t VALUES (100001, 'later')", db)
        ctx.catch_up(path, state=state)
        ctx.equal(f"{db}.t")
        assert len(answers) > max(wrong), f"the server was asked {len(answers)} times"


def test_server_id_taken(ctx):
    db = ctx.database(SCRIPT)
    first_path = ctx.pipeline(f"{db}.t", source={"server-id": "5777"})
    first = ctx.start_run(first_path)
    ctx.wait_equal(f"{db}.t", job=first)
    # Its own file may be checked while it runs; another job is told before it does any harm.
    checked = ctx.start("check", first_path).wait(20)
    assert checked.code == 0, checked.out + checked.err
    second_path = ctx.pipeline(
        f"{db}.t", source={"server-id": "5777"}, pipeline={"name": "another"}, name="second.yaml"
    )
    words = ("server-id 5777 is taken by another job of sluice", "from", "choose another")
    ctx.fails(second_path, *words, command="check")
    result = ctx.start("run", second_path, "--state", os.path.join(ctx.dir, "state1")).wait(30)
    assert result.code == 1 and all(word in result.err for word in words), result.err
    assert first.running(), first.tail()
    # A copy of the job itself, with another state directory, cannot be told from it: the server ends the older one.
    copy = ctx.start_run(first_path, state=os.path.join(ctx.dir, "state2"))
    harness.wait_until(lambda: not first.running(), "the older job to end", 30)
    assert "read as server-id 5777" in first.err() and "give each its own" in first.err(), first.tail()
    copy.terminate(5)


def test_server_id_of_the_server_itself(ctx):
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.t", source={"server-id": str(ctx.server.port)})
    ctx.fails(path, "server", str(ctx.server.port), command="check")


def test_table_dropped_under_a_snapshot(ctx):
    db = ctx.database(
        "CREATE TABLE a (id INT PRIMARY KEY, v CHAR(100)); INSERT INTO a SELECT seq, 'x' FROM seq_1_to_150000; "
        "CREATE TABLE b LIKE a; INSERT INTO b SELECT * FROM a; CREATE TABLE c LIKE a; INSERT INTO c SELECT * FROM a"
    )
    path = ctx.pipeline(f"{db}.\\.*", source={"scan.incremental.snapshot.chunk.size": 2000})
    job = ctx.start_run(path, interval="300ms")
    harness.wait_until(
        lambda: any(ctx.lake.exists(f"{db}.{t}") for t in "abc") or not job.running(), "the first table", 20
    )
    ctx.server.execute("SET lock_wait_timeout = 60; DROP TABLE c", db)
    harness.wait_until(
        lambda: not job.running()
        or all(ctx.lake.exists(f"{db}.{t}") and ctx.lake.count(f"{db}.{t}") == 150000 for t in "ab"),
        "tables a and b",
        60,
    )
    if job.running():
        ctx.server.execute("INSERT INTO a VALUES (900000, 'live')", db)
        ctx.wait_equal(f"{db}.a", job=job)
        ctx.wait_equal(f"{db}.b", job=job)
        job.terminate(5)
    else:
        assert f"{db}.c" in job.err(), job.tail()
        ctx.catch_up(path)
        ctx.equal(f"{db}.a")
        ctx.equal(f"{db}.b")


def test_warehouse_that_cannot_be_written(ctx):
    db = ctx.database(SCRIPT)
    ctx.write("lake", "a file where a folder should be")
    path = ctx.pipeline(f"{db}.t")
    ctx.fails(path, ctx.warehouse)
    os.remove(ctx.warehouse)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")


def test_warehouse_that_turns_bad_while_running(ctx):
    db = ctx.database(SCRIPT)
    path = ctx.pipeline(f"{db}.t")
    ctx.catch_up(path)
    data = os.path.join(ctx.lake.folder(f"{db}.t"), "data")
    os.rename(data, data + ".away")
    ctx.write(os.path.relpath(data, ctx.dir), "a file")
    ctx.server.execute("INSERT INTO t VALUES (9999, 'x')", db)
    ctx.fails(path, "data")
    os.remove(data)
    os.rename(data + ".away", data)
    ctx.catch_up(path)
    ctx.equal(f"{db}.t")
