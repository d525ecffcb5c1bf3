# SPDX-License-Identifier: Apache-2.0
"""Options of a Paimon table that change no row of it: how its files, manifests and indexes are made, and when they are
merged. Mostly tiny sizes, so that all of that goes on all the time."""

FEW, MANY = 0.12, 0.5  # how likely each option is, in a table whose upkeep is calm or restless
# One of the values; levels are those of three sorted runs and more.
ANY = {
    "write-buffer-size": ["1 kb", "16 kb", "256 kb"],
    "local-merge-buffer-size": ["64 kb"],
    "dynamic-bucket.target-row-num": [100, 400, 2000],  # the tables have thousands
    "dynamic-bucket.initial-buckets": [1, 3],
    "dynamic-bucket.max-buckets": [1, 3, 10],
    "target-file-size": ["2 kb", "16 kb"],
    "num-sorted-run.compaction-trigger": [1, 2, 3, 5],
    "num-sorted-run.stop-trigger": [2, 9],
    "num-levels": [2, 3, 7],
    "compaction.max-size-amplification-percent": [0, 20, 1000],
    "compaction.size-ratio": [0, 50],
    "compaction.total-size-threshold": ["20 kb"],
    "compaction.incremental-size-threshold": ["4 kb"],
    "compaction.optimization-interval": ["1 ms", "300 ms"],
    "compaction.force-up-level-0": ["true"],
    "compaction.force-rewrite-all-files": ["true"],
    "compaction.min.file-num": [2, 3],
    "compaction.small-file-ratio": [0.1, 1.0],
    "file.compression.per.level": ["0:snappy,1:zstd", "2:snappy,5:zstd"],
    "metadata.stats-mode": ["none", "counts", "full", "truncate(3)"],
    "metadata.stats-mode.per.level": ["0:none", "0:full,5:none"],
    "metadata.stats-keep-first-n-columns": [1, 4],
    "manifest.merge-min-count": [2, 3, 5],
    "manifest.target-file-size": ["1 kb", "4 kb"],
    "manifest.full-compaction-threshold-size": ["1 kb"],
    "changelog-producer.row-deduplicate": ["true"],
    "deletion-vector.index-file.target-size": ["1 kb"],
    "deletion-vectors.bitmap64": ["true"],
    "delete.force-produce-changelog": ["true"],
    "force-lookup": ["true"],
    "lookup-wait": ["false", "true"],
    "lookup.cache-max-memory-size": ["1 kb"],
    "parquet.page.row.count.limit": [1, 10],
    "changelog-file.compression": ["snappy"],
    "changelog-file.stats-mode": ["none", "full"],
    "tag.automatic-creation": ["process-time"],
    "partition.expiration-time": ["3000 d"],
}
WITH = {"partition.expiration-time": {"partition.expiration-strategy": "update-time",
                                      "partition.expiration-check-interval": "1 ms"}}
# Those of a level are of a table with this format.
FORMATS = {"avro": ["0:avro,5:parquet", "0:parquet,1:avro"], "orc": ["0:parquet", "0:orc,2:parquet"]}


# They cost time with each row.
COSTLY = ("write-buffer-size", "target-file-size", "lookup.cache-max-memory-size", "parquet.page.row.count.limit")


def tuning(rng, form="", many_rows=False) -> dict:
    """Some of these options. `form`: the format of the files (avro, orc) that the table's columns fit into."""
    share, out = (FEW if rng.random() < 0.5 else MANY), {}
    for key, values in ANY.items():
        value = rng.choice(values)  # always drawn, so that one option more does not change all seeds
        if rng.random() < share and not (many_rows and key in COSTLY):
            out |= {key: value} | WITH.get(key, {})
    formats = rng.choice(FORMATS.get(form, [None]))
    if formats and rng.random() < MANY:
        out["file.format.per.level"] = formats
    return out


def agreed(options) -> dict:
    """Without what does not go together: compression that not all formats have."""
    if options.get("file.compression") in (None, "zstd", "snappy"):
        return options
    return {key: value for key, value in options.items() if key != "file.format.per.level"}
