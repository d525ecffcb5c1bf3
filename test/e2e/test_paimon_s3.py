# SPDX-License-Identifier: Apache-2.0
"""Paimon tables in S3: sink, source, readers, actions, kills, outages, two writers. The objects are copied into a
folder, where pypaimon, `sluice read` and the walk over the files judge them; pypaimon reads them in place too."""

import os
import signal
import urllib.error

import harness
import lake as lake_module
import paimon_job
import processes
import s3_server

SHOP = """
CREATE TABLE t (id INT PRIMARY KEY, grp INT NOT NULL, v VARCHAR(40));
CREATE TABLE log (at INT, text VARCHAR(40));
INSERT INTO t SELECT seq, seq % 3, CONCAT('old ', seq) FROM seq_1_to_400;
INSERT INTO log SELECT seq, CONCAT('line ', seq) FROM seq_1_to_100
"""
CHANGES = """
INSERT INTO t VALUES (1001, 1, 'new'), (1002, 2, NULL);
UPDATE t SET v = 'changed' WHERE id BETWEEN 100 AND 150;
DELETE FROM t WHERE id BETWEEN 140 AND 170;
UPDATE t SET id = 5000 WHERE id = 7;
INSERT INTO log VALUES (-1, 'last')
"""


class Place:
    """A warehouse in a bucket of its own. `port`: of a proxy before the server."""

    def __init__(self, ctx, port=None, server=None):
        self.ctx, self.server = ctx, server or ctx.shared.s3()
        self.bucket = self.server.new_bucket()
        self.url = f"s3://{self.bucket}/some/lake"
        self.endpoint = f"http://127.0.0.1:{port}" if port else self.server.url
        self.env = {**s3_server.KEYS, "AWS_ENDPOINT_URL": self.endpoint}

    def sink(self, **more) -> dict:
        return {
            "catalog.properties.warehouse": self.url,
            "catalog.properties.s3.endpoint": self.endpoint,
            "catalog.properties.s3.access-key": s3_server.KEYS["AWS_ACCESS_KEY_ID"],
            "catalog.properties.s3.secret-key": s3_server.KEYS["AWS_SECRET_ACCESS_KEY"],
            "catalog.properties.s3.path.style.access": "true",
            **more,
        }

    def download(self):
        """ctx.lake becomes a copy of the warehouse as it is now."""
        self.server.download(self.bucket, "some/lake", self.ctx.warehouse)

    def folder(self, table) -> str:
        database, name = table.split(".")
        return f"{self.url}/{database}.db/{name}"

    def read(self, table, *arguments, code=0):
        result = self.ctx.command("read", self.folder(table), "--format", "jsonl", *arguments, env=self.env)
        assert result.code == code, result.out + result.err
        return result.out if code == 0 else result.err

    def equal(self, table, source=None, **options):
        """The rows are the source's for the readers of the copy and for `sluice read` in place, and no file of the
        table breaks a rule."""
        self.download()
        paimon_job.equal(self.ctx, source or table, table, **options)
        names, rows = self.ctx.lake.rows(table)
        ours, read = self.ctx.lake.rows_of_jsonl(table, self.read(table))
        text = lake_module.first_differences(names, rows, ours, read)
        assert not text, f"{table} in place (lake) and copied (source): {text}"


def pipeline(ctx, place, tables, table=None, **options):
    return paimon_job.pipeline(ctx, tables, table, sink=place.sink(), **options)


def test_copy_changes_and_readers(ctx):
    place = Place(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, place, f"{db}.\\.*")
    ctx.catch_up(path)
    place.equal(f"{db}.t")
    ctx.server.execute(CHANGES, db)
    ctx.catch_up(path)
    ctx.server.execute("ALTER TABLE t ADD COLUMN w INT DEFAULT 7; INSERT INTO t VALUES (2000, 0, 'wide', 8)", db)
    ctx.catch_up(path)
    for table in ("t", "log"):
        place.equal(f"{db}.{table}")
    same = ctx.command("verify", path)
    assert same.code == 0 and "DIFFERENT" not in same.out, same.out + same.err
    names, rows = ctx.lake.rows(f"{db}.t")
    there = ctx.shared.pypaimon().ask(
        "rows", warehouse=place.url, table=f"{db}.t",
        catalog={"s3.endpoint": place.endpoint, "s3.region": "us-east-1",
                 "s3.access-key": s3_server.KEYS["AWS_ACCESS_KEY_ID"],
                 "s3.secret-key": s3_server.KEYS["AWS_SECRET_ACCESS_KEY"]},
    )
    theirs, read = [name for name, _ in there["columns"]], [tuple(row) for row in there["rows"]]
    text = lake_module.first_differences(names, rows, theirs, read)
    assert not text, f"pypaimon in place (lake) and of the copy (source): {text}"
    leaked = [secret for job in ctx.jobs for secret in s3_server.KEYS.values() if secret in job.out() + job.err()]
    for folder, _, files in os.walk(ctx.state):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                text = file.read().decode("latin-1")
            leaked += [f"{secret} in {name}" for secret in s3_server.KEYS.values() if secret in text]
    assert not leaked, leaked


def test_large_files_go_in_parts(ctx):
    place = Place(ctx)
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY, v MEDIUMTEXT)")
    ctx.server.execute("INSERT INTO t SELECT seq, CONCAT(seq, REPEAT('x', 500000)) FROM seq_1_to_20", db)
    ctx.catch_up(pipeline(ctx, place, f"{db}.t", {"bucket": 1, "file.compression": "none"}))
    place.equal(f"{db}.t")
    sizes = [len(place.server.get(place.bucket, key)) for key in place.server.keys(place.bucket) if "/bucket-0/" in key]
    assert max(sizes) > 8 << 20, f"no file was as large as a part: {sizes}"
    assert place.server.uploads(place.bucket) == 0


FAULTS = {**paimon_job.FIXED, "num-sorted-run.compaction-trigger": 2, "changelog-producer": "input"}
TWO = "CREATE TABLE {t} (id INT PRIMARY KEY, v INT); INSERT INTO {t} SELECT seq, seq FROM seq_1_to_200"


def changed(n) -> str:
    one = "UPDATE {t} SET v = v + 1 WHERE id % 7 = {m}; INSERT INTO {t} VALUES ({id}, {n})"
    return ";".join(one.format(t=t, m=n % 7, id=n + 1000, n=n) for t in "ab")


def two_tables(ctx, place, **options):
    """(database, pipeline file) of two tables that each epoch changes, copied once."""
    db = ctx.database(";".join(TWO.format(t=t) for t in "ab"))
    path = pipeline(ctx, place, f"{db}.\\.*", FAULTS, **options)
    ctx.catch_up(path)
    return db, path


# Where S3 is in another state than before; PaimonS3CommitTest fails at each request.
STEPS = ["paimon.after_data_files", "epoch.after_prepare", "paimon.after_epoch_file", "paimon.after_manifest_lists",
         "paimon.after_snapshot", "paimon.between_snapshots", "paimon.between_tables", "epoch.after_commit"]


def test_killed_at_each_step_of_a_commit(ctx):
    place = Place(ctx)
    db, path = two_tables(ctx, place)
    for n, name in enumerate(STEPS):
        ctx.server.execute(changed(n), db)
        result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": name}, code=None)
        assert result.code == -signal.SIGKILL, f"{name}: {result.err}"
    ctx.catch_up(path)
    for table in ("a", "b"):
        place.equal(f"{db}.{table}", orphans=True)
    changes = paimon_job.changelog(ctx, f"{db}.a")
    assert paimon_job.replayed(changes, ["id"]) == sorted(ctx.lake.rows(f"{db}.a")[1]), "changelog of a"
    assert place.server.uploads(place.bucket) == 0


def test_the_server_is_away_for_a_while(ctx):
    line = ctx.proxy(ctx.shared.s3())
    place = Place(ctx, line.port)
    db, path = two_tables(ctx, place)
    job = ctx.start_run(path)
    def commits():
        return len(place.server.keys(place.bucket, f"some/lake/{db}.db/b/snapshot/snapshot-"))

    before = commits()
    ctx.server.execute(changed(1), db)
    harness.wait_until(lambda: commits() > before, "a commit", 60)
    line.off()
    ctx.server.execute(changed(2), db)
    harness.wait_until(lambda: place.endpoint in job.err(), "an error that names the server", 60)
    assert job.running(), job.tail()
    line.on()
    ctx.server.execute(changed(3), db)

    def arrived():
        place.download()
        ctx.equal(f"{db}.a")
        ctx.equal(f"{db}.b")
        return True

    harness.wait_until(lambda: passes(arrived), "the rows", 90, 0.3)
    job.terminate()
    for table in ("a", "b"):
        place.equal(f"{db}.{table}", orphans=True)


def passes(check) -> bool:
    try:
        return check()
    except (AssertionError, FileNotFoundError, urllib.error.HTTPError):
        return False


def test_answers_that_are_cut_off(ctx):
    line = ctx.proxy(ctx.shared.s3())
    place = Place(ctx, line.port)
    db, path = two_tables(ctx, place)
    for n in range(4):
        ctx.server.execute(changed(n), db)
        line.cut_after = n * 1013 % 4096  # in another answer each time
        ctx.catch_up(path)
    assert line.cuts == 4, f"{line.cuts} connections were cut"
    for table in ("a", "b"):
        place.equal(f"{db}.{table}", orphans=True)
    assert place.server.uploads(place.bucket) == 0


def test_two_jobs_write_one_table(ctx):
    place = Place(ctx)
    one = "CREATE TABLE {t} (id INT, v VARCHAR(9)); INSERT INTO {t} VALUES (0, '{t}')"
    db = ctx.database("; ".join(one.format(t=t) for t in "ab"))
    paths = [
        pipeline(ctx, place, f"{db}.{t}", name=f"{t}.yaml", pipeline={"name": t},
                 route=[{"source-table": f"{db}.{t}", "sink-table": f"{db}.both"}])
        for t in "ab"
    ]
    states = [paimon_job.state(ctx, t) for t in "ab"]
    for path, state in zip(paths, states):
        ctx.catch_up(path, state=state)
    for n in range(3):
        ctx.server.execute("; ".join(f"INSERT INTO {t} VALUES ({n + 1}, '{t}')" for t in "ab"), db)
        jobs = [
            ctx.start(*ctx.run_args(path, "--until", "caught-up", state=state)) for path, state in zip(paths, states)
        ]
        for job in jobs:
            result = job.wait(120)
            assert result.code == 0, result.err
    place.download()
    names, rows = ctx.lake.rows(f"{db}.both")
    assert sorted(rows) == sorted((str(n), t) for n in range(4) for t in "ab"), rows
    paimon_job.sound(ctx, f"{db}.both")


def test_tables_in_s3_as_a_source(ctx):
    place = Place(ctx)
    db = ctx.database(SHOP)
    path = pipeline(ctx, place, f"{db}.\\.*", {"changelog-producer": "input"}, pipeline={"name": "first"})
    second_lake = lake_module.Lake(os.path.join(ctx.dir, "second"))
    options = {key: value for key, value in place.sink().items()}
    lines = ["source:", "  type: paimon", f"  tables: {db}.t"]
    lines += [f"  {key}: {harness.scalar(value)}" for key, value in options.items()]
    lines += ["sink:", "  type: iceberg", "  catalog.properties.type: hadoop",
              f"  catalog.properties.warehouse: {second_lake.warehouse}", "pipeline:", "  name: second"]
    second = ctx.write("second.yaml", "\n".join(lines) + "\n")
    for script in ("SET @x = 1", CHANGES):
        ctx.server.execute(script, db)
        ctx.catch_up(path)
        ctx.catch_up(second, state=paimon_job.state(ctx, "second"))
        lake_module.compare(ctx.server, second_lake, f"{db}.t", f"{db}.t")


def test_actions_and_orphans(ctx):
    place = Place(ctx)
    db, path = two_tables(ctx, place)
    ctx.server.execute(changed(1), db)
    ctx.catch_up(path)
    conf = [word for key, value in place.sink().items() if "s3." in key
            for word in ("--catalog_conf", f"{key.removeprefix('catalog.properties.')}={value}")]

    def action(name, *words):
        which = ["--warehouse", place.url, "--database", db, "--table", "a"]
        result = ctx.command("paimon", name, *which, *conf, *words)
        assert result.code == 0, f"{name}: {result.out}{result.err}"
        return result.out

    action("compact")
    action("create_tag", "--tag_name", "first")
    action("create_branch", "--branch_name", "side", "--tag_name", "first")
    before = place.read(f"{db}.a")
    assert place.read(f"{db}.a", "--tag", "first") == before and place.read(f"{db}.a", "--branch", "side") == before
    ctx.server.execute(changed(2), db)
    ctx.catch_up(path)
    action("expire_snapshots", "--retain_max", "1", "--retain_min", "1", "--older_than", "2999-01-01 00:00:00")
    assert place.read(f"{db}.a", "--tag", "first") == before
    assert place.read(f"{db}.a") != before
    place.equal(f"{db}.a")
    action("delete_branch", "--branch_name", "side")
    action("rename_tag", "--tag_name", "first", "--target_tag_name", "second")
    assert place.read(f"{db}.a", "--tag", "second") == before
    action("replace_tag", "--tag_name", "second")
    assert place.read(f"{db}.a", "--tag", "second") == place.read(f"{db}.a")
    action("delete_tag", "--tag_name", "second")
    place.equal(f"{db}.a")
    assert not [key for key in place.server.keys(place.bucket) if "/branch/" in key or "/tag/" in key]
    place.server.put(place.bucket, f"some/lake/{db}.db/a/bucket-0/data-left.parquet", b"left")
    found = ctx.command("tables", "orphans", place.folder(f"{db}.a"), "--older-than", "0s", env=place.env)
    assert found.code == 0 and "data-left.parquet" in found.out and "1 files, 4 bytes" in found.out, found.err


def test_unfinished_uploads(ctx):
    """What a killed process began to upload into a table's folder is shown, and ended on request; no other is."""
    place = Place(ctx)
    db, path = two_tables(ctx, place)
    ctx.catch_up(path)
    ours = [f"some/lake/{db}.db/a/bucket-0/data-{n}.parquet" for n in "xy"]
    for key in (*ours, f"some/lake/{db}.db/aa/bucket-0/data-z.parquet", f"other/{db}.db/a/data.parquet"):
        place.server.begin_upload(place.bucket, key)

    def orphans(*more):
        found = ctx.command("tables", "orphans", place.folder(f"{db}.a"), *more, env=place.env)
        assert found.code == 0, found.err
        return [line.split()[-1] for line in found.out.splitlines() if "unfinished  " in line], found.out

    expected = [f"s3://{place.bucket}/{key}" for key in ours]
    assert orphans("--older-than", "10000d")[0] == []
    listed, text = orphans()
    assert listed == expected and "0 files, 0 bytes, 2 unfinished uploads older than 3d" in text, text
    assert place.server.uploads(place.bucket) == 4
    assert orphans("--delete")[0] == expected
    assert place.server.uploads(place.bucket) == 2 and orphans()[0] == []
    place.equal(f"{db}.a")


def test_tls(ctx):
    server = s3_server.S3Server(os.path.join(ctx.dir, "s3"), tls=True)
    ctx.cleanups.append(server.close)
    place = Place(ctx, server=server)
    db = ctx.database(TWO.format(t="a"))
    path = pipeline(ctx, place, f"{db}.a")
    ctx.fails(path, "certificate", "AWS_CA_BUNDLE", place.endpoint, code=1)
    ctx.catch_up(path, env={"AWS_CA_BUNDLE": server.ca})
    place.download()
    paimon_job.equal(ctx, f"{db}.a")


def test_errors_and_what_is_refused(ctx):
    place = Place(ctx)
    db = ctx.database(TWO.format(t="a"))

    def fails(*words, code=2, command="run", table=None, env=None, **sink):
        path = paimon_job.pipeline(
            ctx, f"{db}.a", table,
            sink={**place.sink(), **{f"catalog.properties.{k.replace('__', '.')}": v for k, v in sink.items()}})
        ctx.fails(path, *words, code=code, command=command, env=env)

    for command in ("run", "check"):
        fails("no bucket nowhere", "nosuchbucket", code=1, command=command, warehouse="s3://nowhere/lake")
    fails("s3.encryption.algorithm", s3__encryption__algorithm="AES256", table=None)
    fails("s3.aws.credentials.provider", "AWS_ACCESS_KEY_ID", s3__aws__credentials__provider="x")
    fails("one is missing", **{"s3__access-key": None})
    unset = {name: "" for name in s3_server.KEYS}
    fails("no keys", "AWS_ACCESS_KEY_ID", code=1, env=unset, **{"s3__access-key": None, "s3__secret-key": None})
    fails("names no bucket", warehouse="s3:///lake")
    path = ctx.pipeline(f"{db}.a", sink={"catalog.properties.warehouse": place.url})
    ctx.fails(path, "local disk", code=2)
    both = {name: {"type": "paimon", **place.sink()} for name in ("source", "sink")}
    both["source"]["tables"] = f"{db}.a"
    both["sink"]["catalog.properties.s3.endpoint"] = "http://127.0.0.1:1"
    lines = [f"{block}:\n" + "".join(f"  {k}: {harness.scalar(v)}\n" for k, v in both[block].items()) for block in both]
    ctx.fails(ctx.write("both.yaml", "".join(lines)), "source and sink are both", code=2)
    away = f"http://127.0.0.1:{processes.free_port()}"
    text = ctx.command("read", place.folder(f"{db}.a"), env={**place.env, "AWS_ENDPOINT_URL": away}).err
    assert away in text and "hint: " in text, text
    assert "no Paimon table" in place.read(f"{db}.nothing", code=1)
    for job in ctx.jobs:
        assert not [secret for secret in s3_server.KEYS.values() if secret in job.out() + job.err()], job.tail()
