# SPDX-License-Identifier: Apache-2.0
"""What a user sees who plays the samples."""

import os
import subprocess
import sys

import processes
import samples

SECONDS = 120


def played(name) -> str:
    command = [sys.executable, os.path.join(samples.FOLDER, "play.py"), name]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SECONDS * processes.PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_sharded_customers_are_played(ctx):
    ctx.shared.pypaimon()
    text = played("sharded-customers")
    assert text.count("pypaimon reads the same: 3") == 2, text
    assert "Mombasa" in text.split("▸ changes.sql")[1].split("build/sluice read")[1], text


def test_schema_evolution_is_played(ctx):
    ctx.shared.pypaimon()
    text = played("schema-evolution")
    assert text.count("▸ step ") == 10 and text.count("pypaimon reads the same") == 13, text
    assert "12345678901234.56" in text.split("▸ step 9")[1].split("build/sluice read")[1], text
