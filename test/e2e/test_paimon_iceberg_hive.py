# SPDX-License-Identifier: Apache-2.0
"""Iceberg metadata beside Paimon tables in a Hive metastore (metadata.iceberg.storage: hive-catalog): its pointer is
the newest metadata file after each commit, kill, outage and rollback. The metastore is a fake (metastore.py)."""

import os
import signal

from pyiceberg.table import StaticTable

import metastore
import paimon_iceberg
import paimon_job
import processes
import test_paimon_changelog as changelog
import test_paimon_hive
import test_paimon_iceberg_s3 as in_s3

OFTEN = {"bucket": 2, "num-sorted-run.compaction-trigger": 2}


def pipeline(ctx, server, tables, table=None, **options):
    own = {"metadata.iceberg.storage": "hive-catalog", "metadata.iceberg.uri": server.uri}
    return paimon_job.pipeline(ctx, tables, {**OFTEN, **own, **(table or {})}, **options)


def points_at_newest(ctx, server, table, name=None):
    """The metastore has the newest metadata of a table, which PyIceberg reads through that pointer; its parameters."""
    database, short = (name or table).split(".")
    entry = server.tables[database, short]
    said = metastore.parameters(entry)
    folder = os.path.join(ctx.warehouse, "iceberg", *table.split("."), "metadata")
    newest = max(int(f[1:].split(".")[0]) for f in os.listdir(folder) if f.endswith(".metadata.json"))
    assert said["metadata_location"] == f"file://{folder}/v{newest}.metadata.json", (newest, said)
    assert said["table_type"] == "ICEBERG" and said["EXTERNAL"] == "TRUE", said
    assert entry[metastore.TYPE][1] == "EXTERNAL_TABLE"
    assert metastore.location(entry) == "file:" + os.path.dirname(folder)
    shown = StaticTable.from_metadata(said["metadata_location"])
    assert said["uuid"] == str(shown.metadata.table_uuid)
    rows = shown.scan().to_arrow().num_rows
    assert rows == len(ctx.lake.rows(table)[1]), rows
    assert not server.locks, "a lock stays"
    return said


def test_the_pointer_follows(ctx):
    server = test_paimon_hive.start(ctx)
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    path = pipeline(ctx, server, f"{db}.t")
    former = None
    for round_ in range(3):
        ctx.catch_up(path)
        paimon_iceberg.equal(ctx, f"{db}.t")
        said = points_at_newest(ctx, server, f"{db}.t")
        assert former is None or said["previous_metadata_location"].rsplit("/", 1)[0] == former.rsplit("/", 1)[0]
        assert said["metadata_location"] != former
        former = said["metadata_location"]
        changelog.change(ctx, db, round_)
        if round_ == 1:
            ctx.server.execute("ALTER TABLE t ADD extra INT; UPDATE t SET extra = 1 ORDER BY id LIMIT 9", db)
    ctx.catch_up(path)
    assert ("extra", "int") in metastore.columns(server.tables[db, "t"])
    assert metastore.location({7: (12, {2: server.databases[db][3]})}) == f"file:{ctx.warehouse}/iceberg/{db}"
    before = server.calls.count("alter_table_with_environment_context")
    ctx.catch_up(path)
    assert server.calls.count("alter_table_with_environment_context") == before, "nothing was new"
    version = ctx.lake.snapshot_ids(f"{db}.t")[1]
    rolled = ctx.command(
        "paimon", "rollback_to", "--warehouse", ctx.warehouse, "--database", db, "--table", "t", "--version",
        str(version),
    )
    assert rolled.code == 0 and "drop_table" in server.calls, rolled.err
    points_at_newest(ctx, server, f"{db}.t")


def test_other_names_and_several_databases(ctx):
    server = test_paimon_hive.start(ctx)
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    names = {"metadata.iceberg.database": f"{db}_a; {db}_b", "metadata.iceberg.table": "shown"}
    path = pipeline(ctx, server, f"{db}.t", names)
    ctx.catch_up(path)
    changelog.change(ctx, db, 1)
    ctx.catch_up(path)
    for database in (f"{db}_a", f"{db}_b"):
        points_at_newest(ctx, server, f"{db}.t", f"{database}.shown")
    assert (db, "t") not in server.tables


def test_killed_before_the_pointer_moves_and_lost_answers(ctx):
    server = test_paimon_hive.start(ctx)
    for name in ("paimon.before_publish", "paimon.before_publish:2", "create_table", "unlock",
                 "alter_table_with_environment_context"):
        db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
        ctx.state = paimon_job.state(ctx, name)
        path = pipeline(ctx, server, f"{db}.t", name=name + ".yaml")
        if name.startswith("alter"):
            ctx.catch_up(path)
            changelog.change(ctx, db, 5)
        kills = name.startswith("paimon.")
        server.cut = {} if kills else {name: "after"}
        result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": name} if kills else None, code=None)
        assert not kills or result.code == -signal.SIGKILL, result.err
        assert not server.cut, f"{name} was not asked"
        server.locks.clear()  # that of a process that died goes after some minutes
        ctx.catch_up(path)
        paimon_iceberg.equal(ctx, f"{db}.t")
        points_at_newest(ctx, server, f"{db}.t")


def test_a_metastore_that_goes_and_comes_back(ctx):
    server = test_paimon_hive.start(ctx)
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    job = ctx.start_run(pipeline(ctx, server, f"{db}.t"))
    processes.wait_until(lambda: (db, "t") in server.tables, "the table in the metastore", 30)
    ctx.wait_equal(f"{db}.t", job=job)
    server.close()
    changelog.change(ctx, db, 3)
    job.wait_text("cannot connect")
    server.open()
    ctx.wait_equal(f"{db}.t", job=job)
    job.terminate()
    ctx.catch_up(pipeline(ctx, server, f"{db}.t"))
    points_at_newest(ctx, server, f"{db}.t")


def test_refused_by_name(ctx):
    server = test_paimon_hive.start(ctx)
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    for options, words in [
        ({"metadata.iceberg.uri": ""}, ("where the hive metastore is", "metadata.iceberg.uri")),
        ({"metadata.iceberg.hadoop-conf-dir": "/etc/hadoop"}, ("metadata.iceberg.hadoop-conf-dir",)),
        ({"metadata.iceberg.hive-client-class": "a.B"}, ("hive-client-class", "a.B")),
        ({"metadata.iceberg.table": "Upper"}, ("Upper", "upper case")),
    ]:
        ctx.state += "x"
        ctx.fails(pipeline(ctx, server, f"{db}.t", options), *words, code=1)
    assert not server.calls
    ctx.state += "x"
    server.call_create_database({1: (11, db)})
    server.tables[db, "t"] = {1: (11, "t"), 9: (13, (11, 11, [("table_type", "PAIMON")]))}
    ctx.fails(pipeline(ctx, server, f"{db}.t"), f"{db}.t", "not iceberg's", "metadata.iceberg.database", code=1)


def test_over_a_table_in_s3(ctx):
    """The pointer names a file in the bucket, after commits, a kill and an alteration; PyIceberg follows it there."""
    server = test_paimon_hive.start(ctx)
    own = {"metadata.iceberg.storage": "hive-catalog", "metadata.iceberg.uri": server.uri}
    place, db, table, path = in_s3.begin(ctx, own)
    beside = in_s3.BesideInS3(place, True)
    folder = f"s3://{place.bucket}/some/lake/iceberg/{db}"

    def follows():
        in_s3.equal(place, table, beside)
        entry = server.tables[db, "t"]
        said = metastore.parameters(entry)
        assert said["metadata_location"] == beside.metadata_path(table), said
        assert metastore.location(entry) == f"{folder}/t", metastore.location(entry)
        shown = StaticTable.from_metadata(said["metadata_location"], in_s3.file_options(place))
        assert said["uuid"] == str(shown.metadata.table_uuid)
        assert shown.scan().to_arrow().num_rows == len(ctx.lake.rows(table)[1])
        assert not server.locks, "a lock stays"
        return said["metadata_location"]

    ctx.catch_up(path)
    seen = {follows()}
    assert server.databases[db][3][1] == folder, server.databases[db]
    for round_, env in enumerate((None, {"SLUICE_FAILPOINT": "paimon.before_publish"}, None)):
        changelog.change(ctx, db, round_)
        result = ctx.catch_up(path, env=env, code=None)
        if env:
            assert result.code == -signal.SIGKILL, result.err
            server.locks.clear()  # that of a process that died goes after some minutes
            ctx.catch_up(path)
        seen.add(follows())
        name = f"extra{round_}"
        ctx.server.execute(f"ALTER TABLE t ADD {name} INT; UPDATE t SET {name} = 1 ORDER BY id LIMIT 9", db)
    ctx.catch_up(path)
    seen.add(follows())
    assert len(seen) == 5, seen
    assert ("extra2", "int") in metastore.columns(server.tables[db, "t"])
