# SPDX-License-Identifier: Apache-2.0
"""The tables and the log of the benchmark: the same bytes at every run.

sysbench shape: BIGINT key, INT, CHAR(120), CHAR(60). TPC-H lineitem: 16 columns, key (order, line), its value ranges.
The log: CHANGES row changes, 100 to a transaction: 50 % update, 25 % insert, 25 % delete.
"""

import zlib

SBTEST = """CREATE TABLE sbtest (id BIGINT NOT NULL PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL,
  pad CHAR(60) NOT NULL)
CHARACTER SET latin1"""
SBTEST_ROW = (
    "seq, CRC32(seq) % 1000000, CONCAT(SHA2(seq, 256), LEFT(SHA2(-seq, 256), 55)), LEFT(SHA2(seq + 0.5, 256), 59)"
)

LINEITEM = """CREATE TABLE lineitem (
  l_orderkey BIGINT NOT NULL, l_partkey INT NOT NULL, l_suppkey INT NOT NULL, l_linenumber INT NOT NULL,
  l_quantity DECIMAL(12,2) NOT NULL, l_extendedprice DECIMAL(12,2) NOT NULL, l_discount DECIMAL(12,2) NOT NULL,
  l_tax DECIMAL(12,2) NOT NULL, l_returnflag CHAR(1) NOT NULL, l_linestatus CHAR(1) NOT NULL, l_shipdate DATE NOT NULL,
  l_commitdate DATE NOT NULL, l_receiptdate DATE NOT NULL, l_shipinstruct CHAR(25) NOT NULL,
  l_shipmode CHAR(10) NOT NULL,
  l_comment VARCHAR(44) NOT NULL, PRIMARY KEY (l_orderkey, l_linenumber)) CHARACTER SET latin1"""
# Four lines to an order. r() stands for a number that CRC32 makes of the row and the column.
LINEITEM_ROW = """(seq - 1) DIV 4 + 1, CRC32(CONCAT(seq, 'p')) % 200000 + 1, CRC32(CONCAT(seq,
  's')) % 10000 + 1, (seq - 1) % 4 + 1,
  CRC32(CONCAT(seq, 'q')) % 50 + 1, (CRC32(CONCAT(seq, 'e')) % 9500000 + 90000) / 100, CRC32(CONCAT(seq,
  'd')) % 11 / 100,
  CRC32(CONCAT(seq, 't')) % 9 / 100, ELT(CRC32(CONCAT(seq, 'r')) % 3 + 1, 'A', 'N', 'R'), ELT(CRC32(CONCAT(seq,
  'l')) % 2 + 1, 'F', 'O'),
  DATE_ADD('1992-01-02', INTERVAL CRC32(CONCAT(seq, 'a')) % 2500 DAY), DATE_ADD('1992-01-31',
  INTERVAL CRC32(CONCAT(seq, 'b')) % 2460 DAY),
  DATE_ADD('1992-01-04', INTERVAL CRC32(CONCAT(seq, 'c')) % 2520 DAY),
  ELT(CRC32(CONCAT(seq, 'i')) % 4 + 1, 'DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'),
  ELT(CRC32(CONCAT(seq, 'm')) % 7 + 1, 'REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'),
  LEFT(CONCAT(ELT(CRC32(CONCAT(seq, 'w')) % 6 + 1, 'furiously ', 'carefully ', 'blithely ', 'quickly ',
  'slyly ', 'express '),
    ELT(CRC32(CONCAT(seq, 'x')) % 6 + 1, 'final deposits ', 'regular foxes ', 'even packages ',
    'ironic ideas ', 'pending accounts ', 'bold requests '),
    ELT(CRC32(CONCAT(seq, 'y')) % 5 + 1, 'sleep', 'nag along the', 'wake above', 'haggle', 'detect'),
    SUBSTRING(MD5(seq), 1, CRC32(CONCAT(seq, 'z')) % 12)), 43)"""


class Workload:
    """One table: how to fill it, and the log of changes on it."""

    def __init__(self, name, create, row, update, by_number, number):
        self.name, self.create, self.row, self.update, self.by_number = name, create, row, update, by_number
        self.number = number  # SQL: the number of a row, from its key

    def load(self, rows: int) -> str:
        return (
            f"SET sql_log_bin = 0; {self.create}; INSERT INTO {self.name} SELECT {self.row} FROM seq_1_to_{rows};"
            f" ANALYZE TABLE {self.name}"
        )

    @staticmethod
    def updated(rows: int, changes: int):
        """The numbers of the ten rows of each UPDATE of the log, in its order. No other statement touches them."""
        places, draw = rows // 4 * 3, 0
        for _ in range(changes // 100 * 5):
            numbers = set()
            while len(numbers) < 10:
                pick = zlib.crc32(b"%d" % draw) % places
                draw += 1
                numbers.add(pick // 3 * 4 + pick % 3 + 1)
            yield numbers

    def changes(self, rows: int, changes: int):
        """The statements of each transaction. Deletes take every fourth row in a scattered order, updates
        hit the others."""
        quarter, updated, deleted, inserted = rows // 4, self.updated(rows, changes), 0, 0
        for transaction in range(changes // 100):
            statements = []
            for _ in range(5):
                numbers = next(updated)
                statements.append(
                    f"UPDATE {self.name} SET {self.update.format(t=transaction)} WHERE"
                    f" {self.by_number(sorted(numbers))}"
                )
                first = rows + inserted + 1
                inserted += 5
                statements.append(f"INSERT INTO {self.name} SELECT {self.row} FROM seq_{first}_to_{first + 4}")
                gone = [((deleted + j) * 7919 % quarter + 1) * 4 for j in range(5)]
                deleted += 5
                statements.append(f"DELETE FROM {self.name} WHERE {self.by_number(gone)}")
            yield statements


def _by_id(numbers):
    return f"id IN ({','.join(map(str, numbers))})"


def _by_order_and_line(numbers):
    keys = ",".join(f"({(n - 1) // 4 + 1},{(n - 1) % 4 + 1})" for n in numbers)
    return f"(l_orderkey, l_linenumber) IN ({keys})"


WORKLOADS = {
    "sbtest": Workload(
        "sbtest",
        SBTEST,
        SBTEST_ROW,
        "k = k + 1, c = CONCAT(SHA2(CONCAT(id, {t}), 256), LEFT(SHA2(CONCAT({t}, id), 256), 55))",
        _by_id,
        "id",
    ),
    "lineitem": Workload(
        "lineitem",
        LINEITEM,
        LINEITEM_ROW,
        "l_quantity = {t} % 50 + 1, l_extendedprice = l_extendedprice + 0.01, l_shipdate = '1997-07-07', l_comment ="
        " CONCAT('changed in ', {t})",
        _by_order_and_line,
        "(l_orderkey - 1) * 4 + l_linenumber",
    ),
}
