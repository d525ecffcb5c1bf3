# SPDX-License-Identifier: Apache-2.0
"""A program on a pseudo-terminal, and what its screen shows."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time

import processes
import sluice

ESCAPE = re.compile(r"\x1b\[(\d*)([A-Za-z])")


class Screen:
    """Rows of a terminal that scrolls, wraps, and wraps anew when its width changes, as most do. Knows the sequences
    that sluice sends: cursor up, erase the line, erase to the end of the screen."""

    def __init__(self, columns, rows):
        self.columns, self.height = columns, rows
        self.rows, self.goes_on = [""], [False]  # goes_on: the row continues the one above
        self.row = self.column = 0

    def feed(self, text):
        at = 0
        while at < len(text):
            escape = ESCAPE.match(text, at)
            if escape:
                self._escape(escape[2], int(escape[1] or (1 if escape[2] == "A" else 0)))
                at = escape.end()
                continue
            assert text[at] != "\x1b", f"an unknown sequence: {text[at:at + 20]!r}"
            self._put(text[at])
            at += 1

    def _put(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self._down(False)
        else:
            if self.column == self.columns:
                self.column = 0
                self._down(True)
            row = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = row[: self.column] + char + row[self.column + 1 :]
            self.column += 1

    def _down(self, goes_on):
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append("")
            self.goes_on.append(goes_on)

    def _escape(self, letter, number):
        if letter == "A":
            self.row = max(self.row - number, len(self.rows) - self.height, 0)
        elif letter == "K":
            self.rows[self.row] = ""
        elif letter == "J":
            self.rows[self.row] = self.rows[self.row][: self.column]
            del self.rows[self.row + 1 :], self.goes_on[self.row + 1 :]
        else:
            raise AssertionError(f"an unknown sequence: {letter}")

    def resize(self, columns):
        """The cursor is at the start of the last row."""
        whole = []
        for row, goes_on in zip(self.rows, self.goes_on):
            whole[len(whole) - 1 :] = [whole[-1] + row] if goes_on else [*whole[-1:], row]
        self.columns, self.rows, self.goes_on = columns, [], []
        for line in whole:
            for start in range(0, max(len(line), 1), columns):
                self.rows.append(line[start : start + columns])
                self.goes_on.append(start > 0)
        self.row, self.column = len(self.rows) - 1, 0

    def count(self, text):
        return sum(row.count(text) for row in self.rows)


class Terminal:
    """Runs sluice with stderr on a pseudo-terminal of this size."""

    def __init__(self, args, columns=80, rows=24):
        self.screen, self.draws, self.raw = Screen(columns, rows), 0, ""
        self._lock = threading.Lock()
        self._master, slave = pty.openpty()
        self._set_size(columns, rows)
        self.process = processes.start(
            [sluice.BINARY, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave,
            env={**os.environ, "TERM": "xterm"},
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _set_size(self, columns, rows):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns):
        with self._lock:
            self._set_size(columns, self.screen.height)
            self.screen.resize(columns)

    def _read(self):
        pending = b""
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the program has ended
                return
            if not data:
                return
            # A sequence or a character may be cut in two: up to the last line end everything is whole.
            pending += data
            whole = pending.rfind(b"\n") + 1
            with self._lock:
                text = pending[:whole].decode("utf-8")
                pending = pending[whole:]
                self.raw += text
                self.draws += text.count("\x1b[") > 0
                self.screen.feed(text)

    def wait(self, condition, what, seconds=30.0):
        """Until `condition(self)` holds between two draws."""

        def holds():
            with self._lock:
                return condition(self)

        try:
            return processes.wait_until(holds, what, seconds)
        except processes.Timeout as error:
            shown = "\n".join(self.screen.rows[-30:])
            raise processes.Timeout(f"{error}; the screen:\n{shown}") from None

    def more_draws(self, count, seconds=30.0):
        begin = self.draws
        self.wait(lambda t: t.draws >= begin + count, f"{count} redraws", seconds)

    def end(self):
        began = time.monotonic()
        processes.end(self.process)
        self._reader.join(10)
        os.close(self._master)
        return time.monotonic() - began
