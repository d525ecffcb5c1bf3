# SPDX-License-Identifier: Apache-2.0
"""Iceberg metadata beside Paimon tables in an Iceberg REST catalog (metadata.iceberg.storage=rest-catalog): who asks
the catalog reads what pypaimon reads, also after kills, refusals, cut connections and commits of others."""

import iceberg_rest_server
import lake as lake_module
import paimon_iceberg
import paimon_job
import processes
import test_paimon_changelog as changelog
from test_paimon_iceberg import OFTEN, act

FIXED = {"bucket": 2, **OFTEN}


class Published(lake_module.Lake):
    """The tables of the catalog, `names`: those of the source there."""

    time_digits = 3

    def __init__(self, rest, names=()):
        super().__init__("")
        self.rest, self.names = rest, dict(names)

    def name(self, table):
        return self.names.get(table, tuple(table.split(".")))

    def exists(self, table):
        return self.name(table) in self.rest.tables

    def tables(self):
        return sorted(self.rest.tables)

    def metadata(self, table):
        return self.rest.metadata(*self.name(table))

    def open(self, table):
        return self.rest.catalog().load_table(self.name(table))


def begin(ctx, rest, more=(), **options):
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    table = f"{db}.t"
    return db, table, paimon_job.pipeline(ctx, table, {**FIXED, **rest.options(**options), **dict(more)})


def equal(ctx, rest, table, names=()):
    paimon_job.equal(ctx, table, orphans=True)
    lake_module.compare(ctx.server, Published(rest, names), table)


def serve(ctx, **options):
    rest = iceberg_rest_server.IcebergRest(**options)
    ctx.cleanups.append(rest.close)
    return rest


def test_published(ctx):
    """Each snapshot, columns and tags; of each format version, and where a prefix and a token are wanted."""
    for version, options in ((2, {}), (3, {"token": iceberg_rest_server.TOKEN, "prefix": "w"})):
        rest = serve(ctx, **options)
        ctx.state = paimon_job.state(ctx, str(version))
        given = {"warehouse": "w", **({"token": rest.token} if rest.token else {})}
        db, table, path = begin(ctx, rest, {"metadata.iceberg.format-version": version}, **given)
        for round_ in range(4):
            if round_ == 2:
                ctx.server.execute("ALTER TABLE t ADD COLUMN d INT DEFAULT 5", db)
            result = ctx.catch_up(path)
            assert iceberg_rest_server.TOKEN not in result.out + result.err
            equal(ctx, rest, table)
            changelog.change(ctx, db, round_)
        act(ctx, table, "create_tag", "--tag_name", "one")
        newest = ctx.lake.snapshot_ids(table)[-1]
        assert Published(rest).open(table).metadata.refs["one"].snapshot_id == newest
        rows = paimon_iceberg.by_sluice(ctx, table)
        assert paimon_iceberg.shows(ctx, table, rows, Published(rest)) >= 4


def test_names_there(ctx):
    """metadata.iceberg.database, of which there may be several, and .table."""
    rest = serve(ctx)
    names = {"metadata.iceberg.database": "a; b", "metadata.iceberg.table": "other"}
    db, table, path = begin(ctx, rest, names)
    for round_ in range(3):
        ctx.catch_up(path)
        for place in ("a", "b"):
            equal(ctx, rest, table, {table: (place, "other")})
        changelog.change(ctx, db, round_)
    assert sorted(rest.tables) == [("a", "other"), ("b", "other")]


def test_killed_before_it_is_told(ctx):
    """A process that dies between the commit of the metadata and the catalog's: the next start tells it."""
    rest = serve(ctx)
    db, table, path = begin(ctx, rest)
    for count in (1, 2, 3):
        changelog.change(ctx, db, count)
        result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": f"paimon.before_publish:{count}"}, code=None)
        assert result.code == -9 or count == 3, result.err
        ctx.catch_up(path)
        equal(ctx, rest, table)
    paimon_iceberg.shows(ctx, table, None, Published(rest))


def test_faults(ctx):
    """An unwell server, answers that are lost, cut or garbled: the job tries again, and tells each snapshot once."""
    rest = serve(ctx)
    db, table, path = begin(ctx, rest)
    faults = (
        ("POST", "register", 503, True), ("POST", "tables/t", 504, True), ("POST", "tables/t", None, False),
        ("POST", "tables/t", b"<html>", True), ("POST", "tables/t", 409, False),
    )
    for number, (method, word, answer, done) in enumerate(faults):
        rest.fault(method, word, answer, done)
        changelog.change(ctx, db, number)
        ctx.catch_up(path)
        assert not rest.faults, f"{method} {word} was not asked"
        equal(ctx, rest, table)
    rest.fault("GET", "tables/t", 502, times=2)  # at the start
    changelog.change(ctx, db, 50)
    result = ctx.catch_up(path)
    assert "HTTP status 502" in result.err and "trying again" in result.err, result.err
    equal(ctx, rest, table)
    paimon_iceberg.shows(ctx, table, None, Published(rest))


def test_refused(ctx):
    """What a restart does not heal is told by name, without a secret."""
    rest = serve(ctx, token=iceberg_rest_server.TOKEN)
    _, table, path = begin(ctx, rest, token="e2e-wrong-secret")
    result = ctx.catch_up(path, code=1)
    assert "HTTP status 401" in result.err and "metadata.iceberg.rest.token" in result.err, result.err
    assert "e2e-wrong-secret" not in result.out + result.err
    result = ctx.catch_up(path, env={"ICEBERG_REST_TOKEN": rest.token})
    equal(ctx, rest, table)
    for number, (key, value) in enumerate((("sigv4-enabled", "true"), ("uri", "ftp://x"), ("uri", None))):
        ctx.state = paimon_job.state(ctx, str(number))
        _, table, path = begin(ctx, rest, {f"metadata.iceberg.rest.{key}": value})
        result = ctx.catch_up(path, code=1)
        assert f"rest.{key}" in result.err and "hint:" in result.err, result.err
        assert not ctx.lake.exists(table)


def test_signs_in(ctx):
    """With a credential; a token that is not good any more is asked for again."""
    rest = serve(ctx, token=iceberg_rest_server.TOKEN)
    db, table, path = begin(ctx, rest, credential=iceberg_rest_server.CREDENTIAL)
    ctx.catch_up(path)
    equal(ctx, rest, table)
    changelog.change(ctx, db, 1)
    rest.fault("POST", "tables/t", 401)
    ctx.catch_up(path)
    equal(ctx, rest, table)


def test_server_is_away(ctx):
    """Then the job waits for it, and says so; the Paimon table goes on."""
    rest = serve(ctx)
    db, table, path = begin(ctx, rest)
    job = ctx.start_run(path)
    processes.wait_until(lambda: same(ctx, rest, table), "the catalog has the table")
    rest.off()
    changelog.change(ctx, db, 1)
    job.wait_text("Iceberg REST catalog")
    rest.on()
    ctx.wait_equal(table, job=job)
    processes.wait_until(lambda: same(ctx, rest, table), "the catalog has the rows")
    job.terminate()


def same(ctx, rest, table):
    try:
        lake_module.compare(ctx.server, Published(rest), table)
        return True
    except lake_module.Difference:
        return False


def test_changed_by_others(ctx):
    """A commit of another engine in the catalog gives way to what the Paimon table has; a rollback of the Paimon table
    is one there; another table of that name is left alone."""
    rest = serve(ctx)
    db, table, path = begin(ctx, rest)
    ctx.catch_up(path)
    opened = Published(rest).open(table)
    opened.append(opened.scan().to_arrow().slice(0, 3))
    changelog.change(ctx, db, 1)
    ctx.catch_up(path)
    equal(ctx, rest, table)
    ids = ctx.lake.snapshot_ids(table)
    act(ctx, table, "rollback_to", "--version", str(ids[0]))
    assert paimon_iceberg.shows(ctx, table, None, Published(rest)) == 1
    other = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    ctx.state = paimon_job.state(ctx, "other")
    names = {"metadata.iceberg.database": db}
    path = paimon_job.pipeline(ctx, f"{other}.t", {**FIXED, **rest.options(), **names})
    result = ctx.catch_up(path, code=1)
    assert "has a table of this name" in result.err and "hint:" in result.err, result.err
    assert paimon_iceberg.shows(ctx, table, None, Published(rest)) == 1
