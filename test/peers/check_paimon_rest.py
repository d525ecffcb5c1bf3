# SPDX-License-Identifier: Apache-2.0
"""The REST catalog server of Paimon's own tests: sluice and Flink's Paimon make tables in it, write and alter them in
turns, and take them back; an answer of the server is lost."""

import os
import subprocess

import check_hive
import engines
import paimon_job

HERE = os.path.dirname(os.path.abspath(__file__))
TOKEN = "peers-paimon-rest-token"
KEYS = ("peers-dlf-id", "peers-dlf-secret", "peers-dlf-token")
SCHEMA = (
    "CREATE TABLE t (id BIGINT PRIMARY KEY, v VARCHAR(20), ts TIMESTAMP(3) NULL, d DECIMAL(10,2), big LONGTEXT);"
    " INSERT INTO t SELECT seq, CONCAT('v', seq), '2026-01-02 03:04:05.678', seq / 4, 'x' FROM seq_1_to_200"
)


class RestCatalog(check_hive.HiveMetastore):
    """The server and a Flink; what is asked of the latter is HiveMetastore's."""

    name = "paimon-rest"

    def start(self):
        got, flink = engines.install("paimon-rest"), engines.install("flink-paimon")
        self.version = got["version"]
        java, classes = got["java"] + "/bin/java", os.path.join(self.folder, "classes")
        libraries = f"{got['jars']}:{flink['paimon']}/*:{flink['jars']}/*"
        os.makedirs(classes, exist_ok=True)
        os.makedirs(self.lake.warehouse, exist_ok=True)
        subprocess.run([java + "c", "-nowarn", "-cp", libraries, "-d", classes, HERE + "/PaimonRest.java"], check=True)
        self.server = self.spawn([java, "-Xmx400m", "-cp", f"{classes}:{libraries}", "PaimonRest", self.lake.warehouse,
                                  *self.who()], "rest.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.address = self.line()
        self._start_flink(flink, "")

    def who(self):
        return [TOKEN, "peers"]

    def line(self):
        text = self.server.stdout.readline().decode().strip()
        assert text, f"the server has ended, see {self.folder}/rest.log"
        return text

    def catalog(self):
        return {"metastore": "rest", "uri": self.address, "warehouse": "peers", "token.provider": "bear",
                "token": TOKEN}

    def lose_an_answer(self):
        self.server.stdin.write(b"\n")
        self.server.stdin.flush()
        assert self.line() == "armed"


class SignedCatalog(RestCatalog):
    """One that takes requests that are signed for DLF, and lends keys of the storage; a local disk needs none."""

    name = "paimon-rest-dlf"

    def who(self):
        return ["dlf", "peers", *KEYS, "cn-hangzhou"]

    def catalog(self, **more):
        keys = {"access-key-id": KEYS[0], "access-key-secret": KEYS[1], "security-token": KEYS[2], **more}
        return {"metastore": "rest", "uri": self.address, "warehouse": "peers", "token.provider": "dlf",
                "dlf.region": "cn-hangzhou", **{f"dlf.{key}": value for key, value in keys.items()}}


class OpenApiCatalog(SignedCatalog):
    """The same by the other algorithm."""

    name = "paimon-rest-openapi"

    def catalog(self, **more):
        return super().catalog(**{"signing-algorithm": "openapi", **more})


def sink(rest):
    return {f"catalog.properties.{key}": value for key, value in rest.catalog().items()}


def act(ctx, rest, table, action, *arguments):
    database, name = table.split(".")
    words = [f"--catalog_conf={key}={value}" for key, value in rest.catalog().items()]
    result = ctx.command("paimon", action, *words, "--database", database, "--table", name, *arguments)
    assert result.code == 0, f"{action}: {result.out}{result.err}"


def turns(ctx, rest):
    """Copy, changes, Flink's rows, columns of the source, an option of Flink's, a table that Flink made."""
    db = ctx.database(SCHEMA)
    path = paimon_job.pipeline(ctx, f"{db}.t", {"bucket": 2}, sink=sink(rest),
                               pipeline={"schema.change.behavior": "evolve"})
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    assert rest.query(f"SHOW TABLES FROM {db}") == [["t"]]
    assert rest.query(f"SELECT COUNT(*), MAX(v) FROM {db}.t")[0] == [200, "v99"]
    none = "CAST(NULL AS TIMESTAMP_LTZ(3))"
    rest.ask("sql", script=[
        f"INSERT INTO {db}.t VALUES (1000, 'flink', {none}, 7.5, 'y'), (7, 'flink too', {none}, 1.25, 'z')",
        f"CREATE TABLE {db}.u (id INT NOT NULL, v STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket' = '1')",
        f"INSERT INTO {db}.u VALUES (1, 'theirs')",
    ])
    ctx.server.execute(
        "INSERT INTO t VALUES (1000, 'flink', NULL, 7.5, 'y'); UPDATE t SET v = 'flink too', ts = NULL, d = 1.25, big ="
        " 'z' WHERE id = 7; ALTER TABLE t ADD more INT AFTER v; UPDATE t SET more = id WHERE id > 150;"
        " CREATE TABLE u (id INT PRIMARY KEY, v LONGTEXT)", db
    )
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t", field_ids=False)
    assert rest.query(f"SELECT COUNT(*), SUM(more) FROM {db}.t")[0] == [201, sum(range(151, 201)) + 1000]
    rest.ask("sql", script=[f"ALTER TABLE {db}.t SET ('snapshot.num-retained.max' = '50')"])
    ctx.server.execute("ALTER TABLE t DROP more, MODIFY v VARCHAR(40) COMMENT 'wide'; DELETE FROM t WHERE id = 8;"
                       " ALTER TABLE t MODIFY d DECIMAL(12,2) FIRST; UPDATE t SET d = 2000000000.5 WHERE id = 9", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t", field_ids=False)
    assert rest.query(f"SELECT COUNT(*), MAX(d) FROM {db}.t")[0] == [200, "2000000000.50"]
    other = paimon_job.pipeline(ctx, f"{db}.u", sink=sink(rest), name="u.yaml")
    ctx.server.execute("INSERT INTO u VALUES (1, 'theirs'), (2, 'ours')", db)
    ctx.state += "-u"
    ctx.catch_up(other)
    paimon_job.equal(ctx, f"{db}.u", field_ids=False)
    assert rest.query(f"SELECT COUNT(*) FROM {db}.u")[0] == [2]
    return f"{len(ctx.lake.snapshot_ids(f'{db}.t'))} snapshots of both"


def partitions(ctx, rest):
    """What the server knows of partitions are the statistics of commits."""
    db = ctx.database("CREATE TABLE p (id INT PRIMARY KEY, part VARCHAR(10) NOT NULL); INSERT INTO p SELECT seq,"
                      " CONCAT('p', seq % 3) FROM seq_1_to_30")
    path = paimon_job.pipeline(ctx, f"{db}.p", {"bucket": 1}, sink={**sink(rest), "partition.key": f"{db}.p:part"})
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.p")
    assert sorted(rest.query(f"SHOW PARTITIONS {db}.p")) == [["part=p0"], ["part=p1"], ["part=p2"]]
    return "3 partitions by the server"


def lost_and_back(ctx, rest):
    """A commit whose answer is lost is made once; a rollback, a tag and a branch by the server's rules."""
    db = ctx.database(SCHEMA)
    path = paimon_job.pipeline(ctx, f"{db}.t", {"bucket": 2}, sink=sink(rest))
    ctx.catch_up(path)
    rest.lose_an_answer()
    ctx.server.execute("UPDATE t SET v = 'new' WHERE id < 50", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t")
    identifiers = [epoch for epoch, kind in ctx.lake.epochs(f"{db}.t") if kind == "APPEND"]
    assert len(identifiers) == len(set(identifiers)) == 2, identifiers
    first = ctx.lake.snapshot_ids(f"{db}.t")[0]
    act(ctx, rest, f"{db}.t", "create_tag", "--tag_name", "kept", "--snapshot", str(first))
    act(ctx, rest, f"{db}.t", "create_branch", "--branch_name", "b", "--tag_name", "kept")
    # By its files: this server takes the table's newest snapshot for that of a new branch.
    assert '"new"' not in paimon_job.read(ctx, f"{db}.t", "--branch", "b"), "the branch is not the tag's"
    act(ctx, rest, f"{db}.t", "delete_branch", "--branch_name", "b")
    act(ctx, rest, f"{db}.t", "compact")
    act(ctx, rest, f"{db}.t", "rollback_to", "--version", str(first))
    counted = rest.query(f"SELECT COUNT(*) FROM {db}.t WHERE v = 'new'")
    assert counted == [[0]], f"after the rollback: {counted}"
    assert ctx.lake.snapshot_ids(f"{db}.t") == [first], ctx.lake.snapshot_ids(f"{db}.t")
    rest.ask("sql", script=[f"DELETE FROM {db}.t WHERE id > 100"])
    named = ctx.command("read", f"{db}.t", "--format", "jsonl",
                        *[f"--catalog_conf={key}={value}" for key, value in rest.catalog().items()])
    assert named.code == 0 and len(named.out.splitlines()) == 100, f"{len(named.out.splitlines())} rows; {named.err}"
    return "one snapshot for the lost answer"


def branches(ctx, rest):
    """Commits of both to a branch, which then takes the table's place."""
    db = ctx.database("CREATE TABLE t (id INT, v VARCHAR(20)); INSERT INTO t SELECT seq, 'old' FROM seq_1_to_100")
    path = paimon_job.pipeline(ctx, f"{db}.t", {"bucket": -1, "write-only": "true"}, sink=sink(rest))
    ctx.catch_up(path)
    act(ctx, rest, f"{db}.t", "create_tag", "--tag_name", "fork")
    act(ctx, rest, f"{db}.t", "create_branch", "--branch_name", "b", "--tag_name", "fork")
    branch = f"{db}.`t$branch_b`"
    ctx.server.execute("INSERT INTO t SELECT seq, 'ours' FROM seq_101_to_110", db)
    ctx.catch_up(path)
    act(ctx, rest, f"{db}.t", "merge_branch", "--source_branch", "main", "--target_branch", "b")
    counted = rest.query(f"SELECT COUNT(*) FROM {branch}")
    assert counted == [[110]], f"in the branch: {counted}"
    rest.ask("sql", script=[f"INSERT INTO {branch} VALUES (500, 'theirs')"])
    ctx.server.execute("INSERT INTO t SELECT seq, 'more' FROM seq_111_to_115", db)
    ctx.catch_up(path)
    act(ctx, rest, f"{db}.t", "merge_branch", "--source_branch", "main", "--target_branch", "b")
    counted = rest.query(f"SELECT COUNT(*), MAX(id) FROM {branch}")
    assert counted == [[116, 500]], f"in the branch: {counted}"
    assert rest.query(f"SELECT COUNT(*), MAX(id) FROM {db}.t") == [[115, 115]]
    act(ctx, rest, f"{db}.t", "fast_forward", "--branch_name", "b")
    counted = rest.query(f"SELECT COUNT(*), MAX(id) FROM {db}.t")
    assert counted == [[116, 500]], f"after fast_forward: {counted}"
    read = paimon_job.read(ctx, f"{db}.t")
    assert len(read.splitlines()) == 116, read
    return "snapshots of both in a branch, and of the branch in the table"


def external(ctx, rest):
    """An external table, made in a filesystem catalog and told to the server, which makes no snapshots of it."""
    db = ctx.database(SCHEMA)
    place = ctx.lake.folder(f"{db}.t")
    columns = ("(id BIGINT NOT NULL, v STRING, ts TIMESTAMP_LTZ(3), d DECIMAL(10,2), big STRING, PRIMARY KEY (id) NOT"
               " ENFORCED) WITH ('bucket' = '1'")
    rest.ask("sql", script=[
        f"CREATE CATALOG files WITH ('type' = 'paimon', 'warehouse' = 'file:{ctx.lake.warehouse}')",
        f"CREATE DATABASE {db}",
        f"CREATE DATABASE IF NOT EXISTS files.{db}",
        f"CREATE TABLE files.{db}.t {columns})",
        f"CREATE TABLE {db}.t {columns}, 'path' = 'file:{place}')",
    ])
    path = paimon_job.pipeline(ctx, f"{db}.t", sink=sink(rest))
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t", field_ids=False)
    rest.ask("sql", script=[f"INSERT INTO {db}.t VALUES (1000, 'flink', CAST(NULL AS TIMESTAMP_LTZ(3)), 7.5, 'y')"])
    ctx.server.execute("INSERT INTO t VALUES (1000, 'flink', NULL, 7.5, 'y'); UPDATE t SET d = id WHERE id > 150", db)
    ctx.catch_up(path)
    paimon_job.equal(ctx, f"{db}.t", field_ids=False)
    counted = rest.query(f"SELECT COUNT(*), SUM(CASE WHEN d = id THEN 1 ELSE 0 END) FROM {db}.t")[0]
    assert counted == [201, 51], counted
    return f"{len(ctx.lake.snapshot_ids(f'{db}.t'))} snapshots of both"


def refused(ctx, rest):
    """The server's own judgement of signatures by other keys."""
    db = ctx.database("CREATE TABLE t (id INT PRIMARY KEY)")
    for number, wrong in enumerate(({"access-key-secret": "another"}, {"region": "cn-beijing"})):
        options = {f"catalog.properties.{key}": value for key, value in rest.catalog(**wrong).items()}
        path = paimon_job.pipeline(ctx, f"{db}.t", sink=options, name=f"{number}.yaml")
        ctx.fails(path, "401", "dlf.*")
    return "other keys, another region"


CHECKS = {"turns": turns, "partitions": partitions, "lost_and_back": lost_and_back, "branches": branches,
          "external": external}


SIGNED = {"dlf": {"dlf_turns": turns, "dlf_lost_and_back": lost_and_back, "dlf_refused": refused},
          "openapi": {"openapi_turns": turns}}


def names(_pair, engine):
    return [name for checks in (CHECKS, *SIGNED.values()) for name in checks] if engine == "flink" else []


def prepare(_bench):
    pass


def checks(bench, engine):
    if engine.name != "flink":
        return
    for kind, checks in ((RestCatalog, CHECKS), (SignedCatalog, SIGNED["dlf"]), (OpenApiCatalog, SIGNED["openapi"])):
        rest = kind(bench.lake, os.path.join(bench.folder, "engine-" + kind.name))
        yield from engines.checks_with(bench, rest, checks, kind.name + "-")
