# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: a private server, pipeline files, state and lake folders."""

import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[1:1] = [  # after this folder
    os.path.join(ROOT, "test"),
    os.path.join(ROOT, "test", "e2e"),
    os.path.join(ROOT, "test", "peers"),
]

import harness  # noqa: E402
import measure  # noqa: E402
import processes  # noqa: E402

CHECKPOINT_INTERVAL = "10s"
SERVER_OPTIONS = {
    "innodb_buffer_pool_size": "2G",
    "innodb_log_file_size": "512M",
    "max_binlog_size": "1G",
    "innodb_flush_method": "O_DIRECT_NO_FSYNC",
    "innodb_buffer_pool_dump_at_shutdown": "OFF",  # restart_server() wants an empty pool
    "innodb_buffer_pool_load_at_startup": "OFF",
}


def say(text):
    print(text, flush=True)


class Testbed:
    """One MariaDB server and one folder, both gone after close()."""

    def __init__(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        self.folder = folder
        self.context = harness.Context(harness.Shared(folder), os.path.join(folder, "work"))
        self.server = self.context.new_server(**SERVER_OPTIONS)

    def restart_server(self):
        """The server has nothing in its memory, nor the machine of its files."""
        self.server.stop()
        measure.drop_cached(self.server.folder)
        self.server.start()

    def paths(self, lake):
        """(warehouse, state directory)."""
        warehouse = os.path.join(self.folder, lake)
        return warehouse, warehouse + ".state"

    def pipeline(self, database, name, lake, source=None, sink=None, pipeline=None):
        """Writes the pipeline file of one table; the context reads that lake from now on."""
        self.context.warehouse = self.context.lake.warehouse = self.paths(lake)[0]
        return self.context.pipeline(
            f"{database}.{name}",
            name=f"{lake}.yaml",
            server=self.server,
            source=source,
            sink=sink,
            pipeline=pipeline,
        )

    def args(self, path, lake):
        """Arguments of a run of sluice that ends when it has caught up."""
        return [
            "run",
            path,
            "--state",
            self.paths(lake)[1],
            "--until",
            "caught-up",
            "-D",
            f"execution.checkpointing.interval={CHECKPOINT_INTERVAL}",
        ]

    def clear(self, lake):
        for path in self.paths(lake):
            shutil.rmtree(path, ignore_errors=True)

    def load(self, workload, database, rows):
        """A table of so many rows that are not in the log."""
        say(f"  {workload.name}: loading {rows:,} rows into {database}")
        self.server.execute(f"CREATE DATABASE IF NOT EXISTS {database}")
        self.server.execute(workload.load(rows), database)

    def make_log(self, workload, database, rows, changes):
        """Makes the log of changes to that table; the position where it begins."""
        say(f"  {workload.name}: making a log of {changes:,} changes")
        self.server.execute("FLUSH BINARY LOGS")
        begin = self.server.position()
        with self.server.connect(database) as db, db.cursor() as cursor:
            for statements in workload.changes(rows, changes):
                cursor.execute("BEGIN")
                for statement in statements:
                    cursor.execute(statement)
                cursor.execute("COMMIT")
        return begin

    def close(self):
        self.context.close()
        processes.end_all()
        shutil.rmtree(self.folder, ignore_errors=True)


def from_position(begin):
    """The source's options that start a job at (file, offset)."""
    return {
        "scan.startup.mode": "specific-offset",
        "scan.startup.specific-offset.file": begin[0],
        "scan.startup.specific-offset.pos": begin[1],
    }
