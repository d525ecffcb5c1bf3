# SPDX-License-Identifier: Apache-2.0
"""Paimon tables in a REST catalog: sink, source, actions, read and verify; lost answers, kills, other writers. The
server is a fake by the rules of Java's test server (paimon_rest_server.py); test/peers has that. pypaimon reads and
writes over the same catalog."""

import json
import os
import signal

import paimon_job
import paimon_lake
import paimon_rest_server
import paimon_source
import test_paimon_s3

TOKEN = paimon_rest_server.TOKEN
FIXED = {"bucket": 2}
SHOP = """
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40));
INSERT INTO t SELECT seq, CONCAT('v', seq) FROM seq_1_to_300
"""
CHANGES = """
INSERT INTO t VALUES (1001, 'new'), (1002, NULL);
UPDATE t SET v = 'changed' WHERE id BETWEEN 100 AND 150;
DELETE FROM t WHERE id BETWEEN 140 AND 170
"""


def start(ctx, **config):
    """A catalog of this test, ended with it."""
    server = paimon_rest_server.PaimonRest(ctx.warehouse, config)
    ctx.cleanups.append(server.close)
    return server


def block(server, **more):
    return {f"catalog.properties.{key}": value for key, value in server.options(**more).items()}


def conf(server, **more):
    return [f"--catalog_conf={key}={value}" for key, value in server.options(**more).items()]


def pipeline(ctx, server, tables, table=None, **options):
    path = paimon_job.pipeline(ctx, tables, FIXED if table is None else table, sink=block(server), **options)
    ctx.lake = paimon_lake.PaimonLake(ctx.warehouse, ctx.shared.pypaimon(), server.options())
    return path


def no_secret(ctx):
    paimon_job.no_secret(ctx, TOKEN)


def test_sink_and_pypaimon_share_a_catalog(ctx):
    server = start(ctx)
    db = ctx.database(SHOP + "; CREATE TABLE u (a INT, p INT); INSERT INTO u VALUES (1, 2); CREATE TABLE w (id INT"
                             " PRIMARY KEY); CREATE TABLE x (id INT PRIMARY KEY)")
    path = pipeline(ctx, server, f"{db}.\\.*", {})
    ctx.catch_up(path)
    assert sorted(server.tables) == [(db, name) for name in "tuwx"]
    ctx.server.execute(CHANGES, db)
    ctx.server.execute("ALTER TABLE t ADD COLUMN w INT DEFAULT 7; INSERT INTO t VALUES (2000, 'wide', 8)", db)
    ctx.catch_up(path)
    for table in "tu":
        paimon_job.equal(ctx, f"{db}.{table}")
    same = ctx.command("verify", path)
    assert same.code == 0 and "equal: 4 tables" in same.out, same.out + same.err
    statistics = server.tables[db, "u"].statistics
    assert statistics == [{**statistics[0], "spec": {}, "recordCount": 1, "fileCount": 1}], statistics
    kept = server.tables[db, "t"]
    assert all(kept.read("snapshot", number)["uuid"] for number in range(1, kept.latest + 1))
    checked = ctx.command("check", path)
    assert checked.code == 0, checked.err
    no_secret(ctx)


def test_changes_of_columns(ctx):
    server = start(ctx)
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, b VARCHAR(20), c INT, d DECIMAL(8,2))"
                      " COMMENT 'one'; INSERT INTO t VALUES (1, 2, 'x', 3, 4.25), (2, 3, NULL, NULL, NULL)")
    path = pipeline(ctx, server, f"{db}.t", pipeline={"schema.change.behavior": "evolve"})
    for n, change in enumerate((
        "", "ADD e INT FIRST, ADD f VARCHAR(10) AFTER a", "MODIFY a BIGINT NULL", "DROP c", "RENAME COLUMN b TO c",
        "MODIFY d DECIMAL(12,2) AFTER id", "ADD g DATE COMMENT 'when', DROP f", "MODIFY c VARCHAR(60) COMMENT 'told'",
    )):
        if change:
            ctx.server.execute(f"ALTER TABLE t {change}; INSERT INTO t (id, a) VALUES ({10 + n}, 5)", db)
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t")
    assert server.tables[db, "t"].schema()["id"] >= 7
    assert not [key for key in server.tables[db, "t"].schema()["options"] if key == "path"]


def test_taking_turns_with_pypaimon(ctx):
    """pypaimon makes a table of the catalog; both write; a source reads what both wrote."""
    server = start(ctx)
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO t VALUES (1, 'one')")
    path = pipeline(ctx, server, f"{db}.t")
    ctx.lake.create(f"{db}.t", [("id", "INT NOT NULL"), ("v", "STRING")], ["id"], options={"bucket": "1"})
    paimon_source.take_turns(ctx, db, path, block(server))


def test_killed_at_each_step(ctx):
    server = start(ctx)
    for step in ("catalog.after_database", "catalog.after_entry", "paimon.after_snapshot", "paimon.after_schema"):
        db = ctx.database(SHOP)
        ctx.state = paimon_job.state(ctx, step)
        path = pipeline(ctx, server, f"{db}.t", name=f"{step}.yaml")
        if step == "paimon.after_schema":
            ctx.catch_up(path)
            ctx.server.execute("ALTER TABLE t ADD w INT; UPDATE t SET w = id", db)
        killed = ctx.catch_up(path, env={"SLUICE_FAILPOINT": step}, code=None)
        assert killed.code == -signal.SIGKILL, f"{step}: {killed.code} {killed.err}"
        ctx.server.execute(CHANGES.replace("'new')", "'new'" + (", 1)" if "schema" in step else ")")).replace(
            "(1002, NULL)", "(1002, NULL, 2)" if "schema" in step else "(1002, NULL)"), db)
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t", orphans=True)


def test_answers_that_are_lost_or_none(ctx):
    """Of each request, before and after it was done: nothing twice, nothing missing."""
    server = start(ctx)
    for n, (method, word, answer, done) in enumerate((
        ("POST", "/commit", None, True), ("POST", "/commit", None, False), ("POST", "/commit", b"<html>", True),
        ("POST", "/commit", 503, True), ("POST", "/databases", None, True), ("POST", "/tables", None, True),
        ("POST", "/tables/t", None, True), ("GET", "/snapshot", b"garbage", False),
    )):
        what = f"{method} {word} {answer} {done}"
        db = ctx.database(SHOP)
        ctx.state = paimon_job.state(ctx, str(n))
        path = pipeline(ctx, server, f"{db}.t", name=f"{n}.yaml")
        if word == "/tables/t":
            ctx.catch_up(path)
            ctx.server.execute("ALTER TABLE t ADD w INT; UPDATE t SET w = id", db)
        server.fault(method, word, answer, done)
        first = ctx.catch_up(path, code=None)
        assert not server.faults, f"{what}: it was not asked"
        if first.code != 0:  # before the source was reached the first error ends the job
            assert "REST catalog" in first.err and server.uri in first.err, f"{what}: {first.err}"
            ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t", orphans=True)
    no_secret(ctx)


def test_another_writer_is_first(ctx):
    """The server says no to a commit: the snapshot is made anew, behind the other's."""
    server = start(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, server, f"{db}.t")
    ctx.catch_up(path)
    theirs = [{"id": "5000", "v": "theirs"}]
    plain, met = server.answer, []

    def answer(method, asked, *rest):
        if asked.endswith("/commit") and not met:
            met.append(asked)
            ctx.lake.write(f"{db}.t", theirs)
        return plain(method, asked, *rest)

    server.answer = answer
    ctx.server.execute(CHANGES + "; INSERT INTO t VALUES (5000, 'theirs')", db)
    ended = ctx.catch_up(path)
    assert met and "made by another writer" in ended.err, ended.err
    paimon_job.equal(ctx, f"{db}.t", field_ids=False)


def test_actions(ctx):
    server = start(ctx)
    db = ctx.database(SHOP)
    words = ["paimon", "mysql_sync_database", *conf(server), "--database", "ods", "--until", "caught-up"]
    for key, value in (("hostname", "127.0.0.1"), ("port", ctx.server.port), ("username", "flow"),
                       ("password", "flow-secret"), ("database-name", db), ("server-time-zone", "UTC")):
        words += ["--mysql_conf", f"{key}={value}"]
    words += ["--table_conf", "bucket=1"]
    stateless = ctx.command(*words)
    assert stateless.code != 0 and "--state" in stateless.err, stateless.err
    words += ["--state", ctx.state]
    for statement in ("", CHANGES):
        if statement:
            ctx.server.execute(statement, db)
        ended = ctx.command(*words)
        assert ended.code == 0, ended.err
    pipeline(ctx, server, f"{db}.t")
    ctx.equal(f"{db}.t", "ods.t")
    table = ["--database", "ods", "--table", "t"]
    before = server.tables["ods", "t"].latest
    for action in (["create_tag", *table, "--tag_name", "x"], ["compact", *table], ["compact_database"],
                   ["create_branch", *table, "--branch_name", "b"], ["delete_branch", *table, "--branch_name", "b"],
                   ["expire_snapshots", *table, "--retain_max", "3", "--retain_min", "1"]):
        ended = ctx.command("paimon", action[0], *conf(server), *action[1:])
        assert ended.code == 0, f"{action}: {ended.out}{ended.err}"
    assert server.count("POST", "/branches") == 1 and server.count("DELETE", "/branches/b") == 1
    ctx.equal(f"{db}.t", "ods.t")
    assert len(ctx.lake.rows("ods.t", tag="x")[1]) == len(ctx.lake.rows("ods.t")[1])
    ended = ctx.command("paimon", "rollback_to", *conf(server), *table, "--version", str(before))
    assert ended.code == 0 and server.tables["ods", "t"].latest == before, ended.out + ended.err
    ctx.equal(f"{db}.t", "ods.t")
    named = ctx.command("read", "ods.t", "--format", "jsonl", *conf(server))
    assert named.code == 0 and named.out == paimon_job.read(ctx, "ods.t"), named.err
    assert ctx.command("tables", "orphans", "ods.t", *conf(server)).code == 0
    missing = ctx.command("read", "ods.nothing", *conf(server))
    assert missing.code != 0 and "no table ods.nothing" in missing.err, missing.err
    no_secret(ctx)


class S3Table(paimon_rest_server.Table):
    """A table of the catalog in a bucket."""

    def __init__(self, place, folder):
        super().__init__(folder)
        self.location, self.place = f"{place.url}/{'/'.join(folder.split('/')[-2:])}", place

    def key(self, kind, number):
        return f"{self.location.split('/', 3)[3]}/{kind}/{kind}-{number}"

    def exists(self, kind, number):
        return self.key(kind, number) in self.place.server.keys(self.place.bucket, self.key(kind, number))

    def read(self, kind, number):
        return json.loads(self.place.server.get(self.place.bucket, self.key(kind, number)))

    def put(self, kind, number, content):
        assert not self.exists(kind, number)
        self.place.server.put(self.place.bucket, self.key(kind, number), json.dumps(content).encode())


def test_in_s3(ctx):
    """The server says in which bucket a table is; keys are of the catalog's options."""
    server, place = start(ctx), test_paimon_s3.Place(ctx)
    server.new_table = lambda folder: S3Table(place, folder)
    db = ctx.database(SHOP)
    keys = {key: value for key, value in place.sink().items() if ".s3." in key}
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, sink={**block(server), **keys})
    ctx.catch_up(path)
    ctx.server.execute(CHANGES + "; ALTER TABLE t ADD w INT; UPDATE t SET w = id WHERE id < 9", db)
    ctx.catch_up(path)
    place.equal(f"{db}.t")
    words = [f"--catalog_conf={key.removeprefix('catalog.properties.')}={value}" for key, value in keys.items()]
    result = ctx.command("read", f"{db}.t", "--format", "jsonl", *conf(server), *words)
    assert result.code == 0 and result.out == place.read(f"{db}.t"), result.err


def test_a_server_that_goes_and_comes_back(ctx):
    server = start(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, server, f"{db}.t")
    server.off()
    ctx.fails(path, "REST catalog", server.uri)
    server.on()
    job = ctx.start_run(path)
    ctx.wait_equal(f"{db}.t", job=job)
    server.off()
    ctx.server.execute(CHANGES, db)
    job.wait_text("REST catalog")
    server.on()
    ctx.wait_equal(f"{db}.t", job=job, seconds=60)
    job.terminate(10)
    paimon_job.equal(ctx, f"{db}.t", orphans=True)


def test_only_the_servers_word_counts(ctx):
    """A snapshot whose file the server has written, but which it does not call the newest one, is none. A table that
    was made anew is not written to by who knew the one before."""
    server = start(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, server, f"{db}.t")
    ctx.catch_up(path)
    table = server.tables[db, "t"]
    stray = {**table.read("snapshot", table.latest), "id": table.latest + 1, "totalRecordCount": 0}
    table.put("snapshot", stray["id"], stray)
    second = paimon_source.Second(ctx, f"{db}.t", "paimon", "second", source=block(server))
    second.catch_up()
    assert second.lake.count(f"{db}.t") == 300
    os.remove(table.path("snapshot", stray["id"]))
    job = ctx.start_run(path)
    ctx.server.execute("INSERT INTO t VALUES (900, 'by the job')", db)
    ctx.wait_equal(f"{db}.t", job=job)
    table.id = "another"
    ctx.server.execute(CHANGES, db)
    ended = job.wait(60)
    assert ended.code != 0 and "made anew" in ended.err, ended.err
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t", orphans=True)


def test_what_is_refused(ctx):
    server = start(ctx)
    db = ctx.database(SHOP)
    for more, words in (
        ({"uri": None}, ("uri",)),
        ({"uri": "ftp://host"}, ("uri", "http://")),
        ({"token.provider": "dlf"}, ("dlf.region",)),
        ({"token.provider": "dlf", "dlf.region": "cn-x", "dlf.access-key-id": "i"}, ("dlf.access-key-secret",)),
        ({"token.provider": "dlf", "dlf.region": "cn-x", "dlf.token-loader": "magic"}, ("dlf.token-loader", "ecs")),
        ({"token.provider": None, "token": None, "dlf.region": "cn-x"}, ("token.provider", "dlf")),
        ({"token.provider": "magic"}, ("token.provider", "magic")),
        ({"token": None}, ("token",)),
        ({"data-token.enabled": "perhaps"}, ("data-token.enabled", "true")),
        ({"metastore": "filesystem", "warehouse": ctx.warehouse}, ("rest", "metastore")),
    ):
        path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, sink=block(server, **more))
        result = ctx.command("check", path)
        assert result.code == 2, f"{more}: {result.code} {result.out}{result.err}"
        for word in words:
            assert word in result.err, f"{more}: {word} is not in {result.err}"
    assert not server.tables
    for more, words in (
        ({"token": "not-that-one"}, ("401", "token.provider")),
        ({"warehouse": "another"}, ("no such warehouse", "uri")),
        ({"uri": server.uri + "/below"}, ("uri",)),
    ):
        path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, sink=block(server, **more))
        assert "not-that-one" not in ctx.fails(path, "REST catalog", *words).err
    ctx.catch_up(pipeline(ctx, server, f"{db}.t"))
    other = start(ctx)
    ctx.fails(pipeline(ctx, other, f"{db}.t"), "another job")
    assert not other.tables
    no_secret(ctx)
