# SPDX-License-Identifier: Apache-2.0
"""What a seed chooses besides tables and statements: settings of the server, the pipeline and the run."""

import dataclasses
import random

# Histories that are not followed yet; each becomes a default when it is.
SWITCHES = {
    "xa": "XA transactions whose PREPARE and COMMIT stand apart in the log",
    "ddl-in-copy": "ALTER, TRUNCATE, DROP and RENAME while the copy runs",
    "cascade": "foreign keys with ON DELETE CASCADE, which the log does not show",
}


@dataclasses.dataclass
class Options:
    """One seed's choices; `server` are global variables that need no restart."""

    server: dict
    behavior: str
    chunk_size: int
    parallelism: int
    interval: str
    writers: int
    zone: str
    restarts: int
    kill_in_copy: bool
    partial_image: bool
    tiny_as_boolean: bool
    steps: int
    switches: tuple

    def text(self) -> str:
        return ", ".join(f"{k}={v}" for k, v in dataclasses.asdict(self).items())


def choose(rng: random.Random, steps: int, switches) -> Options:
    return Options(
        server={
            "binlog_row_metadata": rng.choice(["NO_LOG", "MINIMAL", "FULL"]),
            "log_bin_compress": rng.choice(["OFF", "OFF", "ON"]),
            "binlog_checksum": rng.choice(["NONE", "CRC32"]),
            "time_zone": rng.choice(["+00:00", "-03:30", "+05:45"]),
            "binlog_alter_two_phase": "OFF",
            "character_set_server": rng.choice(["utf8mb4", "latin1", "utf8mb3"]),
            "binlog_annotate_row_events": rng.choice(["ON", "OFF"]),
        },
        behavior=rng.choices(["evolve", "try_evolve", "lenient"], [70, 15, 15])[0],
        chunk_size=rng.choice([3, 7, 50, 500]),
        parallelism=rng.randint(1, 4),
        interval=f"{rng.choice([20, 20, 60, 200])}ms",
        writers=rng.randint(1, 4),
        zone=rng.choice(["+00:00", "+00:00", "+09:00", "-11:00"]),
        restarts=rng.choice([0, 0, 1, 2]),
        kill_in_copy=rng.random() < 0.3,
        partial_image=rng.random() < 0.1,
        tiny_as_boolean=rng.random() < 0.8,
        steps=steps,
        switches=tuple(switches),
    )
