# SPDX-License-Identifier: Apache-2.0
"""Every failpoint of the program kills it once; the next run repairs what was begun and the lake equals the source."""

import signal

import harness

SCRIPT = (
    "CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(30)); INSERT INTO a SELECT seq, CONCAT('v', seq) FROM"
    " seq_1_to_3000;CREATE TABLE b (k VARCHAR(20) PRIMARY KEY, v INT); INSERT INTO b SELECT CONCAT('k', seq), seq"
    " FROM seq_1_to_500;CREATE TABLE log (n INT, t VARCHAR(20)); INSERT INTO log SELECT seq, 'first' FROM"
    " seq_1_to_100"
)
TABLES = ("a", "b", "log")
CHANGES = (
    "UPDATE a SET v = CONCAT(v, '+') WHERE id % 5 = {n} % 5; DELETE FROM a WHERE id % 97 = {n}; UPDATE a SET id = id"
    " + 100000 * ({n} + 1) WHERE id % 89 = {n};INSERT INTO a SELECT 1000000 * ({n} + 1) + seq, 'new' FROM"
    " seq_1_to_50; REPLACE INTO b VALUES ('k7', {n}), ('x{n}', {n}); INSERT INTO log VALUES ({n}, 'live');DELETE FROM"
    " b WHERE k = 'x{m}'"
)


def names_of(ctx):
    result = ctx.command("failpoints")
    assert result.code == 0, result.err
    lines = [line.split()[0] for line in result.out.splitlines() if line.strip()]
    # test_paimon_faults.py, test_paimon_jdbc.py, test_paimon_copies.py, test/crash
    names = [line for line in lines if not line.startswith(("paimon.", "catalog.", "copy.", "upkeep."))]
    assert len(names) >= 10, names
    return names


def equal(ctx, db):
    for table in TABLES:
        ctx.equal(f"{db}.{table}")


def test_each_failpoint_once(ctx):
    never = set(names_of(ctx))
    for phase in ("snapshot", "stream"):
        for n, name in enumerate(names_of(ctx)):
            if arm(ctx, name, phase, n):
                never.discard(name)
    assert not never, f"never passed in any phase: {sorted(never)}"


test_each_failpoint_once.seconds = 600


def arm(ctx, name, phase, n):
    """Runs with the failpoint armed, then without; gives whether it was passed."""
    folder = f"{phase}-{name}"
    db = ctx.database(SCRIPT)
    ctx.state = ctx.dir + "/state-" + folder
    ctx.warehouse = ctx.lake.warehouse = ctx.dir + "/lake-" + folder
    path = ctx.pipeline(f"{db}.\\.*", name=folder + ".yaml")
    if phase == "stream":
        ctx.catch_up(path)
        ctx.server.execute(CHANGES.format(n=n, m=n - 1), db)
    result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": name}, code=None, interval="100ms")
    hit = result.code == -signal.SIGKILL
    assert hit or result.code == 0, f"{name}: exit code {result.code}\n{result.err}"
    ctx.server.execute(CHANGES.format(n=n + 40, m=n), db)
    ctx.catch_up(path)
    try:
        equal(ctx, db)
    except AssertionError as error:
        raise AssertionError(f"{name} in the {phase} phase: {error}") from error
    ctx.jobs.clear()
    return hit


def test_failpoint_at_the_second_and_third_passing(ctx):
    for name in [n for n in names_of(ctx) if n.startswith(("iceberg.", "checkpoint.", "epoch."))]:
        for count in (2, 3):
            db = ctx.database(SCRIPT)
            folder = f"{name}-{count}"
            ctx.state, ctx.warehouse = ctx.dir + "/state-" + folder, ctx.dir + "/lake-" + folder
            ctx.lake.warehouse = ctx.warehouse
            path = ctx.pipeline(f"{db}.\\.*", name=folder + ".yaml")
            for n in range(3):
                result = ctx.catch_up(path, env={"SLUICE_FAILPOINT": f"{name}:{count}"}, code=None, interval="50ms")
                assert result.code in (0, -signal.SIGKILL), result.err
                ctx.server.execute(CHANGES.format(n=n, m=n - 1), db)
            ctx.catch_up(path)
            equal(ctx, db)
            ctx.jobs.clear()


test_failpoint_at_the_second_and_third_passing.seconds = 600


def test_lost_state_after_each_commit_failpoint(ctx):
    """The process dies in a commit and its state folder is lost with it: the tables alone must be enough."""
    for name in [n for n in names_of(ctx) if n.startswith(("iceberg.", "epoch."))]:
        db = ctx.database(SCRIPT)
        ctx.warehouse = ctx.lake.warehouse = ctx.dir + "/lake-lost-" + name
        path = ctx.pipeline(f"{db}.\\.*", name=f"lost-{name}.yaml")
        ctx.catch_up(path, state=ctx.dir + f"/first-{name}")
        ctx.server.execute(CHANGES.format(n=1, m=0), db)
        ctx.catch_up(path, state=ctx.dir + f"/first-{name}", env={"SLUICE_FAILPOINT": name}, code=None)
        ctx.server.execute(CHANGES.format(n=2, m=1), db)
        ctx.catch_up(path, state=ctx.dir + f"/second-{name}")
        try:
            equal(ctx, db)
        except harness.Difference as error:
            raise AssertionError(f"{name}: {error}") from error
        ctx.jobs.clear()


test_lost_state_after_each_commit_failpoint.seconds = 600

KEYLESS = "".join(f"CREATE TABLE l{i} (n INT, t VARCHAR(20)); INSERT INTO l{i} VALUES (1, 'first');" for i in range(3))
MORE = "".join(f"INSERT INTO l{i} VALUES ({{n}}, 'live'), ({{n}}, 'live');" for i in range(3))


def test_lost_state_between_the_commits_of_keyless_tables(ctx):
    """Nothing tells equal rows apart: an epoch that is in some tables only must be completed, not read again."""
    for phase in ("snapshot", "stream"):
        for name in ("iceberg.after_epoch_file", "iceberg.between_tables", "iceberg.between_tables:2"):
            db = ctx.database(KEYLESS)
            folder = f"{phase}-{name.replace(':', '-')}"
            ctx.warehouse = ctx.lake.warehouse = ctx.dir + "/keyless-" + folder
            path = ctx.pipeline(f"{db}.\\.*", name=f"keyless-{folder}.yaml")
            first, second = ctx.dir + f"/first-{folder}", ctx.dir + f"/second-{folder}"
            if phase == "stream":
                ctx.catch_up(path, state=first)
                ctx.server.execute(MORE.format(n=2), db)
            # One epoch for all that is there: the interval is long.
            result = ctx.catch_up(path, state=first, env={"SLUICE_FAILPOINT": name}, code=None, interval="60s")
            assert result.code == -signal.SIGKILL, f"{folder}: {result.err}"
            ctx.server.execute(MORE.format(n=3), db)
            ctx.catch_up(path, state=second)
            for i in range(3):
                ctx.equal(f"{db}.l{i}")
            ctx.jobs.clear()


test_lost_state_between_the_commits_of_keyless_tables.seconds = 300
