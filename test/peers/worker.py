# SPDX-License-Identifier: Apache-2.0
"""The loop of an engine's worker: requests as JSON lines on standard input, answers as JSON lines on standard output.

A worker runs in the engine's own Python environment and may use the standard library, that environment and
test/e2e/canonical.py. A request names a method of the engine in "do" and its arguments; the answer is {"ok": result} or
{"error": text}. What the engine itself prints goes to standard error.
"""

import json
import os
import sys
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

ERROR_CHARACTERS_MAX = 4000


def literal(value, kind: str) -> str:
    """A literal of standard SQL."""
    if value is None:
        return "NULL"
    if kind in ("date", "timestamp"):
        return f"{kind.upper()} '{value}'"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def predicate(where, quote='"') -> str:
    """[column, operator, value, kind of value] as SQL."""
    column, operator, value, kind = where
    return f"{quote}{column}{quote} {operator} {literal(value, kind)}"


def serve(engine):
    """Answers until standard input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": getattr(engine, request.pop("do"))(**request)}
        except Exception as error:  # pylint: disable=broad-except
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {str(error).strip()}"[:ERROR_CHARACTERS_MAX]}
        out.write(json.dumps(answer, ensure_ascii=False) + "\n")
        out.flush()
