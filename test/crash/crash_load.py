# SPDX-License-Identifier: Apache-2.0
"""The load of the crash and soak runs: transactions over several tables whose invariants hold at every commit.

Each transaction counts `counter` up to n, moves money between two accounts, notes the move in `ledger` (no key) and in
`visit` (partitioned, the newest 50). So at any position of the log `ledger` holds 1..n once each, the balances follow
from it, and `visit` holds the newest 50. Beside these it changes keys (`item`, `tag`), columns and tables. All state
lives in the tables: after a lost connection the load goes on, whatever became of its last transaction.
"""

import random

import engine_tables

ACCOUNTS, START_BALANCE, VISITS = 24, 1000, 50
SCRIPT = f"""
CREATE TABLE counter (id INT PRIMARY KEY, n BIGINT NOT NULL);
INSERT INTO counter VALUES (1, 0);
CREATE TABLE account (id INT PRIMARY KEY, balance BIGINT NOT NULL, moves BIGINT NOT NULL);
INSERT INTO account SELECT seq, {START_BALANCE}, 0 FROM seq_1_to_{ACCOUNTS};
CREATE TABLE ledger (n BIGINT, payer INT, payee INT, amount INT);
CREATE TABLE visit (n BIGINT PRIMARY KEY, region INT NOT NULL);
CREATE TABLE item (id BIGINT PRIMARY KEY, v VARCHAR(60), n INT);
INSERT INTO item SELECT seq, CONCAT('v', seq), 0 FROM seq_1_to_5000;
CREATE TABLE tag (name VARCHAR(40) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT);
INSERT INTO tag SELECT CONCAT('tag', seq), seq FROM seq_1_to_1000;
CREATE TABLE shape (id INT PRIMARY KEY, v VARCHAR(30));
INSERT INTO shape SELECT seq, CONCAT('s', seq) FROM seq_1_to_200
"""
PARTITIONED = {"visit": "region"}
WATCHED = {  # table: columns that check_commit() wants
    "counter": ("n",),
    "account": ("id", "balance", "moves"),
    "ledger": ("n", "payer", "payee", "amount"),
    "visit": ("n",),
}
DDL_EVERY = 40  # transactions
EXTRAS = 5  # names of tables that come and go


class Workload:
    """step() is one transaction, and every so many one DDL; `ddl` may be taken off. `engines`: of the tables
    of engine_tables.py those that are there, and copied."""

    def __init__(self, rng, ddl_every=DDL_EVERY):
        self.rng, self.ddl, self.ddl_every = rng, True, ddl_every
        self.engines, self._engine_rng = (), random.Random(rng.random())

    def step(self, cursor, number):
        if self.ddl and number % self.ddl_every == self.ddl_every - 1:
            self._change_schema(cursor, number)
        rng = self.rng
        cursor.execute("BEGIN")
        cursor.execute("UPDATE counter SET n = n + 1 WHERE id = 1")
        cursor.execute("SELECT n FROM counter WHERE id = 1")
        n = cursor.fetchone()[0]
        payer, payee = rng.sample(range(1, ACCOUNTS + 1), 2)
        amount = rng.randint(1, 9)
        for statement in (
            f"UPDATE account SET balance = balance - {amount}, moves = moves + 1 WHERE id = {payer}",
            f"INSERT INTO ledger VALUES ({n}, {payer}, {payee}, {amount})",
            f"INSERT INTO visit VALUES ({n}, {rng.randint(0, 3)})",
            f"UPDATE visit SET region = (region + 1) % 4 WHERE n = {n - 7}",
            f"DELETE FROM visit WHERE n <= {n - VISITS}",
            *self._changes(n),
            *engine_tables.statements(self._engine_rng, n, self.engines),
            f"UPDATE account SET balance = balance + {amount}, moves = moves + 1 WHERE id = {payee}",
        ):
            cursor.execute(statement)
        cursor.execute("ROLLBACK" if rng.random() < 0.1 else "COMMIT")

    def _changes(self, n):
        """Statements on the tables that are only compared with the source."""
        rng = self.rng
        item, at = rng.randint(1, 6000), rng.randint(1, 5000)
        yield f"UPDATE item SET n = n + 1 WHERE id BETWEEN {at} AND {at + 20}"
        yield f"REPLACE INTO item VALUES ({item}, 'r{n}', {n}), ({item + 1}, 'r{n}', {n})"
        yield f"UPDATE IGNORE item SET id = {rng.randint(1, 6000)}, v = 'k{n}' WHERE id = {rng.randint(1, 6000)}"
        yield f"DELETE FROM item WHERE id = {rng.randint(1, 6000)}"
        if n % 60 == 0:
            yield f"UPDATE item SET v = CONCAT('many', {n}) WHERE id % 5 = {n % 5}"
        name = rng.randint(1, 1200)
        yield f"INSERT INTO tag VALUES ('Tag{name}', {n}) ON DUPLICATE KEY UPDATE v = {n}"
        yield f"UPDATE IGNORE tag SET name = 'TAG{rng.randint(1, 1200)}' WHERE name = 'tag{rng.randint(1, 1200)}'"
        yield f"DELETE FROM tag WHERE name = 'tag{rng.randint(1, 1200)}'"
        yield f"REPLACE INTO shape (id, v) VALUES ({rng.randint(1, 300)}, 'n{n}')"
        yield f"UPDATE shape SET v = 'u{n}' WHERE id = {rng.randint(1, 300)}"

    def _change_schema(self, cursor, number):
        rng = self.rng
        cursor.execute("SHOW COLUMNS FROM shape")
        kinds = {row[0]: row[1].lower() for row in cursor.fetchall() if row[0] not in ("id", "v")}
        cursor.execute("SHOW TABLES LIKE 'extra%'")
        extras = [row[0] for row in cursor.fetchall()]
        some = rng.choice(sorted(kinds)) if kinds else None
        choices = [
            f"ALTER TABLE shape ADD COLUMN c{number} INT",
            f"ALTER TABLE shape ADD COLUMN c{number} VARCHAR(20) DEFAULT 'd{number}' AFTER id",
            f"ALTER TABLE shape ADD COLUMN c{number} INT NOT NULL DEFAULT {number}",
            "TRUNCATE TABLE shape",
        ]
        if some:
            wider = "BIGINT" if kinds[some].startswith("int") else None
            choices.append(f"ALTER TABLE shape DROP COLUMN {some}")
            choices.append(f"ALTER TABLE shape RENAME COLUMN {some} TO r{number}")
            if wider:
                choices.append(f"ALTER TABLE shape MODIFY COLUMN {some} {wider}")
        extra = f"extra{rng.randrange(EXTRAS)}"
        if extra not in extras:
            choices.append(f"CREATE TABLE {extra} (id INT PRIMARY KEY, v INT)")
        if extras:
            choices.append(f"DROP TABLE {rng.choice(extras)}")
        if len(kinds) > 6:
            choices = [f"ALTER TABLE shape DROP COLUMN {some}"]
        statement = rng.choice(choices)
        cursor.execute(statement)
        if statement.startswith("CREATE"):
            cursor.execute(f"INSERT INTO {extra} VALUES (1, {number}), (2, NULL)")


def check_commit(rows):
    """`rows` of WATCHED as of one position. Raises AssertionError with what is lost, doubled or torn."""
    n = rows["counter"][0][0] if rows["counter"] else None
    assert n is not None and len(rows["counter"]) == 1, f"counter holds {rows['counter']}, expected one row"
    moves = rows["ledger"]
    seen = sorted(row[0] for row in moves)
    if seen != list(range(1, n + 1)):
        doubled = sorted({a for a, b in zip(seen, seen[1:]) if a == b})
        lost = sorted(set(range(1, n + 1)) - set(seen))
        early = [a for a in seen if a > n]
        raise AssertionError(
            f"the counter is at {n}, ledger has {len(seen)} rows: lost {lost[:5]} ({len(lost)}),"
            f" doubled {doubled[:5]} ({len(doubled)}), too early {early[:5]} ({len(early)})"
        )
    balance = {i: START_BALANCE for i in range(1, ACCOUNTS + 1)}
    count = dict.fromkeys(balance, 0)
    for _, payer, payee, amount in moves:
        balance[payer] -= amount
        balance[payee] += amount
        count[payer] += 1
        count[payee] += 1
    wanted = sorted((i, balance[i], count[i]) for i in balance)
    got = sorted(rows["account"])
    assert got == wanted, (
        f"accounts do not follow from the ledger at {n}: {[p for p in zip(got, wanted) if p[0] != p[1]][:3]} "
        f"(sum {sum(r[1] for r in got)}, {len(got)} rows)"
    )
    visits = sorted(row[0] for row in rows["visit"])
    assert visits == list(range(max(1, n - VISITS + 1), n + 1)), (
        f"visit holds {len(visits)} rows, {visits[:2]}…{visits[-2:]}, at counter {n}"
    )
