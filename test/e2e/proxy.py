# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on loopback that can cut its connections, stop passing bytes, or be switched off."""

import socket
import threading

import processes


class Proxy:
    """Forwards to 127.0.0.1:target. `cut_after`: bytes from the server after which a connection is cut, once."""

    def __init__(self, target: int):
        self.target = target
        self.port = processes.free_port()
        self.cut_after = None
        self.cuts = 0
        self.bytes_down = 0
        self.stall = threading.Event()
        self._links = set()
        self._lock = threading.Lock()
        self._listener = None
        self.on()

    def on(self):
        """Begins to listen."""
        self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def off(self):
        """Refuses new connections and cuts the open ones."""
        listener, self._listener = self._listener, None
        if listener:
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        self.cut()

    def cut(self):
        """Resets every open connection."""
        with self._lock:
            links, self._links = self._links, set()
        for link in links:
            _reset(link)

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 5)
                server.settimeout(None)
            except OSError:
                _reset(client)
                continue
            with self._lock:
                self._links |= {client, server}
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source, sink, down):
        seen = 0
        try:
            while data := source.recv(1 << 16):
                if self.stall.is_set():
                    continue
                if down and self.cut_after is not None and seen + len(data) > self.cut_after:
                    sink.sendall(data[: max(0, self.cut_after - seen)])
                    self.cut_after, self.cuts = None, self.cuts + 1
                    break
                sink.sendall(data)
                seen += len(data)
                self.bytes_down += len(data) if down else 0
        except OSError:
            pass
        for link in (source, sink):
            with self._lock:
                self._links.discard(link)
            _reset(link)


def _reset(link):
    try:
        link.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    link.close()
