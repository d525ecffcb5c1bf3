#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints "PASSED FAILED" of a GoogleTest JSON report; names the skipped tests on stderr."""
import json
import sys


def counts(report):
    """(passed, failed, names of skipped)."""
    passed, failed, skipped = 0, 0, []
    for suite in report["testsuites"]:
        for test in suite["testsuite"]:
            name = f"{suite['name']}.{test['name']}"
            if test.get("failures"):
                failed += 1
            elif test["result"] == "COMPLETED":
                passed += 1
            else:
                skipped.append(name)
    return passed, failed, skipped


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        passed, failed, skipped = counts(json.load(file))
    for name in skipped:
        print(f"skipped: {name}", file=sys.stderr)
    print(passed, failed)


if __name__ == "__main__":
    main()
