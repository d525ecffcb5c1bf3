# SPDX-License-Identifier: Apache-2.0
"""XA transactions whose PREPARE and COMMIT stand apart: prepared by a connection that ends, decided by another."""

import pymysql

import processes

XAER_NOTA = 1397  # also as long as the server has not noticed that the connection is gone
XA_RBROLLBACK = 1402
TWO_PHASES_MAX = 2  # that one writer leaves open


class Prepared:
    """What one writer has prepared and not decided: [xid, whether it changed rows], oldest first.

    A branch that changed nothing is not in the log, and the server rolls it back when its connection ends; XA COMMIT
    then says XA_RBROLLBACK, and after a restart that nobody knows it.
    """

    def __init__(self, history):
        self._history, self._waiting = history, []

    def step(self, rng, dml):
        """Prepares one or decides one; more often the latter, since its locks are in the way of the other writers."""
        if self._waiting and (len(self._waiting) >= TWO_PHASES_MAX or rng.random() < 0.6):
            self.decide(rng)
            return
        xid, statements = dml.xa_prepared()
        with self._history.connect() as other, other.cursor() as cursor:
            changed = self._history.attempt(cursor, statements)
            if changed is not None:
                self._waiting.append((xid, changed > 0))

    @property
    def any(self) -> bool:
        return bool(self._waiting)

    def decide(self, rng):
        """XA COMMIT or XA ROLLBACK of the oldest by another connection."""
        xid, changed = self._waiting.pop(0)
        verb = rng.choice(["COMMIT", "COMMIT", "ROLLBACK"])
        with self._history.connect() as other, other.cursor() as cursor:

            def done():
                try:
                    cursor.execute(f"XA {verb} {xid}")
                    return True
                except pymysql.err.Error as error:
                    if error.args[0] == XA_RBROLLBACK and not changed:
                        return True
                    if error.args[0] != XAER_NOTA:
                        raise
                    return False

            known = processes.poll(done, 20 if changed else 1, 0.01)
            if changed and not known:
                raise AssertionError(f"the server does not know {xid}, which was prepared")
        self._history.note(f"XA {verb} {xid}")
