# SPDX-License-Identifier: Apache-2.0
"""A server of JSON over HTTP for the tests, in a thread, that can refuse, cut or garble what it answers. What it
answers: iceberg_rest_server.py, paimon_rest_server.py."""

import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Fault:
    """What happens to the next request of a method whose path has the word: before it is done, or after."""

    def __init__(self, method, word, answer, done=False, times=1):
        self.method, self.word, self.answer, self.done, self.times = method, word, answer, done, times


class RestServer:
    """`answer` is the subclass': (method, path, query of lists, headers, body) -> (status, JSON, or None: `empty`)."""

    empty = b""

    def __init__(self, port=0):
        self.requests, self.faults = [], []
        self.lock = threading.RLock()
        self.away, self.port = False, port
        self.on()

    def on(self):
        """Begins to listen, on the port that it has had."""
        self.away = False
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def off(self):
        """Nothing is answered any more, also on connections that are there."""
        self.away = True
        self._server.shutdown()
        self._server.server_close()

    close = off

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fault(self, method, word, answer, done=False, times=1):
        """`answer`: a status, b"..." for a body that is no JSON, None to cut the connection."""
        self.faults.append(Fault(method, word, answer, done, times))

    def fault_body(self, made):
        """What comes with the status of a fault; `made`: the answer that it takes the place of, if there was one."""
        return made

    def take_fault(self, method, path):
        for fault in self.faults:
            if fault.method == method and fault.word in path:
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def _handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"

            def handle_request(self):
                url = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                server.requests.append((self.command, url.path))
                if server.away:
                    self.close_connection = True
                    return
                fault = server.take_fault(self.command, self.path)
                status = made = None
                if not fault or fault.done:
                    query = urllib.parse.parse_qs(url.query)
                    status, made = server.answer(self.command, url.path, query, self.headers, body)
                if fault and fault.answer is None:
                    self.close_connection = True
                    return
                if fault and isinstance(fault.answer, int):
                    status, made = fault.answer, server.fault_body(made)
                elif fault:
                    status, made = 200, fault.answer
                self._send(status, made)

            def _send(self, status, made):
                text = made if isinstance(made, bytes) else server.empty if made is None else json.dumps(made).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            do_GET = do_POST = do_DELETE = do_HEAD = handle_request

            def log_message(self, *_):
                pass

        return Handler
