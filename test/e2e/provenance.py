# SPDX-License-Identifier: Apache-2.0
"""What a result page says about where its figures come from: the machine and the commit."""

import os
import platform
import subprocess

import processes


def _run(*command) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=processes.root_dir())
    return done.stdout.strip()


def machine() -> str:
    """Processor, cores, memory, kernel, load."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) / 1024 / 1024
    load = "/".join(f"{v:.1f}" for v in os.getloadavg())
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release()}; load at the end {load}"


def commit() -> str:
    """The commit's short name, "with changes" if the program's sources differ from it."""
    name = _run("git", "rev-parse", "--short", "HEAD") or "not committed yet"
    changed = _run("git", "status", "--porcelain", "--", "src", "cmake", "CMakeLists.txt")
    return name + " with changes" if changed else name


def given_sizes(names) -> str:
    """The environment that was given of these names, as it stands before a command."""
    return "".join(f"{name}={os.environ[name]} " for name in names if name in os.environ)
