# SPDX-License-Identifier: Apache-2.0
"""Named time zones for a server; a fresh data folder has none."""

import subprocess

import mariadb

FOLDER = "/usr/share/zoneinfo"
NAMED_ZONES = ("Europe/Berlin", "America/New_York")  # loaded into the servers


def load(server: mariadb.MariaDb):
    """Once for each data folder; not into the log."""
    if server.execute("SELECT COUNT(*) FROM mysql.time_zone_name")[0][0]:
        return
    for zone in NAMED_ZONES:
        text = subprocess.run(
            [mariadb.find("mariadb-tzinfo-to-sql"), f"{FOLDER}/{zone}", zone],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        rows = text[text.index("INSERT INTO time_zone") :].split("UNLOCK")[0]
        server.execute("SET sql_log_bin = 0; " + rows, "mysql")
