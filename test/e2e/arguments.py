# SPDX-License-Identifier: Apache-2.0
"""Parameters of the test programs and benchmarks. A wrong one ends the program with one line and code 2, before
anything is started."""

import argparse
import math
import os
import sys


def refuse(text):
    print(f"error: {text}", file=sys.stderr, flush=True)
    sys.exit(2)


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong; a program's head is its help."""

    def __init__(self, description, **options):
        super().__init__(description=description, formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message):
        refuse(message)


def whole(least):
    """The type of an argument: a whole number from `least` on."""

    def parse(text) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < least:
            raise argparse.ArgumentTypeError(f"{text} is no whole number from {least} on")
        return value

    return parse


def positive(text) -> float:
    """The type of an argument: a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return value


def number(name, default, least=0) -> int:
    """A whole number that the environment may set."""
    try:
        return whole(least)(os.environ.get(name, str(default)))
    except argparse.ArgumentTypeError as error:
        refuse(f"{name}: {error}")


def words(name, default, known) -> list[str]:
    """Words that the environment may set: at least one, all of them known."""
    found = os.environ.get(name, default).split()
    unknown = [word for word in found if word not in known]
    if unknown or not found:
        refuse(f"{name}: there is no {' or '.join(unknown) or 'word'}; known: {', '.join(known)}")
    return found
