# SPDX-License-Identifier: Apache-2.0
"""What the page of `make compare` says about its method: Flink's configuration, and which rules of measuring it leaves
out or keeps in another way, with the reason."""

import measure

# Settings of the cluster that are neither tuning nor places and ports.
SIZES = (
    "jobmanager.memory.process.size",
    "taskmanager.memory.process.size",
    "taskmanager.numberOfTaskSlots",
    "parallelism.default",
    "execution.checkpointing.interval",
    "metrics.fetcher.update-interval",
)
PINNED = (
    "CPU pinning: the server has one core, all else another, by `PIN=1`; the JVMs see one processor.",
    "CPU pinning: left out, server and pipeline share all cores, as on a small machine; `PIN=1` gives the server one"
    " core and all else another.",
)
RULES = (
    "Memory limits by cgroup: left out, a user of a container may not make one. Flink's JVMs are bounded by their own"
    " sizes, sluice by nothing; the peaks are in the table.",
    "A cold page cache before each copy: the server is restarted with an empty buffer pool, and its files are dropped"
    " from the cache. Dropping all of the cache needs root, and would meet whatever else the machine does. A log is"
    " read from the cache, as one that was just written.",
    "Not to measure on a busy machine: a run is made again, {tries} times in all, while others take more than"
    " {others:.0%} or the CPU loop is slower than {slower} times its best; the least disturbed one counts, and is"
    " marked if it stayed so.",
    "Five repetitions: {repeats} here; `REPEATS` sets them.",
    "A warm-up of 60 s for JVMs: the warm run follows a whole run of the same job in the same JVMs instead.",
    "CPU by cgroup: of `/proc/PID/stat` of each process instead. Flink's SQL gateway, which submits, is left out, in"
    " Flink's favour.",
    "Latency at a paced rate, and a catalog whose commits take 300 ms: other measurements, not made here.",
)


def pairs(values) -> str:
    return ", ".join(f"`{key}` {value}" for key, value in values.items())


def text(tuned, settings, sink, repeats, pinned) -> list[str]:
    """Lines of Markdown. `tuned`: keys of the cluster and the source that were set because manuals advise it."""
    figures = {
        "tries": measure.QuietMachine.TRIES,
        "others": measure.OTHERS_MAX,
        "slower": measure.LOOP_SLOWER,
        "repeats": repeats,
    }
    return [
        "## Flink's configuration",
        "",
        f"* tuned as its manuals and those of its CDC connector advise: {pairs(tuned)}",
        f"* sizes and intervals: {pairs({key: settings[key] for key in SIZES if key in settings})}",
        f"* of the sink: {pairs(sink)}",
        "* all other keys have their defaults, but for addresses, ports, folders and Java's module options",
        "",
        "## Rules of measuring that are left out, or kept in another way",
        "",
        f"* {PINNED[0 if pinned else 1]}",
        *[f"* {rule.format(**figures)}" for rule in RULES],
        "",
    ]
