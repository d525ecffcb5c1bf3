#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Other engines read what sluice wrote, and sluice reads and continues what they wrote.

  test/peers/run.py [--pair NAME] [--engine NAME]... [-k WORD]... [--page FILE] [--keep]

One line per check: ok, FAIL or skip (with the reason), engine, check, what was compared. Engines run one at a time.
An engine that cannot be had is a failed check; SLUICE_PEERS_SKIP=trino,spark makes it a skip; a run in which no engine
checked anything has failed. The last line is N passed, N failed.
"""

import importlib
import os
import shutil
import signal
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "e2e")]

import arguments  # noqa: E402
import engines  # noqa: E402
import harness  # noqa: E402
import page  # noqa: E402
import pair_table  # noqa: E402
import pairs  # noqa: E402
import processes  # noqa: E402
import sluice  # noqa: E402

ERROR_LINES_MAX = 25


def matches(name, words) -> bool:
    return all(word in name or name in word for word in words)


class Bench:
    """One run over one pair: a server, a warehouse that all share, and the counts."""

    def __init__(self, pair, folder, words, keep):
        self.pair, self.folder, self.words, self.keep = pair, folder, words, keep
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.lines = []  # (engine, check, mark, note)
        self.shared = harness.Shared(os.path.join(folder, "shared"))
        self.warehouse = os.path.join(folder, "lake")
        self.engines = importlib.import_module(pair.engine_module)
        self.lake = self.engines.make_lake(self.warehouse, self.shared)
        self.engine = "-"
        self.compared = 0  # checks of engines that were made, their starts not counted
        self._contexts, self._open = 0, []

    def context(self, name) -> harness.Context:
        """A fresh folder for pipeline files and state; the warehouse is the common one."""
        self._contexts += 1
        ctx = self.engines.Context(self.shared, os.path.join(self.folder, f"{self._contexts:03}-{name}"))
        ctx.warehouse, ctx.lake = self.warehouse, self.lake
        self._open.append(ctx)
        return ctx

    def wanted(self, name) -> bool:
        return matches(name, self.words)

    def check(self, name, action):
        """Runs one check and prints its line. `action` is a function, or the reason why it is left out."""
        began = time.monotonic()
        if isinstance(action, str):
            return self._line("skip", name, began, action)
        try:
            note = action() or ""
            return self._line("ok", name, began, note if isinstance(note, str) else "")
        except harness.Skip as why:
            return self._line("skip", name, began, str(why))
        except engines.Missing as why:
            skip = self.engine in os.environ.get("SLUICE_PEERS_SKIP", "").split(",")
            return self._line("skip" if skip else "FAIL", name, began, str(why))
        except Exception as error:  # pylint: disable=broad-except
            plain = isinstance(error, AssertionError)
            text = str(error) if plain else "".join(traceback.format_exception(error)[-3:])
            return self._line("FAIL", name, began, "\n".join(text.splitlines()[:ERROR_LINES_MAX]))
        finally:
            for ctx in self._open:
                ctx.close()
            self._open.clear()

    def _line(self, mark, name, began, note):
        self.counts[{"ok": "passed", "FAIL": "failed", "skip": "skipped"}[mark]] += 1
        self.lines.append((self.engine, name, mark, note))
        note = note.replace("\n", "\n" + " " * 8)
        seconds = time.monotonic() - began
        print(f"{mark:4} {seconds:6.1f} s  {self.engine:9}  {name}{': ' + note if note else ''}", flush=True)
        return mark == "ok"

    def close(self):
        self.shared.close()
        processes.end_all()
        if not self.counts["failed"] and not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def run_engine(bench, modules, name):
    """Starts the engine, runs all its checks, ends it."""
    bench.engine = name
    engine = bench.engines.ENGINES[name](bench.lake, os.path.join(bench.folder, "engine-" + name))
    try:
        if not bench.check("start", lambda: engine.start() or engine.version):
            return
        for module in modules:
            for check, action in module.checks(bench, engine):
                full = full_name(module, check)
                if bench.wanted(full):
                    bench.check(full, action)
                    bench.compared += not isinstance(action, str)
    finally:
        engine.stop()
        bench.engine = "-"


def full_name(module, check) -> str:
    return f"{module.__name__.removeprefix('check_')}.{check}"


def parse():
    parser = arguments.Parser(__doc__)
    parser.add_argument("--pair", default=pair_table.DEFAULT, choices=sorted(pairs.PAIRS))
    parser.add_argument("--engine", action="append", help="only this one; may be given several times")
    parser.add_argument("-k", action="append", default=[], metavar="WORD", help="only checks whose name has all words")
    parser.add_argument("--page", help="write the results as a page of Markdown")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a run without failures too")
    parser.add_argument("--dir", default=os.path.join(processes.root_dir(), "build", "peers"), help="scratch folder")
    parser.add_argument("--list-pairs", action="store_true", help="print the pairs and end")
    args = parser.parse_args()
    pair = pairs.PAIRS[args.pair]
    args.engine = args.engine or list(pair.engines)
    unknown = [name for name in args.engine if name not in pair.engines]
    if unknown:
        parser.error(f"{args.pair} is not read by {', '.join(unknown)}, but by {', '.join(pair.engines)}")
    args.modules = [importlib.import_module(name) for name in pair.modules]
    names = {full_name(m, name) for m in args.modules for engine in args.engine for name in m.names(pair, engine)}
    if not any(matches(name, args.k) for name in names):
        parser.error(f"no check of {', '.join(args.engine)} matches {' '.join(args.k)}")
    if not os.path.exists(sluice.BINARY):
        sys.exit(f"error: {sluice.BINARY} does not exist; hint: run make, or set SLUICE to the program")
    return args


def main():
    args = parse()
    if args.list_pairs:
        print("\n".join(pairs.PAIRS))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(pairs.PAIRS[args.pair], os.path.join(args.dir, f"run-{os.getpid()}"), args.k, args.keep)
    modules = args.modules
    try:
        for module in modules:
            module.prepare(bench)
        for name in args.engine:
            run_engine(bench, modules, name)
            if args.page:  # after each, so that a run which is ended early has left something
                page.write(args.page, bench.lines)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        bench.counts["failed"] += 1
    finally:
        bench.close()
    if not bench.compared and not bench.counts["failed"]:
        print("FAIL no engine has checked anything")
        bench.counts["failed"] += 1
    print(f"{bench.counts['skipped']} skipped")
    print(f"{bench.counts['passed']} passed, {bench.counts['failed']} failed", flush=True)
    return 1 if bench.counts["failed"] or not bench.counts["passed"] else 0


if __name__ == "__main__":
    CODE = main()
    sys.stdout.flush()
    os._exit(CODE)
