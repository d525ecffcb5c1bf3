# SPDX-License-Identifier: Apache-2.0
"""What a seed chooses besides tables and statements: settings of the server, the pipeline and the run."""

import dataclasses
import random

from zones import NAMED_ZONES

# Histories that are not followed; each becomes a default when it is.
SWITCHES = {
    "cascade": "foreign keys with ON DELETE CASCADE, which the log does not show",
    "rename-away": "RENAME TABLE to a name that is not replicated",
    "latin1-client": "DDL of sessions whose character set is not UTF-8, with names that are not ASCII",
}


@dataclasses.dataclass
class Options:
    """One seed's choices; `server` are global variables that need no restart."""

    server: dict
    behavior: str
    chunk_size: int
    parallelism: int
    interval: int  # milliseconds
    writers: int
    zone: str
    client: str  # the writers' character set, as PyMySQL names it
    restarts: int
    kill_in_copy: bool
    holds: int  # times that the copy stands still until the writers have done some steps
    ddl_in_copy: bool
    xa: bool  # XA transactions whose PREPARE and COMMIT stand apart in the log
    server_restart: bool
    large: str  # one transaction with more rows, or more bytes, than the stream keeps: it is flushed inside
    ending: str  # what stops the job at last: a session with this row image, a key of this type
    tiny_as_boolean: bool
    steps: int
    switches: tuple
    keyed: bool = False  # every table has a key: the sink's choice
    form: str = ""  # iceberg, avro or orc, which cannot hold all columns: the sink's choice
    engines: tuple = ()  # of the tables of engine_tables.py those that are there: the sink's choice

    def text(self) -> str:
        return ", ".join(f"{k}={v}" for k, v in dataclasses.asdict(self).items())


def choose(rng: random.Random, steps: int, switches) -> Options:
    return Options(
        server={
            "binlog_row_metadata": rng.choice(["NO_LOG", "MINIMAL", "FULL"]),
            "log_bin_compress": rng.choice(["OFF", "OFF", "ON"]),
            "binlog_checksum": rng.choice(["NONE", "CRC32"]),
            "time_zone": rng.choice(["+00:00", "-03:30", "+05:45", *NAMED_ZONES]),
            "binlog_alter_two_phase": rng.choice(["OFF", "OFF", "OFF", "ON"]),
            "character_set_server": rng.choice(["utf8mb4", "latin1", "utf8mb3"]),
            "binlog_annotate_row_events": rng.choice(["ON", "OFF"]),
        },
        behavior=rng.choices(["evolve", "try_evolve", "lenient"], [70, 15, 15])[0],
        chunk_size=rng.choice([3, 7, 50, 500]),
        parallelism=rng.randint(1, 4),
        interval=rng.choice([10, 20, 60, 150]),
        writers=rng.randint(1, 4),
        zone=rng.choice(["+00:00", "+00:00", "+09:00", "-11:00", *NAMED_ZONES]),
        client=rng.choice(["utf8mb4", "utf8mb4", "utf8mb3", "latin1" if "latin1-client" in switches else "utf8mb4"]),
        restarts=rng.choice([0, 0, 1, 2]),
        kill_in_copy=rng.random() < 0.3,
        holds=rng.choice([0, 1, 2, 4]),
        ddl_in_copy=rng.random() < 0.6,
        xa=rng.random() < 0.6,
        server_restart=rng.random() < 0.1,
        large=rng.choices(["", "rows", "bytes"], [95, 3, 2])[0],
        ending=rng.choices(["", "MINIMAL", "NOBLOB", "FLOAT", "DOUBLE", "SET('1','2')"], [75, 8, 8, 3, 3, 3])[0],
        tiny_as_boolean=rng.random() < 0.8,
        steps=steps,
        switches=tuple(switches),
    )
