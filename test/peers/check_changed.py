# SPDX-License-Identifier: Apache-2.0
"""Other engines change a table that a running sluice fills; then engine and sluice read it, the pipeline goes on, is
stopped, and goes on in a new process. At each point the rows are those of the source, but for those that the engine
changed and the source has not touched since."""

import datetime
import os
import time

import canonical
import changes
import engines
import foreign
import lake as lake_module
from harness import Load, wait_same, wait_until

SCRIPT = (
    "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100), n INT, d DATE);"
    "INSERT INTO t SELECT seq, CONCAT('v', seq), seq * 3, DATE_ADD('2024-01-01', INTERVAL seq DAY) FROM seq_1_to_120"
)
# Two epochs before the engine comes: several data files, some rows deleted in each of them.
BEFORE = (
    "UPDATE t SET v = CONCAT(v, '-') WHERE id % 4 = 0; DELETE FROM t WHERE id % 10 = 9;"
    "INSERT INTO t VALUES (200, 'x', 1, NULL)",
    "UPDATE t SET n = n + 1 WHERE id % 6 = 2; DELETE FROM t WHERE id = 8; UPDATE t SET id = 300 WHERE id = 20",
)
# Then the source touches rows of every file, and one each of those that the engine added, deleted and set.
AFTER = (
    "UPDATE t SET v = CONCAT(v, '~') WHERE id IN (12, 14) OR id BETWEEN 21 AND 45; DELETE FROM t WHERE id BETWEEN 46"
    " AND 60; INSERT INTO t VALUES (900002, 'ours', 2, '2024-02-02'), (201, 'y', NULL, NULL); UPDATE t SET id = id +"
    " 5000 WHERE id BETWEEN 61 AND 63",
    "UPDATE t SET n = -n WHERE id > 64; DELETE FROM t WHERE id % 7 = 0",
)
TOUCHED = ("12", "14", "900002")  # by AFTER, of the rows in an overlay
RESTARTED = (
    "UPDATE t SET v = CONCAT(v, '#') WHERE id % 3 = 1 AND id NOT IN (11, 13);"
    "INSERT INTO t VALUES (202, 'z', 0, NULL)"
)
COLUMNS = ["id", "v", "n", "d"]
OLD_SECONDS = 4 * 24 * 3600
ORPHAN = "orphan-of-test.parquet"


def names(_pair, engine):
    made = [change.name for change in changes.CHANGES.get(engine, ())] or ["writes"]
    return made + (["rewrite_data_files.under_load"] if engine == "spark" else [])


def prepare(_bench):
    """Nothing: each check has a table of its own."""


def checks(bench, engine):
    if engine.no_writes:
        yield "writes", engine.no_writes
        return
    for change in changes.CHANGES[engine.name]:
        yield change.name, lambda c=change: run(bench, engine, c)
    if engine.name == "spark":
        yield "rewrite_data_files.under_load", lambda: compact_under_load(bench, engine)


class Scene:
    """One table, its pipeline, and what the table must hold."""

    def __init__(self, bench, engine, name, partition=""):
        self.engine = engine
        self.reader = engines.Sluice(bench.lake, bench.folder)  # PyIceberg cannot read the delete files of Trino
        self.ctx = bench.context(f"{engine.name}-{name}")
        self.db = self.ctx.database(SCRIPT)
        self.table = f"{self.db}.t"
        sink = {"partition.key": f"{self.table}:{partition}"} if partition else None
        self.path = self.ctx.pipeline(self.table, sink=sink)
        self.job = None
        self.overlay = {}

    def start(self, interval="200ms"):
        self.job = self.ctx.start_run(self.path, interval=interval)

    def execute(self, script):
        """At the source; waits until the lake has it."""
        self.ctx.server.execute(script, self.db)
        self.wait()

    def expected(self):
        with self.ctx.server.connect(text=True) as db:
            _, rows = canonical.source_rows(db, self.table, COLUMNS)
        by_key = {row[0]: row for row in rows}
        for key, value in self.overlay.items():
            if key == "*":
                by_key = {k: row for k, row in by_key.items() if k in self.overlay}
            elif value is None:
                by_key.pop(key, None)
            elif isinstance(value, dict):
                by_key[key] = tuple(value.get(n, v) for n, v in zip(COLUMNS, by_key[key]))
            else:
                by_key[key] = value
        return list(by_key.values())

    def difference(self, names, rows):
        """Text, or "". Columns that the source has not must be NULL."""
        at = [names.index(column) for column in COLUMNS]
        more = [i for i in range(len(names)) if i not in at]
        filled = [row for row in rows if any(row[i] is not None for i in more)]
        if filled:
            return f"columns that only the lake has are not NULL: {filled[:3]}"
        found = [tuple(row[i] for i in at) for row in rows]
        return lake_module.first_differences(COLUMNS, self.expected(), COLUMNS, found)

    def wait(self, seconds=60):
        def difference():
            there = self.ctx.lake.exists(self.table)
            return self.difference(*self.reader.rows(self.table)) if there else "there is no such table yet"

        wait_same(difference, "the lake equal to its source", self.job, seconds)

    def read(self):
        """The engine and sluice read the same rows."""
        for reader in (self.engine, self.reader):
            text = self.difference(*reader.rows(self.table))
            assert not text, f"{reader.name} reads other rows: {text}"

    def apply(self, change):
        """The engine's own change."""
        self.overlay = dict(change.overlay)
        if change.call:
            foreign.change(self.ctx.lake, self.table, change.call)
            return
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")
        name = ".".join(f"{self.engine.quote}{part}{self.engine.quote}" for part in (self.db, "t"))
        self.engine.write(self.table, [s.format(t=name, db=self.db, name="t", now=now) for s in change.script])


def run(bench, engine, change):
    """The course of the module's comment for one change."""
    scene = Scene(bench, engine, change.name, change.partition)
    scene.start()
    scene.wait()
    for step in BEFORE:
        scene.execute(step)
    planted = make_old(scene) if change.ages else None
    files = live_files(scene)
    scene.apply(change)
    assert not change.compacts or live_files(scene) != files, "the engine has replaced no data file"
    assert planted is None or not os.path.exists(planted), "the engine has left the file that nothing refers to"
    if change.refused:
        return refused(scene, change)
    scene.read()
    for key in list(scene.overlay):
        if key in TOUCHED:
            del scene.overlay[key]
    if "*" in scene.overlay:
        return continue_after_wipe(scene)
    for step in AFTER:
        scene.execute(step)
    scene.read()
    assert scene.job.running(), scene.job.tail()
    scene.job.terminate(5)
    scene.ctx.server.execute(RESTARTED, scene.db)
    scene.start()
    scene.wait()
    scene.read()
    scene.job.terminate(5)
    verify(scene)
    return ""


def continue_after_wipe(scene):
    """All rows were deleted by the engine: only what changes from then on is there."""
    scene.ctx.server.execute(AFTER[0], scene.db)
    touched = scene.ctx.server.execute("SELECT id FROM t WHERE v LIKE '%~' OR id > 5000 OR id = 201", scene.db)
    scene.overlay = {"*": None, **{str(row[0]): {} for row in touched}}
    scene.wait()
    scene.read()
    scene.job.terminate(5)
    return ""


def verify(scene):
    """`sluice verify` agrees, or names the rows of the engine."""
    result = scene.ctx.command("verify", scene.path)
    text = result.out + result.err
    assert result.code == (1 if scene.overlay else 0), f"sluice verify ended with {result.code}:\n{text}"
    for key in scene.overlay:
        assert key in text, f"sluice verify does not name the key {key}:\n{text}"


def refused(scene, change):
    """The job stops with an error that says what happened, at the first change of the table; so does the next one."""
    scene.ctx.server.execute(AFTER[0], scene.db)
    wait_until(lambda: not scene.job.running(), "the end of sluice", 30)
    again = scene.ctx.start_run(scene.path, "--until", "caught-up")
    for job in (scene.job, again):
        result = job.wait(60)
        assert result.code == 1, f"sluice ended with {result.code}:\n{job.tail()}"
        for word in change.refused:
            assert word in result.err, f"'{word}' is not in the error:\n{job.tail()}"
    return "refused: " + next(line for line in scene.job.err().splitlines() if "error" in line)[:300]


def live_files(scene):
    return set(scene.ctx.lake.open(scene.table).inspect.data_files().column("file_path").to_pylist())


def make_old(scene):
    """Each file of the table looks four days old; a file is planted that nothing refers to. Gives its path."""
    folder = scene.ctx.lake.folder(scene.table)
    planted = os.path.join(folder, "data", ORPHAN)
    with open(planted, "wb") as file:
        file.write(b"PAR1")
    old = time.time() - OLD_SECONDS
    for parent, _, names in os.walk(folder):
        for name in names:
            os.utime(os.path.join(parent, name), (old, old))
    return planted


def compact_under_load(bench, engine):
    """Compaction while rows come all the time and now and then change. The engine may lose the race; it tries again."""
    scene = Scene(bench, engine, "load")
    scene.start("2s")  # the engine commits between two of our commits
    scene.wait()

    def step(cursor, n):
        cursor.execute(f"INSERT INTO t VALUES ({10000 + n}, 'load', 0, NULL)")
        if n % 20 == 19:  # of every file; it conflicts with a compaction that goes on
            cursor.execute(f"UPDATE t SET n = {n} WHERE id % 3 = 0")

    load = Load(scene.ctx.server, step, scene.db, pause=0.5)
    done = 0
    try:
        for _ in range(6):
            try:
                scene.apply(changes.Change("compact", (changes.REWRITE,)))
                done += 1
            except engines.EngineError as error:
                assert "onflict" in str(error) or "annot commit" in str(error) or "ommit" in str(error), str(error)
    finally:
        load.stop()
    scene.wait()
    assert scene.job.running(), scene.job.tail()
    scene.job.terminate(5)
    assert done, "no compaction was committed"
    scene.read()
    verify(scene)
    return f"{done} compactions among {load.steps} changes"
