# SPDX-License-Identifier: Apache-2.0
"""The proxy that the tests cut lines with does what they ask of it, also when connections meet."""

import proxy


class Link:
    """A socket that gives `data` once; `meanwhile` runs while the other side's bytes are sent on by it."""

    def __init__(self, data=b"", meanwhile=None):
        self.data, self.meanwhile = data, meanwhile
        self.sent = b""

    def recv(self, _):
        data, self.data = self.data, b""
        return data

    def sendall(self, data):
        self.sent += data
        if self.meanwhile:
            self.meanwhile()

    def shutdown(self, _):
        pass

    def close(self):
        pass


def test_two_connections_that_reach_the_cut_together(_):
    line = proxy.Proxy(1)
    line.off()
    line.cut_after = 10
    second = Link()
    first = Link(meanwhile=lambda: line._pump(Link(b"y" * 100), second, True))
    line._pump(Link(b"x" * 100), first, True)
    assert (line.cuts, first.sent, second.sent) == (1, b"x" * 10, b"y" * 100), (line.cuts, first.sent, second.sent)
    assert line.bytes_down == 100, line.bytes_down


def test_a_hold_that_ends_stays_ended(_):
    line = proxy.Proxy(1)
    line.off()
    line.hold_after = 0
    line._hold_when_due()
    assert line.hold.is_set()
    line.release()
    line._hold_when_due()
    assert not line.hold.is_set()
