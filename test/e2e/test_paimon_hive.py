# SPDX-License-Identifier: Apache-2.0
"""Paimon tables in a Hive catalog: what stands in the metastore after copies, changes of columns, kills and outages.
The metastore is a fake that answers as a real one did (metastore.py); test/peers has that."""

import os
import shutil
import signal

import metastore
import paimon_job
import paimon_source
import processes
import thrift

SHOP = """
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20), at TIMESTAMP(3) NULL, amount DECIMAL(10,2),
  long_text TEXT, clock TIME);
CREATE TABLE log (line INT, text VARCHAR(40));
INSERT INTO t SELECT seq, CONCAT('old ', seq), NULL, 1.5, 'x', '10:00:00' FROM seq_1_to_300;
INSERT INTO log SELECT seq, 'first' FROM seq_1_to_50
"""
CHANGES = """UPDATE t SET v = 'changed' WHERE id % 7 = 0; DELETE FROM t WHERE id % 50 = 3;
INSERT INTO log VALUES (99, 'x')"""
COLUMNS = [
    ("id", "int"),
    ("v", "varchar(20)"),
    ("at", "timestamp with local time zone"),
    ("amount", "decimal(10,2)"),
    ("long_text", "string"),
    ("clock", "string"),
]


def start(ctx):
    """A metastore of this test, ended with it."""
    server = metastore.Metastore(os.path.join(ctx.dir, "metastore"))
    ctx.cleanups.append(server.close)
    return server


def pipeline(ctx, server, tables, table=None, catalog=None, **options):
    sink = {
        "catalog.properties.metastore": "hive",
        "catalog.properties.uri": server.uri,
        **{f"catalog.properties.{key}": value for key, value in (catalog or {}).items()},
    }
    return paimon_job.pipeline(ctx, tables, table, sink=sink, **options)


def entry(ctx, server, db, table="t"):
    """The entry of the metastore agrees with the table's newest schema; it is returned."""
    found = server.tables[db, table]
    fields = paimon_job.files(ctx, f"{db}.{table}").schema()["fields"]
    assert [name for name, _ in metastore.columns(found)] == [field["name"].lower() for field in fields]
    assert metastore.location(found) == f"file:{ctx.warehouse}/{db}.db/{table}", metastore.location(found)
    return found


def test_what_stands_in_the_metastore(ctx):
    server = start(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, server, f"{db}.\\.*", {"file.compression": "lz4"})
    ctx.catch_up(path)
    found = entry(ctx, server, db)
    assert metastore.columns(found) == COLUMNS, metastore.columns(found)
    assert server.databases[db][3][1] == f"file:{ctx.warehouse}/{db}.db"
    said = metastore.parameters(found)
    expected = {
        "table_type": "PAIMON",
        "storage_handler": "org.apache.paimon.hive.PaimonStorageHandler",
        "primary-key": "id",
        "bucket-key": "id",
        "file.compression": "lz4",
    }
    assert expected.items() <= said.items(), said
    assert found[metastore.TYPE][1] == "MANAGED_TABLE"
    storage = found[metastore.STORAGE][1]
    assert storage[metastore.INPUT][1] == "org.apache.paimon.hive.mapred.PaimonInputFormat"
    assert storage[7][1][2][1] == "org.apache.paimon.hive.PaimonSerDe"
    ctx.server.execute(CHANGES, db)
    ctx.server.execute("ALTER TABLE t ADD extra INT, MODIFY v VARCHAR(60); UPDATE t SET extra = 5 WHERE id < 20", db)
    ctx.catch_up(path)
    assert metastore.columns(entry(ctx, server, db)) == [
        *COLUMNS[:1], ("v", "varchar(60)"), *COLUMNS[2:], ("extra", "int")
    ]
    for table in ("t", "log"):
        paimon_job.equal(ctx, f"{db}.{table}")
        entry(ctx, server, db, table)
    before = server.calls.count("alter_table_with_environment_context")
    ctx.catch_up(path)
    assert server.calls.count("alter_table_with_environment_context") == before, "nothing has changed"
    compacted = ctx.command(
        "paimon", "compact", "--warehouse", ctx.warehouse, "--database", db, "--table", "t", "--catalog_conf",
        "metastore=hive", "--catalog_conf", f"uri={server.uri}",
    )
    assert compacted.code == 0, compacted.err
    paimon_job.equal(ctx, f"{db}.t")


def test_read_from_a_hive_catalog(ctx):
    """A source, `verify` and `read` find tables by the metastore."""
    server = start(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, server, f"{db}.t")
    ctx.catch_up(path)
    catalog = {"metastore": "hive", "uri": server.uri}
    source = {f"catalog.properties.{key}": value for key, value in catalog.items()}
    second = paimon_source.Second(ctx, f"{db}.t", "paimon", "second", source=source)
    for statement in ("", CHANGES.split(";", maxsplit=1)[0], "ALTER TABLE t ADD extra INT; UPDATE t SET extra = id"):
        if statement:
            ctx.server.execute(statement, db)
            ctx.catch_up(path)
        second.catch_up()
        second.equal(f"{db}.t")
        for pipe in (path, second.path):
            same = ctx.command("verify", pipe)
            assert same.code == 0 and "equal: 1 table" in same.out, same.out + same.err
    words = [f"--catalog_conf={key}={value}" for key, value in {**catalog, "warehouse": ctx.warehouse}.items()]
    named = ctx.command("read", f"{db}.t", "--format", "jsonl", *words)
    assert named.code == 0 and named.out == paimon_job.read(ctx, f"{db}.t"), named.err


def test_killed_between_the_files_and_the_metastore(ctx):
    server = start(ctx)
    for phase, name in [
        ("copy", "catalog.after_database"), ("copy", "catalog.after_schema"), ("copy", "catalog.after_entry"),
        ("stream", "paimon.after_schema"),
    ]:
        ctx.state = os.path.join(ctx.dir, "state-" + name)
        db = ctx.database(SHOP)
        path = pipeline(ctx, server, f"{db}.\\.*", name=name + ".yaml")
        if phase == "stream":
            ctx.catch_up(path)
            ctx.server.execute("ALTER TABLE t ADD extra INT; UPDATE t SET extra = id", db)
        killed = ctx.catch_up(path, env={"SLUICE_FAILPOINT": name}, code=None)
        assert killed.code == -signal.SIGKILL, f"{name} was not passed: {killed.err}"
        if phase == "stream":
            assert "extra" not in dict(metastore.columns(server.tables[db, "t"])), "killed too late"
        ctx.server.execute(CHANGES, db)
        ctx.catch_up(path)
        for table in ("t", "log"):
            paimon_job.equal(ctx, f"{db}.{table}", orphans=True)
            entry(ctx, server, db, table)
        if name == "catalog.after_schema":  # and with the state lost
            shutil.rmtree(ctx.state)
            ctx.catch_up(path)
            paimon_job.equal(ctx, f"{db}.t", orphans=True)


def test_answers_that_are_lost(ctx):
    server = start(ctx)
    for call, when in [
        ("get_table", "before"), ("create_database", "after"), ("create_table", "after"),
        ("alter_table_with_environment_context", "after"),
    ]:
        ctx.state = os.path.join(ctx.dir, f"state-{call}")
        db = ctx.database(SHOP)
        path = pipeline(ctx, server, f"{db}.t", name=call + ".yaml")
        if call.startswith("alter"):
            ctx.catch_up(path)
            ctx.server.execute("ALTER TABLE t ADD extra INT; UPDATE t SET extra = id", db)
        server.cut = {call: when}
        first = ctx.catch_up(path, code=None)
        assert not server.cut, f"{call} was not asked"
        if first.code != 0:  # before the source was reached the first error ends the job
            assert "metastore" in first.err and call in first.err, first.err
            ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t", orphans=True)
        entry(ctx, server, db)


def test_a_metastore_that_goes_and_comes_back(ctx):
    server = start(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, server, f"{db}.t")
    server.close()
    ctx.fails(path, "hive metastore", f"127.0.0.1:{server.port}", code=1)
    server.open()
    job = ctx.start_run(path)
    ctx.wait_equal(f"{db}.t", job=job)
    server.close()
    ctx.server.execute(CHANGES.split(";")[0] + "; ALTER TABLE t ADD extra INT; UPDATE t SET extra = id", db)
    job.wait_text("cannot connect")
    server.open()
    ctx.wait_equal(f"{db}.t", job=job)
    processes.wait_until(lambda: "extra" in dict(metastore.columns(server.tables[db, "t"])), "the column", 30)
    job.terminate()
    paimon_job.equal(ctx, f"{db}.t", orphans=True)


def test_locks(ctx):
    server = start(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, server, f"{db}.t", catalog={"lock.enabled": "true", "lock-check-max-sleep": "100 ms"})
    ctx.catch_up(path)
    assert server.calls.count("lock") >= 2 and not server.locks, server.locks
    other = server.call_lock({1: (thrift.LIST, (thrift.STRUCT, [{3: (11, db), 4: (11, "t")}]))})
    ctx.server.execute(CHANGES.split(";")[0], db)
    job = ctx.start_run(path)
    processes.wait_until(lambda: server.calls.count("check_lock") >= 3, "waiting for the lock", 30)
    newest = len(ctx.lake.snapshots(f"{db}.t"))
    server.call_unlock({1: other[1][1]})
    ctx.wait_equal(f"{db}.t", job=job)
    assert len(ctx.lake.snapshots(f"{db}.t")) > newest
    job.terminate()
    server.call_lock({1: (thrift.LIST, (thrift.STRUCT, [{3: (11, db), 4: (11, "t")}]))})
    path = pipeline(ctx, server, f"{db}.t", catalog={"lock.enabled": "true", "lock-acquire-timeout": "200 ms"})
    ctx.server.execute("UPDATE t SET v = 'y' WHERE id = 1", db)
    job = ctx.start_run(path)
    job.wait_text("the lock of table")
    server.locks.clear()
    ctx.wait_equal(f"{db}.t", job=job)


def test_places_of_the_metastore(ctx):
    """A database that lies elsewhere, places in properties, tables that are external, options that stay out."""
    server = start(ctx)
    elsewhere = os.path.join(ctx.dir, "elsewhere")
    db = ctx.database(SHOP)
    server.call_create_database({1: (11, db), 3: (11, "file:" + elsewhere), 4: thrift.text_map({})})
    catalog = {"table.type": "external", "sync-all-properties": "false"}
    path = pipeline(ctx, server, f"{db}.t", {"hive.note": "n"}, catalog)
    ctx.catch_up(path)
    found = server.tables[db, "t"]
    assert metastore.location(found) == f"file:{elsewhere}/t"
    assert os.path.exists(elsewhere + "/t/schema/schema-0") and not os.path.exists(f"{ctx.warehouse}/{db}.db/t")
    said = metastore.parameters(found)
    assert said["EXTERNAL"] == "TRUE" and found[metastore.TYPE][1] == "EXTERNAL_TABLE", said
    assert "primary-key" not in said and said["hive.note"] == "n", said
    other = ctx.database(SHOP)
    ctx.state += "-properties"
    path = pipeline(ctx, server, f"{other}.t", catalog={"location-in-properties": "true"}, name="properties.yaml")
    ctx.catch_up(path)
    said = metastore.parameters(server.tables[other, "t"])
    assert said["paimon_location"] == f"file:{ctx.warehouse}/{other}.db/t", said
    ctx.server.execute(CHANGES.split(";")[0], other)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{other}.t")


def test_refused_by_name(ctx):
    server = start(ctx)
    db = ctx.database(SHOP)
    for catalog, words in [
        ({"hive.metastore.sasl.enabled": "true"}, ("hive.metastore.sasl.enabled", "plain thrift")),
        ({"hive.metastore.kerberos.principal": "hive/_HOST@A"}, ("hive.metastore.kerberos.principal",)),
        ({"hadoop-conf-dir": "/etc/hadoop"}, ("hadoop-conf-dir",)),
        ({"uri": "http://127.0.0.1:1"}, ("only thrift://",)),
        ({"uri": None}, ("where the hive metastore is", "uri")),
        ({"location-in-properties": "maybe"}, ("location-in-properties", "maybe")),
        ({"hive-conf-dir": ctx.dir}, ("hive-site.xml",)),
    ]:
        ctx.fails(pipeline(ctx, server, f"{db}.t", catalog=catalog), *words, code=2)
    assert server.calls == [], "nothing is asked before the options are right"
    path = pipeline(ctx, server, f"{db}.t", {"metastore.partitioned-table": "true"})
    ctx.fails(path, "metastore.partitioned-table", code=1)
    ctx.server.execute("CREATE TABLE big (Id INT PRIMARY KEY)", db)
    ctx.fails(pipeline(ctx, server, f"{db}.big"), 'column name "Id" has upper case letters', code=1)
    ctx.catch_up(pipeline(ctx, server, f"{db}.big", catalog={"case-sensitive": "true"}))
    assert metastore.columns(server.tables[db, "big"]) == [("id", "int")]
    ctx.state += "-route"
    route = [{"source-table": f"{db}.t", "sink-table": f"{db}.Other"}]
    ctx.fails(pipeline(ctx, server, f"{db}.t", route=route), "Other", "upper case", code=1)
    ctx.state += "-other"
    server.tables[db, "t"] = {1: (11, "t"), 2: (11, db), 7: (12, {2: (11, "file:/tmp/x"), 3: (11, "Text")})}
    ctx.fails(pipeline(ctx, server, f"{db}.t"), f"{db}.t", "not paimon's", code=1)


def test_columns_that_the_metastore_forbids(ctx):
    """It compares columns by position, unless it is told not to."""
    server = start(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, server, f"{db}.t", pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    ctx.server.execute("ALTER TABLE t DROP v; UPDATE t SET amount = 2 WHERE id = 5", db)
    ctx.fails(path, "incompatible", "disallow.incompatible.col.type.changes", code=1)
    server.strict = False
    ctx.catch_up(path)
    assert "v" not in dict(metastore.columns(entry(ctx, server, db)))
    paimon_job.equal(ctx, f"{db}.t", orphans=True)


def test_hive_site_and_several_servers(ctx):
    server = start(ctx)
    db = ctx.database(SHOP)
    free = processes.free_port()
    site = "<configuration><property><name>hive.metastore.uris</name><value>{}</value></property></configuration>"
    ctx.write("hive-site.xml", site.format(f"thrift://127.0.0.1:{free},{server.uri}"))
    ctx.catch_up(pipeline(ctx, server, f"{db}.t", catalog={"uri": None, "hive-conf-dir": ctx.dir}))
    paimon_job.equal(ctx, f"{db}.t")
    entry(ctx, server, db)
    path = pipeline(ctx, server, f"{db}.t", catalog={"uri": None})
    ctx.catch_up(path, env={"HIVE_CONF_DIR": ctx.dir})


def test_another_server_behind_the_address(ctx):
    """MariaDB greets whoever connects: bytes that are no Thrift."""
    db = ctx.database(SHOP)
    server = start(ctx)
    path = pipeline(ctx, server, f"{db}.t", catalog={"uri": f"thrift://127.0.0.1:{ctx.server.port}"})
    ctx.fails(path, "hive metastore", "no strict message", "sasl", code=1)


def test_repair(ctx):
    """Tables that the metastore does not have, or has otherwise, are as their files say; it changes no file."""
    server = start(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, server, f"{db}.t")
    ctx.catch_up(path)
    conf = ["--warehouse", ctx.warehouse, "--catalog_conf", "metastore=hive", "--catalog_conf", f"uri={server.uri}"]

    def repair(*identifier, code=0):
        said = ctx.command("paimon", "repair", *conf, *identifier)
        ctx.jobs.pop()
        assert said.code == code, said.out + said.err
        return said.out + said.err

    before = entry(ctx, server, db)
    assert "is as its files say" in repair("--identifier", f"{db}.t")
    del server.tables[db, "t"]
    assert f"table {db}.t is entered" in repair("--identifier", f"{db}.t")
    after = entry(ctx, server, db)
    assert metastore.parameters(after) == {**metastore.parameters(before), **{
        key: value for key, value in metastore.parameters(after).items() if key == "transient_lastDdlTime"}}
    del server.tables[db, "t"], server.databases[db]
    assert "is entered" in repair()
    ctx.server.execute("ALTER TABLE t ADD COLUMN more INT", db)
    old = server.tables[db, "t"]
    ctx.catch_up(path)
    server.tables[db, "t"] = old
    assert f"table {db}.t: its entry is up to date again" in repair("--identifier", db)
    assert "more" in [name for name, _ in metastore.columns(entry(ctx, server, db))]
    assert "no Paimon table" in repair("--identifier", f"{db}.none", code=1)
    assert "no files of tables" in repair("--identifier", "nowhere")
    ctx.server.execute(CHANGES.split(";")[0], db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
