# SPDX-License-Identifier: Apache-2.0
"""A random history on a database: its tables, and writers on several connections until they are told to end."""

import collections
import random
import threading
import time

import pymysql

import engine_tables
from ddl import PAUSE, Ddl
from options import Options
from statements import Dml
from tables import Table, quote
from xa import Prepared

SYNTAX_ERRORS = {1064, 1149}  # the generator's own mistakes
GONE = {2006, 2013, 1053}  # the server died
UNLUCKY = {1118, 1067}  # the columns are too large together; a default that is not valid here
ENGINES_SHARE = 0.15  # of the steps
WRITES_MAX = 4000  # steps of one writer while it waits for the copy
HURRY = 40  # after so many of them it is slow and leaves DDL, so that the copy comes to its end


class Gate:
    """Many writers may pass, or one alone."""

    def __init__(self):
        self._condition, self._inside, self._alone = threading.Condition(), 0, False

    def enter(self):
        with self._condition:
            self._condition.wait_for(lambda: not self._alone, 60)
            self._inside += 1

    def leave(self):
        with self._condition:
            self._inside -= 1
            self._condition.notify_all()

    def enter_alone(self):
        """From inside: waits until the others have left."""
        with self._condition:
            self._alone = True
            self._condition.wait_for(lambda: self._inside == 1, 60)

    def end_alone(self):
        with self._condition:
            self._alone = False
            self._condition.notify_all()


class History:
    """All statements of one seed. The same seed gives the same statements; how the writers interleave may differ."""

    MERGED = "lake.merged"

    def __init__(self, server, database: str, seed: int, options: Options, folder: str):
        self.server, self.database, self.seed, self.options, self.folder = server, database, seed, options, folder
        self.rng = random.Random(f"{seed}/tables")
        self.log, self.errors, self.done = [], collections.Counter(), 0
        self.tables: list[Table] = []
        self.sharded = ""
        self.truncated_shards = False
        # Lake table -> the source table that has the rows which its merge engine makes.
        self.wanted = {f"{database}.{name}": f"{database}.{engine_tables.want(name)}" for name in options.engines}
        self.ddl_allowed, self.swaps_allowed = threading.Event(), threading.Event()
        if options.ddl_in_copy:
            self.ddl_allowed.set()
        self._gate, self._lock = Gate(), threading.Lock()
        self._prepared = [Prepared(self) for _ in range(options.writers)]
        self.taken, self._copied = 0, False  # steps of all writers; whether the copy is complete
        self._left = [WRITES_MAX] * options.writers
        self._threads, self._failure, self._ended = [], None, threading.Event()

    # ---- tables

    def connect(self):
        connection = self.server.connect(self.database)
        connection.set_character_set(self.options.client)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET sql_mode = '', time_zone = '{self.options.zone}', innodb_lock_wait_timeout = 1, "
                "lock_wait_timeout = 20, timestamp = DEFAULT"
            )
        return connection

    def make(self):
        """Creates the tables with their first rows."""
        rng = self.rng
        charset = rng.choice(["", "", "", " CHARACTER SET latin1", " CHARACTER SET utf8mb4"])
        self.server.execute(f"CREATE DATABASE {self.database}{charset}")
        with self.connect() as connection, connection.cursor() as cursor:
            for i in range(rng.randint(1, 4)):
                engine = rng.choices(["", "ENGINE=Aria", "ENGINE=MyISAM"], [88, 8, 4])[0]
                keyed, form = self.options.keyed, self.options.form
                self._create(cursor, lambda n=i, e=engine: Table(rng, f"t{n}", engine=e, keyed=keyed, form=form))
            if rng.random() < 0.35:
                self.sharded = "shard"
                self._create(cursor, lambda: self._shards(rng))
            self._fixed_tables(cursor)
            dml = Dml(rng, self.tables, self.folder, 99)
            for _ in range(rng.randint(0, 30)):
                table, name = dml.pick()
                self.attempt(cursor, [f"INSERT INTO {quote(name)} {dml.rows(table, name, 8)}"])
        self.log.append("-- the writers begin")

    def _shards(self, rng) -> Table:
        return Table(rng, "shard", shards=rng.randint(2, 3), columns_max=12, form=self.options.form)

    def _create(self, cursor, make):
        """Some combinations of columns are refused by the server: then other ones."""
        while True:
            table = make()
            try:
                for name in table.names:
                    self._execute(cursor, table.create(name))
                self.tables.append(table)
                return
            except pymysql.err.Error as error:
                if error.args[0] not in UNLUCKY:
                    raise AssertionError(f"the server refuses {table.create(table.names[0])}: {error}") from error
                for name in table.names:
                    cursor.execute(f"DROP TABLE IF EXISTS {quote(name)}")

    def _fixed_tables(self, cursor):
        """Tables of known columns: for large transactions, triggers and foreign keys."""
        rule = self.rng.choice(["", "ON DELETE RESTRICT", "ON UPDATE NO ACTION"])
        if "cascade" in self.options.switches:
            rule = "ON DELETE CASCADE ON UPDATE CASCADE"
        for statement in [
            "CREATE TABLE bulk (id INT PRIMARY KEY, name VARCHAR(20), v INT)",
            f"INSERT INTO bulk SELECT seq, CONCAT('first', seq), 0 FROM seq_1_to_{self.options.chunk_size * 8 + 200}",
            "CREATE TABLE parent (id INT PRIMARY KEY, v TEXT)",
            "INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c')",
            "CREATE TABLE audit (n BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, what CHAR(1), at DATETIME(6) DEFAULT "
            "NOW(6), child INT, u UUID DEFAULT UUID())",
            "CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent INT NOT NULL DEFAULT 1, note TEXT, "
            f"made TIMESTAMP(3) NOT NULL DEFAULT NOW(3), FOREIGN KEY (parent) REFERENCES parent (id) {rule})",
            "CREATE TRIGGER child_ins AFTER INSERT ON child FOR EACH ROW INSERT INTO audit (what, child) VALUES "
            "('i', NEW.id)",
            "CREATE TRIGGER child_del BEFORE DELETE ON child FOR EACH ROW UPDATE audit SET what = 'd' "
            "WHERE child = OLD.id",
            *engine_tables.script(self.options.engines),
        ]:
            self._execute(cursor, statement)

    def source_tables(self) -> dict[str, list[str]]:
        """Lake table -> source tables, of all that live now."""
        with self.server.connect() as db, db.cursor() as cursor:
            cursor.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND "
                "table_type = 'BASE TABLE' AND table_name NOT LIKE '\\_%%' ORDER BY 1",
                (self.database,),
            )
            found: dict[str, list[str]] = {}
            for (name,) in cursor.fetchall():
                found.setdefault(self.lake_table(name), []).append(f"{self.database}.{name}")
        return found

    def lake_table(self, name: str) -> str:
        return self.MERGED if self.sharded and name.startswith(self.sharded) else f"{self.database}.{name}"

    def shards(self) -> list[str]:
        return [f"{self.database}.{n}" for t in self.tables if t.name == self.sharded for n in t.names]

    # ---- writers

    def start(self):
        for i in range(self.options.writers):
            self._threads.append(threading.Thread(target=self._write, args=(i,), daemon=True))
            self._threads[-1].start()

    def go_on(self):
        """The copy is complete: from now on DDL too, and a limited number of steps."""
        self.ddl_allowed.set()
        self.swaps_allowed.set()
        self._left = [self.options.steps] * self.options.writers
        self._copied = True

    def more(self, steps: int):
        """So many further steps, of which each writer does its part; it may have ended."""
        each = max(1, steps // self.options.writers)
        self._left = [max(n, 0) + each for n in self._left]

    def steps_left(self) -> int:
        return sum(max(n, 0) for n in self._left)

    def check(self):
        if self._failure:
            raise AssertionError(f"a writer failed: {self._failure}") from self._failure

    def end(self):
        """Ends the writers. What they left prepared stays so."""
        self.stop()
        for thread in self._threads:
            thread.join(120)
            if thread.is_alive():
                raise AssertionError("a writer hangs")
        self.check()

    def decide(self):
        """Commits or rolls back what the writers left prepared."""
        for prepared in self._prepared:
            while prepared.any:
                prepared.decide(self.rng)

    def stop(self):
        self._ended.set()

    def _write(self, number):
        rng = random.Random(f"{self.seed}/writer{number}")
        dml = Dml(rng, self.tables, self.folder, number, self.database)
        dml.rotates = self.options.server["log_bin_compress"] == "OFF"  # see MariaDbSource._pad_log
        ddl = Ddl(rng, dml, self) if number == 0 else None
        large = rng.randrange(self.options.steps) if self.options.large and number == 0 else -1
        try:
            with self.connect() as connection, connection.cursor() as cursor:
                while not self._ended.is_set():
                    if self._left[number] <= 0:
                        self._ended.wait(0.01)
                        continue
                    self._left[number] -= 1
                    dml.large_max = 4000 if self._copied else min(4000, self.options.chunk_size * 60)
                    self._gate.enter()
                    try:
                        if self._left[number] == large:
                            large = -1
                            self.attempt(cursor, dml.huge(self.options.large))
                        self._step(cursor, rng, dml, ddl, self._prepared[number])
                    finally:
                        self._gate.leave()
                    self.taken += 1
                    # Spread over some time, so that commits of the job fall between the steps.
                    pause = 0.3 if self._late(number) else 0.03 + self.options.interval * 0.0015
                    time.sleep(rng.random() * pause)  # tidy: poll
        except Exception as error:  # pylint: disable=broad-except
            self._failure = error

    def _late(self, number) -> bool:
        return not self._copied and self._left[number] < WRITES_MAX - HURRY

    def _step(self, cursor, rng, dml, ddl, prepared):
        if ddl and self.ddl_allowed.is_set() and not self._late(0) and rng.random() < 0.25:
            self._change(cursor, *ddl.change())
        elif self.wanted and self._copied and rng.random() < ENGINES_SHARE:
            self.attempt(cursor, dml.of_engines(self.options.engines))
        elif self.options.xa and rng.random() < (0.5 if prepared.any else 0.05):
            prepared.step(rng, dml)
        else:
            self.attempt(cursor, dml.step())

    def note(self, statement):
        with self._lock:
            self.log.append(statement)

    def _execute(self, cursor, statement) -> int:
        """Gives the number of rows that it changed."""
        if self.options.client == "latin1":  # what the client's character set lacks is a question mark
            statement = statement.encode("cp1252", "replace").decode("cp1252")
        elif self.options.client == "utf8mb3":
            statement = "".join(c if c < "\U00010000" else "?" for c in statement)
        self.note(statement)
        changed = cursor.execute(statement)
        cursor.fetchall()
        return 0 if statement.startswith("SELECT") else changed

    def attempt(self, cursor, statements) -> int | None:
        """Runs them and gives the number of changed rows; after an error the transaction is rolled back: None."""
        try:
            changed = sum([self._execute(cursor, statement) for statement in statements])
            self.done += 1
            return changed
        except pymysql.err.Error as error:
            code = error.args[0]
            if code in SYNTAX_ERRORS or code in GONE:
                raise
            with self._lock:
                self.log[-1] += f" /* may be another's: {code} {str(error.args[1])[:60]} */"
            self.errors[code] += 1
            if statements[0].startswith("XA START"):
                xid = statements[0].split()[2]
                for undo in (f"XA END {xid}", f"XA ROLLBACK {xid}"):
                    try:
                        cursor.execute(undo)
                    except pymysql.err.Error:
                        pass
            else:
                cursor.execute("ROLLBACK")
            cursor.execute("DROP TEMPORARY TABLE IF EXISTS tmp")
            return None

    def _change(self, cursor, statements, after):
        """DDL; the model follows only if all of it was done."""
        alone = statements.index(PAUSE) if PAUSE in statements else len(statements)
        if self.attempt(cursor, statements[:alone]) is None:
            for statement in statements:
                if statement.startswith("DROP TRIGGER"):
                    self.attempt(cursor, [statement])
            return
        if alone < len(statements):
            self._gate.enter_alone()
        try:
            if self.attempt(cursor, statements[alone + 1 :]) is not None:
                after()
        finally:
            self._gate.end_alone()
