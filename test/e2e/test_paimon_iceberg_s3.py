# SPDX-License-Identifier: Apache-2.0
"""Iceberg metadata beside Paimon tables in S3: PyIceberg reads it there, under updates, compactions, kills, tags and
expiry, and through a REST catalog, what pypaimon reads of a copy."""

import json
import signal

from pyiceberg.io import load_file_io
from pyiceberg.table import StaticTable

import iceberg_rest_server
import lake as lake_module
import paimon_iceberg
import paimon_job
import s3_server
import test_paimon_changelog as changelog
from paimon_iceberg import BESIDE, IN_CATALOG
from test_paimon_iceberg import OFTEN
from test_paimon_s3 import Place

RETAINED = {"snapshot.num-retained.min": 2, "snapshot.num-retained.max": 2}


def file_options(place) -> dict:
    """As PyIceberg names them."""
    return {
        "s3.endpoint": place.server.url,
        "s3.access-key-id": s3_server.KEYS["AWS_ACCESS_KEY_ID"],
        "s3.secret-access-key": s3_server.KEYS["AWS_SECRET_ACCESS_KEY"],
        "s3.region": "us-east-1",
    }


class BesideInS3(lake_module.Lake):
    """The Iceberg tables in the bucket of a Place."""

    time_digits = 3

    def __init__(self, place, catalog):
        super().__init__("")
        self.place, self.catalog = place, catalog

    def folder(self, table):
        database, name = table.split(".")
        return f"some/lake/iceberg/{database}/{name}" if self.catalog else f"some/lake/{database}.db/{name}"

    def names(self, table):
        prefix = self.folder(table) + "/metadata/"
        return [key.removeprefix(prefix) for key in self.place.server.keys(self.place.bucket, prefix)]

    def exists(self, table):
        return bool(self.names(table))

    def metadata_path(self, table, version=None):
        hint = self.place.server.get(self.place.bucket, f"{self.folder(table)}/metadata/version-hint.text")
        version, names = int(hint), self.names(table)
        while f"v{version + 1}.metadata.json" in names:
            version += 1
        return f"s3://{self.place.bucket}/{self.folder(table)}/metadata/v{version}.metadata.json"

    def metadata(self, table):
        key = self.metadata_path(table).removeprefix(f"s3://{self.place.bucket}/")
        return json.loads(self.place.server.get(self.place.bucket, key))

    def open(self, table):
        return StaticTable.from_metadata(self.metadata_path(table), file_options(self.place))


def begin(ctx, options):
    place = Place(ctx)
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    table = f"{db}.t"
    return place, db, table, paimon_job.pipeline(ctx, table, {"bucket": 2, **OFTEN, **options}, sink=place.sink())


def equal(place, table, beside, **options):
    place.equal(table, **options)
    lake_module.compare(place.ctx.server, beside, table)


def files_are_named(place, table, beside, former=False):
    """`former`: former metadata files may be there, as after a kill."""
    metadata = beside.metadata(table)
    named = {path.rsplit("/", 1)[-1] for path in beside.files(table)}
    named |= {entry["metadata-file"].rsplit("/", 1)[-1] for entry in metadata["metadata-log"]}
    named |= {beside.metadata_path(table).rsplit("/", 1)[-1], "version-hint.text"}
    left = sorted(set(beside.names(table)) - named)
    left = [name for name in left if not (former and name.endswith(".metadata.json"))]
    assert not left, f"{table}: nothing names {left}"
    outside = [path for path in beside.files(table) if not path.startswith(f"s3:/{place.bucket}/some/lake/")]
    assert metadata["location"] == f"s3://{place.bucket}/{beside.folder(table)}" and not outside, outside


def act(place, table, action, *arguments):
    database, name = table.split(".")
    conf = [word for key, value in place.sink().items() if "s3." in key
            for word in ("--catalog_conf", f"{key.removeprefix('catalog.properties.')}={value}")]
    result = place.ctx.command("paimon", action, "--warehouse", place.url, "--database", database, "--table", name,
                               *conf, *arguments)
    assert result.code == 0, result.err


def test_shown_in_s3(ctx):
    """Beside the table and in a catalog of the warehouse; a deletion vector is a Puffin file."""
    vectors = {"deletion-vectors.enabled": "true", "metadata.iceberg.format-version": 3}
    for number, options in enumerate((BESIDE, {**IN_CATALOG, **vectors})):
        ctx.state = paimon_job.state(ctx, str(number))
        place, db, table, path = begin(ctx, options)
        beside = BesideInS3(place, options["metadata.iceberg.storage"] == "hadoop-catalog")
        for round_ in range(3):
            ctx.catch_up(path)
            equal(place, table, beside)
            changelog.change(ctx, db, round_)
        place.download()
        assert paimon_iceberg.shows(ctx, table, None, beside) > 2
        files_are_named(place, table, beside)
        assert any(name.endswith(".puffin") for name in beside.names(table)) == (number == 1)


def test_tags_expiry_and_rollback_in_s3(ctx):
    place, db, table, path = begin(ctx, {**BESIDE, **RETAINED})
    beside = BesideInS3(place, False)
    ctx.catch_up(path)
    act(place, table, "create_tag", "--tag_name", "one")
    first = beside.metadata(table)["current-snapshot-id"]
    for round_ in range(3):
        changelog.change(ctx, db, round_)
        ctx.catch_up(path)
    equal(place, table, beside)
    assert first not in ctx.lake.snapshot_ids(table)
    ids = [snapshot["snapshot-id"] for snapshot in beside.snapshots(table)]
    assert ids == [first, *ctx.lake.snapshot_ids(table)], ids
    files_are_named(place, table, beside)
    act(place, table, "delete_tag", "--tag_name", "one")
    act(place, table, "compact")
    act(place, table, "rollback_to", "--version", str(ids[-2]))
    place.download()
    paimon_iceberg.shows(ctx, table, None, beside)
    files_are_named(place, table, beside)


STEPS = ("paimon.before_mirror", "iceberg.after_manifests", "iceberg.after_metadata_link")


def test_killed_in_s3(ctx):
    """At each step of an Iceberg commit: the next start completes it, and nothing stays behind."""
    place, db, table, path = begin(ctx, BESIDE)
    beside = BesideInS3(place, False)
    ctx.catch_up(path)
    for number, name in enumerate(STEPS):
        changelog.change(ctx, db, number)
        result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": name}, code=None)
        assert result.code == -signal.SIGKILL, f"{name}: {result.err}"
        ctx.catch_up(path)
        equal(place, table, beside, orphans=True)
    paimon_iceberg.shows(ctx, table, None, beside)
    files_are_named(place, table, beside, former=True)


def test_cut_connections_in_s3(ctx):
    """An answer that is cut off, in another place each time: what is done is found."""
    line = ctx.proxy(ctx.shared.s3())
    place = Place(ctx, line.port)
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 1, **BESIDE}, sink=place.sink())
    beside = BesideInS3(place, False)
    for number in range(4):
        changelog.change(ctx, db, number)
        line.cut_after = number * 1013 % 4096
        ctx.catch_up(path)
    assert line.cuts == 4, f"{line.cuts} connections were cut"
    equal(place, table, beside, orphans=True)


def test_in_a_rest_catalog_over_s3(ctx):
    place = Place(ctx)
    put = lambda uri, body: place.server.put(place.bucket, uri.removeprefix(f"s3://{place.bucket}/"), body)
    rest = iceberg_rest_server.IcebergRest(file_io=load_file_io(file_options(place)), put=put)
    ctx.cleanups.append(rest.close)
    db = ctx.database(f"{changelog.SCHEMA}; {changelog.FILL}")
    table = f"{db}.t"
    path = paimon_job.pipeline(ctx, table, {"bucket": 2, **OFTEN, **rest.options()}, sink=place.sink())
    for round_ in range(3):
        ctx.catch_up(path)
        place.download()
        opened = rest.catalog(**file_options(place)).load_table((db, "t"))
        assert opened.metadata_location.startswith(f"s3://{place.bucket}/some/lake/iceberg/{db}/t/metadata/")
        rows = opened.scan().to_arrow().num_rows
        assert rows == len(ctx.lake.rows(table)[1]), rows
        assert opened.metadata.current_snapshot_id == ctx.lake.snapshot_ids(table)[-1]
        changelog.change(ctx, db, round_)
