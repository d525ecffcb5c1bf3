# SPDX-License-Identifier: Apache-2.0
"""Plays a sample: play.py sharded-customers | schema-evolution

A private MariaDB, `sluice run samples/NAME/to-paimon.yaml --until caught-up` after each step of the sample, the tables
as `sluice read` prints them, and pypaimon's word that it reads the same rows. Ends by itself; the tables stay in
build/samples/NAME/lake.
"""

import argparse
import os
import shutil
import signal
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))

import lake as lake_module  # noqa: E402
import mariadb  # noqa: E402
import paimon_lake  # noqa: E402
import processes  # noqa: E402
import samples  # noqa: E402
import sluice  # noqa: E402


def say(text=""):
    print(text, flush=True)


def run(folder, *args, env=None) -> str:
    result = sluice.Job(args, folder, args[0], env).wait()
    if result.code:
        raise RuntimeError(f"sluice {' '.join(args)}:\n{result.err}")
    return result.out


def start_server(folder):
    """A fresh server on a free port of loopback. sharded-customers makes its own user."""
    server = mariadb.MariaDb(folder, mariadb.make_template(os.path.join(ROOT, ".deps", "mariadb-template"))).start()
    server.execute("SET sql_log_bin = 0; DROP USER 'flow'@'%'")
    return server


def show(folder, lake):
    """Prints every table; what pypaimon reads must be the same."""
    for table in lake.tables():
        say(f"  build/sluice read {os.path.relpath(lake.folder(table))}")
        say("    " + run(folder, "read", lake.folder(table)).rstrip().replace("\n", "\n    "))
        ours = lake.rows_of_jsonl(table, run(folder, "read", lake.folder(table), "--format", "jsonl"))
        names, rows = lake.rows(table)
        if text := lake_module.first_differences(names, rows, *ours):
            raise RuntimeError(f"{table}: pypaimon (source) and sluice read (lake) differ: {text}")
        say(f"    pypaimon reads the same: {len(rows)}")


def play(name):
    folder = os.path.join(ROOT, "build", "samples", name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    server, reader = start_server(os.path.join(folder, "mariadb")), paimon_lake.PyPaimon(folder)
    lake = paimon_lake.PaimonLake(os.path.join(folder, "lake"), reader)
    pipeline = samples.path(name, "to-paimon.yaml")
    env = samples.environment(server.port, lake.warehouse)
    try:
        if name == "schema-evolution":
            server.execute("SET sql_log_bin = 0; CREATE USER 'flow'@'%' IDENTIFIED BY 'flow-secret'; " + mariadb.GRANT)
        for title, sql in samples.steps(name):
            say(f"▸ {title}")
            say("    " + sql.strip().replace("\n", "\n    "))
            server.execute(sql)
            state = os.path.join(folder, "state")
            say("  " + run(folder, "run", pipeline, "--state", state, "--until", "caught-up", env=env).strip())
            show(folder, lake)
    finally:
        reader.close()
        processes.end_all()
        server.close()
        shutil.rmtree(os.path.join(folder, "mariadb"), ignore_errors=True)
    say(f"the tables stay in {os.path.relpath(lake.warehouse)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=samples.NAMES)
    name = parser.parse_args().name
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not os.path.exists(sluice.BINARY):
        sys.exit("error: build/sluice does not exist; hint: run make")
    if missing := paimon_lake.PyPaimon.missing():
        sys.exit(f"error: {missing}")
    try:
        play(name)
    except KeyboardInterrupt:
        say("\nstopped")
    except (AssertionError, RuntimeError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
