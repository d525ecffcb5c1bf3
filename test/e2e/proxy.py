# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on loopback that can cut or reset its connections, hold or lose bytes, or be switched off."""

import socket
import struct
import threading

import processes


class Proxy:
    """Forwards to 127.0.0.1:target.

    `cut_after`: after so many more bytes from the server the connection they came by is cut, once. While `hold` is set,
    bytes wait; it sets itself once `hold_after` bytes have come from the server on all connections together. `rewrite`
    makes of bytes from the server what the client gets.
    """

    def __init__(self, target: int):
        self.target = target
        self.port = processes.free_port()
        self.cut_after = None
        self.cuts = 0
        self.bytes_down = 0
        self.hold = threading.Event()
        self.hold_after = None
        self.rewrite = lambda data: data
        self._links, self._silent = set(), set()
        self._lock = threading.Lock()
        self._listener = None
        self.on()

    def on(self):
        """Begins to listen."""
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def off(self):
        """Refuses new connections and cuts the open ones."""
        self.release()
        listener, self._listener = self._listener, None
        if listener:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        self.cut()

    def release(self):
        """Ends the hold."""
        with self._lock:
            self.hold_after = None
            self.hold.clear()

    def cut(self, reset=False):
        """Ends every open connection; with `reset` by RST instead of FIN."""
        with self._lock:
            links, self._links, self._silent = self._links, set(), set()
        for link in links:
            _end(link, reset)

    def silence(self):
        """The open connections lose every byte from now on and are never ended, as by a firewall that forgot them."""
        with self._lock:
            self._silent |= self._links

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 5)
                server.settimeout(None)
                for link in (client, server):
                    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                _end(client)
                continue
            with self._lock:
                self._links |= {client, server}
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source, sink, down):
        try:
            while data := source.recv(1 << 16):
                if down:
                    data = self.rewrite(data)
                    self._hold_when_due()
                if self.hold.is_set():
                    processes.wait_until(lambda: not self.hold.is_set(), "the end of the hold", 600, 0.01)
                if source in self._silent:
                    continue
                length = self._cut_in(data) if down else None
                sink.sendall(data[:length])
                if length is not None:
                    break
                if down:
                    self._count(data)
        except OSError:
            pass
        for link in (source, sink):
            with self._lock:
                self._links.discard(link)
                self._silent.discard(link)
            _end(link)

    def _hold_when_due(self):
        with self._lock:
            if self.hold_after is not None and self.bytes_down >= self.hold_after:
                self.hold.set()

    def _cut_in(self, data):
        """How many of these bytes come before the cut; None if it is not in them. Counts them, and the cut.

        All in one hold of the lock: two connections that reach the cut together must not both be cut.
        """
        with self._lock:
            if self.cut_after is None:
                return None
            length = self.cut_after
            if len(data) <= length:
                self.cut_after -= len(data)
                return None
            self.cut_after, self.cuts = None, self.cuts + 1
            return length

    def _count(self, data):
        with self._lock:
            self.bytes_down += len(data)


def _end(link, reset=False):
    try:
        if reset:  # close() sends RST instead of FIN; the half shutdown only wakes the thread that reads
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            link.shutdown(socket.SHUT_RD)
        else:
            link.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    link.close()
