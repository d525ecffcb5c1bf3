# SPDX-License-Identifier: Apache-2.0
"""Keys of a Paimon REST catalog: requests that are signed for DLF by keys of the options, of a file and of a machine's
role; keys of the storage that the catalog lends for each table, and which end while a job runs."""

import os
import time

import lake as lake_module
import paimon_job
import paimon_lake
import paimon_rest_keys
import paimon_source
import processes
import test_paimon_rest
import test_paimon_s3
from test_paimon_rest import CHANGES, FIXED, SHOP

ROWS = "INSERT INTO t SELECT seq, 'more' FROM seq_{}_to_{}"


def no_secrets(ctx, texts, given=()):
    """They stand in no output, and in no file but the pipelines' and those that are `given`."""
    for text in texts:
        told = [job for job in ctx.jobs if text in job.out() + job.err()]
        assert not told, "a secret was printed"
    for folder, _, names in os.walk(ctx.dir):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith((".yaml", ".yml")) or path in given:
                continue
            with open(path, "rb") as file:
                read = file.read()
            assert not [text for text in texts if text.encode() in read], f"a secret is in {name}"


def signed(ctx, keys, **config):
    server = test_paimon_rest.start(ctx, **config)
    server.signers = [keys]
    return server


def block(server, **more):
    given = {key: value for key, value in server.options(**more).items() if value is not None}
    return {f"catalog.properties.{key}": value for key, value in given.items()}


def conf(server, **more):
    return [f"--catalog_conf={key.split('.', 2)[2]}={value}" for key, value in block(server, **more).items()]


def pipeline(ctx, server, table, more, **options):
    path = paimon_job.pipeline(ctx, table, FIXED, sink=block(server, **more), **options)
    catalog = {key: value for key, value in server.options(**more).items() if value is not None}
    ctx.lake = paimon_lake.PaimonLake(ctx.warehouse, ctx.shared.pypaimon(), catalog)
    return path


def test_signed_requests(ctx):
    """By both algorithms; pypaimon signs its own to the same server."""
    keys = paimon_rest_keys.Keys()
    server = signed(ctx, keys)
    for more in (keys.options(), {**keys.options(), "dlf.signing-algorithm": "openapi"}):
        db = ctx.database(SHOP + "; CREATE TABLE u (id INT PRIMARY KEY); CREATE TABLE w (id INT PRIMARY KEY)")
        ctx.state = paimon_job.state(ctx, db)
        path = pipeline(ctx, server, f"{db}.\\.*", more, name=db + ".yaml")
        ctx.catch_up(path)
        ctx.server.execute(CHANGES + "; ALTER TABLE t ADD w INT; UPDATE t SET w = id WHERE id < 9", db)
        ctx.catch_up(path)
        paimon_job.equal(ctx, f"{db}.t")
        assert ctx.command("check", path).code == 0
        same = ctx.command("verify", path)
        assert same.code == 0 and "equal: 3 tables" in same.out, same.out + same.err
        read = ctx.command("read", f"{db}.t", "--format", "jsonl", *conf(server, **more))
        assert read.code == 0 and read.out == paimon_job.read(ctx, f"{db}.t"), read.err
        assert ctx.command("tables", "orphans", f"{db}.t", *conf(server, **more)).code == 0
        done = ctx.command("paimon", "compact", *conf(server, **more), "--database", db, "--table", "t")
        assert done.code == 0, done.out + done.err
    other = paimon_rest_keys.Keys()
    failed = ctx.fails(pipeline(ctx, server, f"{db}.t", other.options(), name="other.yaml"), "401", "dlf.*")
    assert "is nobody's" in failed.err, failed.err
    no_secrets(ctx, [text for one in (keys, other) for text in (one.id, one.secret, one.token)])


def test_keys_that_are_written_anew(ctx):
    """A file's, and a role's, while a job runs."""
    path = os.path.join(ctx.dir, "dlf-keys.json")
    every = [paimon_rest_keys.Keys(time.time() + 3)]
    machine = paimon_rest_keys.Machine(lambda: every[-1])
    ctx.cleanups.append(machine.close)
    server = signed(ctx, every[-1])
    for more in ({"dlf.token-path": path}, {"dlf.token-loader": "ecs", "dlf.token-ecs-metadata-url": machine.url}):
        every.append(paimon_rest_keys.Keys(time.time() + 3))
        server.signers = every[-1:]
        paimon_rest_keys.written(path, every[-1])
        db = ctx.database(SHOP)
        ctx.state = paimon_job.state(ctx, db)
        more = {"token.provider": "dlf", "token": None, "dlf.region": paimon_rest_keys.REGION, **more}
        job = ctx.start_run(pipeline(ctx, server, f"{db}.t", more, name=db + ".yaml"))
        ctx.wait_equal(f"{db}.t", job=job)
        for begin in (2000, 3000):
            every.append(paimon_rest_keys.Keys(time.time() + 3))
            paimon_rest_keys.written(path, every[-1])
            server.signers = every[-2:]
            ends = every[-2].ends
            processes.wait_until(lambda: time.time() > ends, "the end of the keys before")  # pylint: disable=W0640
            server.signers = every[-1:]
            ctx.server.execute(ROWS.format(begin, begin + 9), db)
            ctx.wait_equal(f"{db}.t", job=job)
        job.terminate(10)
        paimon_job.equal(ctx, f"{db}.t")
    assert ("GET", "/latest/roles/") in machine.requests
    os.remove(path)
    failed = ctx.fails(pipeline(ctx, server, f"{db}.t", {**more, "dlf.token-loader": "local_file",
                                                         "dlf.token-path": path}, name="none.yaml"), "dlf.token-path")
    assert path in failed.err, failed.err
    no_secrets(ctx, [text for one in every for text in (one.id, one.secret, one.token)], [path])


def lending(ctx, seconds):
    """A catalog whose tables are in S3, the place, and who lends keys for it."""
    place = test_paimon_s3.Place(ctx)
    lender = paimon_rest_keys.Lender(place.server, seconds)
    ctx.cleanups.append(lender.close)
    server = test_paimon_rest.start(ctx, **{"data-token.enabled": "true"})
    server.new_table = lambda folder: test_paimon_rest.S3Table(place, folder)
    server.lend = lender.lend
    return server, place, lender


def test_lent_keys_that_end_while_a_job_runs(ctx):
    server, place, lender = lending(ctx, 2)
    db = ctx.database(SHOP + "; CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(40)); INSERT INTO u VALUES (1, 'one')")
    path = paimon_job.pipeline(ctx, f"{db}.\\.*", FIXED, sink=block(server))
    job = ctx.start_run(path)
    for begin in range(2000, 7000, 1000):
        known = len(lender.used)
        ctx.server.execute(ROWS.format(begin, begin + 300), db)
        processes.wait_until(lambda: len(lender.used) > known + 1, "other keys", 60)  # pylint: disable=W0640
    ctx.server.execute(CHANGES, db)
    ctx.server.execute("ALTER TABLE t ADD w INT; UPDATE t SET w = id WHERE id < 9", db)
    job.terminate(30)
    ctx.catch_up(path)
    place.equal(f"{db}.t")
    place.equal(f"{db}.u")
    assert not [refused for refused in lender.refused if refused[0] == "AccessDenied"], lender.refused[:9]
    assert ctx.command("check", path).code == 0
    same = ctx.command("verify", path)
    assert same.code == 0 and "DIFFERENT" not in same.out, same.out + same.err
    for words in (["read", f"{db}.t", "--format", "jsonl"], ["tables", "orphans", f"{db}.t"]):
        done = ctx.command(*words, *conf(server))
        assert done.code == 0, done.err
        assert words[0] != "read" or done.out == place.read(f"{db}.t")
    for action in ("compact", "create_tag"):
        done = ctx.command("paimon", action, *conf(server), "--database", db, "--table", "t",
                           *(["--tag_name", "x"] if action == "create_tag" else []))
        assert done.code == 0, done.out + done.err
    second = paimon_source.Second(ctx, f"{db}.t", "paimon", "second", source=block(server))
    second.catch_up()
    second.equal(f"{db}.t")
    no_secrets(ctx, lender.secrets())


def test_pypaimon_reads_by_lent_keys(ctx):
    server, place, lender = lending(ctx, 7200)
    db = ctx.database(SHOP)
    ctx.catch_up(paimon_job.pipeline(ctx, f"{db}.t", FIXED, sink=block(server)))
    place.download()
    names, rows = ctx.lake.rows(f"{db}.t")
    there = ctx.shared.pypaimon().ask("rows", table=f"{db}.t", warehouse="e2e", catalog={
        **server.options(), "fs.s3.region": "us-east-1"})
    theirs, read = [name for name, _ in there["columns"]], [tuple(row) for row in there["rows"]]
    text = lake_module.first_differences(names, rows, theirs, read)
    assert not text, f"pypaimon by lent keys (lake) and of the copy (source): {text}"
    assert not lender.refused and len(lender.lent) <= 3, (lender.refused, len(lender.lent))


def test_keys_that_are_not_lent(ctx):
    server, _, lender = lending(ctx, 60)
    db = ctx.database(SHOP)
    path = paimon_job.pipeline(ctx, f"{db}.t", FIXED, sink=block(server))
    for answer, words in ((403, ("403", "/token")), (b'{"token": "lent-secret-0"}', ("keys of the storage", "token")),
                          (b'{"token": {}, "expiresAtMillis": 1}', ("no keys for s3://",))):
        server.fault("GET", "/token", answer, times=9)
        failed = ctx.fails(path, *words)
        assert "lent-secret" not in failed.err, failed.err
        server.faults.clear()
    ctx.catch_up(path)
    table = server.tables[db, "t"]
    job = ctx.start_run(path)
    ctx.server.execute(ROWS.format(2000, 2009), db)
    processes.wait_until(lambda: table.latest > 1, "a commit of the job")
    before = table.latest
    lender.lent.clear()  # all are taken back
    ctx.server.execute(CHANGES, db)
    processes.wait_until(lambda: table.latest > before, "a commit with other keys")
    job.terminate(30)
    assert {refused[0] for refused in lender.refused} == {"InvalidAccessKeyId"}, lender.refused
