"""Servers to deliver to, on this machine: one that takes rows, and ones that answer anything but receipts."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Keeps every row by uid, answers with receipts, and can be told to behave otherwise for a number of requests."""

    def __init__(self):
        self.rows = {}
        self.losses = []
        self.requests = 0
        self.instead = []
        self.largest = None
        self.guard = threading.Lock()

    def answer(self, path, body):
        with self.guard:
            self.requests += 1
            if self.instead:
                return self.instead.pop(0)
        if path.endswith("losses"):
            self.losses.append(json.loads(body))
            return 200, b'{"status": "stored"}'
        if self.largest and len(body) > self.largest:
            return 413, b"{}"
        receipts = []
        for number, line in enumerate(body.split(b"\n"), start=1):
            row = json.loads(line)
            uid = row.get("inference_uid") if path.endswith("inferences") else row["event_uid"]
            with self.guard:
                known = uid in self.rows
                self.rows[uid] = row
            receipts.append({"row": number, "uid": uid, "status": "duplicate" if known else "stored"})
        return 200, json.dumps(receipts).encode()


@contextmanager
def serving(receiver, port=0):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = receiver.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
