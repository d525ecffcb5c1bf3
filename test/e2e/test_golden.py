# SPDX-License-Identifier: Apache-2.0
"""`sluice read` over the tables of test/data/{iceberg,paimon}/golden.tar.xz, which Spark, Flink and Iceberg's Java API
wrote: every snapshot gives the rows that its writer read back, or is refused for a reason of REFUSED."""

import json
import os
import subprocess
import tarfile
from collections import Counter

import processes
import sluice

DATA = os.path.join(processes.root_dir(), "test", "data")
ARCHIVE = os.path.join(DATA, "iceberg", "golden.tar.xz")
MOUNT = "/tmp/golden-lake"  # the paths in the tables' metadata begin so
WAIT_SECONDS = 240  # for a run that has it
# Words of the error -> tables of which a snapshot ends in it. One that is read now must go from here.
REFUSED = {
    "Iceberg type list<": "java.buckets_v2 java.buckets_v3 java.types_v2 java.types_v3 v1.types v2.types v3.types",
    "Iceberg type timestamp_ns": "java.nanos_v3",
    "Iceberg type variant": "v3.variant",
    "nested type struct": "v1.evolve v2.evolve v3.evolve",
    "has an initial-default": "java.defaults_v3",
    "has equality deletes": "java.equality_partitioned_v2 java.equality_partitioned_v3 java.equality_v2 "
    "java.equality_v3 v2.flink_upsert v2.flink_upsert_partitioned v3.flink_upsert v3.flink_upsert_partitioned",
    "gzip metadata is not read": "v2.codecs",
    "is of format AVRO": "v2.data_avro",
    "is of format ORC": "v2.data_orc",
    "of format PUFFIN cannot be read": "v3.compacted v3.deletes v3.deletes_partitioned v3.lineage v3.upgraded",
}
MAPS = {"m", "mm"}
# Flink shows old snapshots in the columns of today, we in those of their time.
OTHER_COLUMNS = {(table, version) for table in ("evolve.append", "evolve.pk") for version in "123"}


def mount(ctx, at=MOUNT, seconds=WAIT_SECONDS):
    """Unpacks the tables and makes them appear where their metadata says: one run at a time, the next one waits."""
    folder = os.path.join(ctx.dir, "golden")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder)
    with open(os.path.join(folder, "pid"), "w", encoding="ascii") as file:
        file.write(str(os.getpid()))

    def linked():
        if os.path.islink(at) and not used(at):
            os.remove(at)  # of a run that was killed
        try:
            os.symlink(folder, at)
            return True
        except FileExistsError:
            assert os.path.islink(at), f"{at} is there and no link of this test; hint: move it away"
            return False

    processes.wait_until(linked, f"{at}, a link that another run has made; hint: remove it if there is none", seconds)
    ctx.cleanups.append(lambda: os.remove(at))


def used(link) -> bool:
    """Whether the run that made a link may still need it."""
    try:
        with open(os.path.join(link, "pid"), encoding="ascii") as file:
            return os.path.exists(f"/proc/{file.read()}")
    except OSError:
        return os.path.exists(link)


def row(line):
    """One text for equal rows: 1 and 1.0 are the same number, and the entries of a map have no order."""
    cells = json.loads(line, parse_int=float)
    for name in MAPS & cells.keys():
        cells[name] = cells[name] and sorted(cells[name])
    return json.dumps(cells)


def read(folder, version, *more):
    """(lines, error) of `sluice read`."""
    kind, _, name = version.partition("-")
    chosen = () if version == "current" else (f"--{kind}", name) if name else ("--snapshot", version)
    command = [sluice.BINARY, "read", folder, "--format", "jsonl", *chosen, *more]
    run = subprocess.run(command, capture_output=True, check=False, timeout=60)
    sluice.check_sanitizer(run.stderr.decode("utf-8", "replace"))
    return run.stdout.decode("utf-8").splitlines(), run.stderr.decode("utf-8") if run.returncode else ""


def compare(expected, folder_of, refused, least, refs=()):
    """Reads every snapshot that `expected` has rows of; at least so many must be the same. `refs`: how the files of
    tags and branches begin."""
    allowed = {(words, name) for words, names in refused.items() for name in names.split()}
    wrong, seen, same = [], set(), 0
    for name in sorted(os.listdir(expected)):
        for file in sorted(os.listdir(os.path.join(expected, name))):
            version = file.removesuffix(".jsonl")
            if version != "current" and not version.isdigit() and not version.startswith(refs):
                continue  # metadata tables
            lines, error = read(folder_of(name), version)
            reasons = {(words, table) for words, table in allowed if table == name and words in error}
            seen |= reasons
            if error:
                wrong += [] if reasons else [f"{name} {version}: {error.strip()}"]
                continue
            with open(os.path.join(expected, name, file), encoding="utf-8") as source:
                wanted = source.readlines()
            if (name, version) in OTHER_COLUMNS:
                ours, theirs = (list(json.loads(some[0])) for some in (lines, wanted))
                assert ours != theirs and len(lines) == len(wanted), lines
                continue
            missing, extra = Counter(map(row, wanted)), Counter(map(row, lines))
            same += missing == extra
            if missing != extra:
                some = f"missing {list(missing - extra)[:2]}, extra {list(extra - missing)[:2]}"
                wrong.append(f"{name} {version}: {some}")
    assert not wrong, f"{len(wrong)} of the snapshots:\n" + "\n".join(wrong[:20])
    assert seen == allowed, f"read now, or refused for another reason: {sorted(allowed - seen)}"
    assert same >= least, f"only {same} snapshots were compared"


def test_golden_tables(ctx):
    mount(ctx)
    expected = os.path.join(MOUNT, "expected", "iceberg")
    compare(expected, lambda name: os.path.join(MOUNT, "iceberg", *name.split(".", 1)), REFUSED, 200)


def unpack_paimon(ctx):
    """The folder with the tables of Paimon; they name no place, so they are read where they are."""
    folder = os.path.join(ctx.dir, "golden")
    with tarfile.open(os.path.join(DATA, "paimon", "golden.tar.xz")) as archive:
        archive.extractall(folder)
    return folder


def test_golden_paimon_tables(ctx):
    folder = unpack_paimon(ctx)

    def folder_of(name):
        database, table = name.split(".", 1)
        return os.path.join(folder, "paimon", database + ".db", table)

    compare(os.path.join(folder, "expected", "paimon"), folder_of, {}, 200, ("tag-", "branch-"))


# Tables whose changes are all there, from their first snapshot on.
CHANGES = (
    "changelog.input", "changelog.lookup", "changelog.full_compaction", "changelog.lookup_partial_update",
    "changelog.no_producer", "dv.pk", "dv.pk_partitioned", "engine.first_row", "engine.partial_update",
    "engine.partial_update_delete", "engine.partial_update_groups", "evolve.pk", "pk.dynamic_bucket", "pk.fixed",
    "pk.postpone", "pk.sequence_desc", "pk.sequence_field", "refs.long_changelog", "append.bucketed", "append.unaware",
)


def test_changes_of_golden_paimon_tables(ctx):
    """As Flink wrote them: followed from the first on they give the rows."""
    folder = unpack_paimon(ctx)
    for name in CHANGES:
        database, table = name.split(".", 1)
        path = os.path.join(folder, "paimon", database + ".db", table)
        with open(os.path.join(path, "schema", "schema-0"), encoding="utf-8") as schema:
            key = json.load(schema)["primaryKeys"]

        def read_lines(*arguments, path=path):
            result = ctx.command("read", path, "--format", "jsonl", *arguments)
            assert result.code == 0, f"{path}: {result.err}"
            return [json.loads(line) for line in result.out.splitlines()]

        rows = {}
        changes = read_lines("--follow", "--from-snapshot", "1", "--until", "caught-up")
        for number, change in enumerate(changes):
            kind = change.pop("rowkind")
            place = tuple(change[column] for column in key) or number
            rows.pop(place, None)
            if kind in ("+I", "+U"):
                rows[place] = change
        wanted, made = (Counter(json.dumps(row) for row in some) for some in (read_lines(), rows.values()))
        assert wanted == made and wanted, f"{name}: missing {wanted - made}, extra {made - wanted}"


test_golden_tables.seconds = 600


def test_golden_waits_for_the_place_and_fails_if_it_stays_taken(ctx):
    at, live = os.path.join(ctx.dir, "place"), os.path.join(ctx.dir, "live")
    os.makedirs(live)

    def fails(word):
        try:
            mount(ctx, at, 0.2)
        except AssertionError as error:
            assert at in str(error) and word in str(error), error
            return
        raise AssertionError("what was there was taken away")

    os.makedirs(at)
    fails("no link")
    os.rmdir(at)
    ctx.write("live/pid", str(os.getpid()))
    os.symlink(live, at)
    fails("another run")
    ctx.write("live/pid", "999999999")  # that process has ended
    mount(ctx, at, 0.2)
    assert os.path.samefile(at, os.path.join(ctx.dir, "golden"))


def test_golden_paimon_columns(ctx):
    """What a merge makes of some columns does not depend on the others: neither that of functions, nor that of
    sequence groups."""
    folder = unpack_paimon(ctx)
    for name, choices in (
        ("aggregation", ([], ["id", "bo", "la", "s"], ["mx", "mn"], ["fv"], ["mm", "co"])),
        ("partial_update_groups", (["a"], ["s", "c"], ["b", "id"], ["g2"])),
    ):
        expected = os.path.join(folder, "expected", "paimon", f"engine.{name}")
        versions = [file.removesuffix(".jsonl") for file in sorted(os.listdir(expected))]
        versions = [version for version in versions if version == "current" or version.isdigit()]
        assert len(versions) >= 4, versions
        for version in versions:
            with open(os.path.join(expected, f"{version}.jsonl"), encoding="utf-8") as source:
                wanted = [json.loads(line, parse_int=float) for line in source]
            for some in choices:
                some = some or list(wanted[0])
                table = os.path.join(folder, "paimon", "engine.db", name)
                lines, error = read(table, version, "--columns", ",".join(some))
                assert not error, error
                rows = [row(json.dumps({column: cells[column] for column in some})) for cells in wanted]
                assert Counter(map(row, lines)) == Counter(rows), (name, version, some, lines)


def test_golden_paimon_formats(ctx):
    """Rows of each type in Parquet, ORC and Avro, some columns of them."""
    folder, files = unpack_paimon(ctx), 0
    for name in ("append_avro", "append_orc", "append_parquet", "pk_avro", "pk_orc", "pk_parquet"):
        table = os.path.join(folder, "paimon", "format.db", name)
        expected = os.path.join(folder, "expected", "paimon", f"format.{name}")
        for file in sorted(os.listdir(expected)):
            version = file.removesuffix(".jsonl")
            if version != "current" and not version.isdigit():
                continue
            with open(os.path.join(expected, file), encoding="utf-8") as source:
                wanted = [json.loads(line, parse_int=float) for line in source]
            some = list(wanted[0])
            for columns in (some, some[:1], some[20:0:-3], ["r", "li", "m"]):
                lines, error = read(table, version, "--columns", ",".join(columns))
                assert not error, f"{name} {version}: {error}"
                rows = [row(json.dumps({column: cells[column] for column in columns})) for cells in wanted]
                missing, extra = Counter(rows) - Counter(map(row, lines)), Counter(map(row, lines)) - Counter(rows)
                assert not missing, f"{name} {version}:\nmissing {list(missing)[:2]}\nextra {list(extra)[:2]}"
            files += 1
    assert files >= 12, files
