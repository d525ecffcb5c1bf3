# SPDX-License-Identifier: Apache-2.0
"""Shows the main job on live data.

A private MariaDB, `sluice run demo/shop.yaml`, changes while it runs, the lake equal to the source.

demo.py [--once]. Without a terminal, with CI set or with --once it ends by itself; else it runs until Ctrl-C.
"""

import argparse
import os
import shutil
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))

import canonical  # noqa: E402
import lake  # noqa: E402
import mariadb  # noqa: E402
import processes  # noqa: E402
import sluice  # noqa: E402

FOLDER = os.path.join(ROOT, "build", "demo")
TABLES = ("customers", "products", "orders")
USER, PASSWORD = "shop", "shop-demo"
BOLD, DIM, GREEN, PLAIN = ("\033[1m", "\033[2m", "\033[32m", "\033[0m") if sys.stdout.isatty() else ("",) * 4


def say(text=""):
    print(text, flush=True)


def step(text):
    say(f"{BOLD}▸ {text}{PLAIN}")


def done(text):
    say(f"  {GREEN}✓{PLAIN} {text}")


def script(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def start_server():
    """A fresh server in build/demo with the shop in it."""
    template = mariadb.make_template(os.path.join(ROOT, ".deps", "mariadb-template"))
    server = mariadb.MariaDb(os.path.join(FOLDER, "mariadb"), template).start()
    server.execute(
        f"SET sql_log_bin = 0; CREATE DATABASE shop; CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}';"
        f"GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {USER}@'%'; GRANT ALL ON shop.* TO {USER}@'%'"
    )
    server.execute(script("shop.sql"), "shop")
    return server


def wait_equal(server, warehouse, job):
    """Polls until every table of the lake has exactly the source's rows; gives their number."""
    last = [""]

    def equal():
        try:
            for table in TABLES:
                lake.compare(server, warehouse, f"shop.{table}", f"lake.shop_{table}")
            return True
        except (AssertionError, OSError) as error:
            last[0] = str(error)
        if not job.running():
            raise AssertionError(f"sluice ended:\n{job.tail()}")
        return False

    try:
        processes.wait_until(equal, "lake equal to the shop", 60, 0.1)
    except processes.Timeout:
        raise AssertionError(f"the lake does not become equal to the shop: {last[0]}\n{job.tail()}") from None
    return sum(warehouse.count(f"lake.shop_{table}") for table in TABLES)


def apply_changes(server, warehouse, job):
    for part in script("changes.sql").split("\n-- * ")[1:]:
        title, sql = part.split("\n", 1)
        began = time.monotonic()
        server.execute(sql, "shop")
        rows = wait_equal(server, warehouse, job)
        done(f"{title:42} lake equal again after {time.monotonic() - began:4.1f} s, {rows:,} rows")


def show(server, warehouse):
    """The newest orders, from both sides."""
    table = "lake.shop_orders"
    with server.connect("shop", text=True) as db:
        names, source = newest_orders(db)
    lake_names, rows = warehouse.rows(table)
    assert names == lake_names
    newest = sorted(rows, key=lambda row: int(row[0]))[-4:]
    for title, some in (("MariaDB shop.orders", source), ("Iceberg lake.shop_orders (read by PyIceberg)", newest)):
        say(f"  {DIM}{title}{PLAIN}")
        widths = [max(len(n), *(len(str(r[i])) for r in some)) for i, n in enumerate(names)]
        say("    " + "  ".join(n.ljust(w) for n, w in zip(names, widths)))
        for row in some:
            say("    " + "  ".join(("NULL" if v is None else v).ljust(w) for v, w in zip(row, widths)))


def newest_orders(db):

    names, rows = canonical.source_rows(db, "shop.orders", where="ORDER BY id DESC LIMIT 4")
    return names, rows[::-1]


def play_on(server):
    lake_dir = os.path.relpath(os.path.join(FOLDER, "lake"))
    python = os.path.relpath(os.path.join(ROOT, ".deps", "venv", "bin", "python3"))
    binary = os.path.relpath(sluice.BINARY)
    client = f"mariadb --no-defaults -h 127.0.0.1 -P {server.port} -u {USER} -p{PASSWORD} shop"
    say(f"""
{BOLD}Play on{PLAIN} (from another terminal; Ctrl-C here stops sluice and the server)
  change   {client} -e "UPDATE customers SET city = 'Oslo' WHERE id = 1"
  read     {binary} read {lake_dir}/lake/shop_customers --where "id = 1"
  query    {python} demo/query.py {lake_dir}/lake/shop_orders""")


def run(once):
    os.makedirs(FOLDER, exist_ok=True)
    for name in ("mariadb", "lake", "state"):
        shutil.rmtree(os.path.join(FOLDER, name), ignore_errors=True)
    step("a private MariaDB with a small shop (build/demo, loopback only)")
    server = start_server()
    try:
        done(f"127.0.0.1:{server.port}, 22,200 rows in 3 tables")
        step("build/sluice run demo/shop.yaml")
        warehouse = lake.Lake(os.path.join(FOLDER, "lake"))
        env = {
            "SHOP_PORT": str(server.port),
            "SHOP_USER": USER,
            "SHOP_PASSWORD": PASSWORD,
            "SHOP_LAKE": warehouse.warehouse,
        }
        began = time.monotonic()
        job = sluice.Job(
            [
                "run",
                os.path.join(HERE, "shop.yaml"),
                "--state",
                os.path.join(FOLDER, "state"),
                "-D",
                "execution.checkpointing.interval=500ms",
            ],
            FOLDER,
            "sluice",
            env,
        )
        rows = wait_equal(server, warehouse, job)
        done(f"{'snapshot':42} lake equal to the shop after {time.monotonic() - began:.1f} s, {rows:,} rows")
        step("changes while it runs (demo/changes.sql)")
        apply_changes(server, warehouse, job)
        step("the newest orders on both sides")
        show(server, warehouse)
        if not once:
            play_on(server)
            while job.running():
                time.sleep(0.2)  # tidy: poll
            raise AssertionError(f"sluice ended:\n{job.tail()}")
        result = job.terminate(5)
        say(result.out.strip() or result.err.strip().splitlines()[-1])
        done(
            f"stopped; the tables stay in {os.path.relpath(warehouse.warehouse)}: build/sluice read"
            " build/demo/lake/lake/shop_orders --limit 5"
        )
    finally:
        processes.end_all()
        server.close()
        shutil.rmtree(os.path.join(FOLDER, "mariadb"), ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the last step")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not os.path.exists(sluice.BINARY):
        sys.exit("error: build/sluice does not exist; hint: run make")
    try:
        run(args.once or not sys.stdin.isatty() or not sys.stdout.isatty() or bool(os.environ.get("CI")))
    except KeyboardInterrupt:
        say("\nstopped")
    except (AssertionError, RuntimeError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
