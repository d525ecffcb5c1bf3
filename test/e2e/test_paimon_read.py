# SPDX-License-Identifier: Apache-2.0
"""`sluice read` of Paimon tables that are damaged, or asked for what they have not."""

import os
import shutil

import test_golden

TABLES = ("dv.db/pk_partitioned", "pk.db/one_bucket_uncompacted", "append.db/partitioned", "pk.db/format_per_level")


def files_of(table):
    for folder, _, names in os.walk(table):
        for name in names:
            yield os.path.join(folder, name)


def test_paimon_files_that_are_gone_or_cut_are_errors_by_name(ctx):
    """No read ends in a crash or, silently, with other rows."""
    golden = test_golden.unpack_paimon(ctx)
    told = 0
    for name in TABLES:
        table = os.path.join(golden, "paimon", name)
        whole, error = test_golden.read(table, "current")
        assert whole and not error, error
        for path in sorted(files_of(table)):
            kept = os.path.join(ctx.dir, "kept")
            shutil.move(path, kept)
            size = os.path.getsize(kept)
            for damage in ("gone", "half", "empty"):
                if damage != "gone":
                    with open(kept, "rb") as source, open(path, "wb") as target:
                        target.write(source.read(size // 2 if damage == "half" else 0))
                lines, error = test_golden.read(table, "current")
                where = f"{path} {damage}: {error or lines}"
                assert not error or error.startswith("error: "), where
                if error:
                    assert os.path.basename(path) in error or "bucket-" in path and "data file" in error, where
                    told += 1
                elif damage == "gone" and ("/snapshot/" in path or "/schema/" in path):
                    continue  # what is older is the newest then
                else:
                    assert sorted(lines) == sorted(whole), where
            shutil.move(kept, path)
        assert test_golden.read(table, "current")[0] == whole
    assert told > 40, told


def test_paimon_columns_and_snapshots_that_are_not_there(ctx):
    table = os.path.join(test_golden.unpack_paimon(ctx), "paimon", "pk.db", "fixed")
    for arguments, words in (
        (("--columns", "nn"), ("no column `nn`", "did you mean `n`?")),
        (("--snapshot", "99"), ("no snapshot 99", "expired")),
        (("--where", "id = 'x'"), ("column id is INT", "no value of that type")),
        (("--where", "nope = 1"), ("no column `nope`",)),
    ):
        result = ctx.command("read", table, *arguments)
        assert result.code in (1, 2) and all(word in result.err for word in words), (arguments, result.err)
    result = ctx.command("read", table, "--columns", "v", "--where", "id >= 4 AND v IS NOT NULL", "--format", "csv")
    assert sorted(result.out.split()) == ["d", "e", "v"], result.out
