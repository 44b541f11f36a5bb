"""A TCP proxy before an object store that spoils chosen requests.

One request a connection (the proxy answers `Connection: close` by closing), so that the n-th
connection is the n-th request.
"""
import socket
import socketserver
import threading

REFUSALS = {
    "500": (500, "InternalError"),
    "503": (503, "ServiceUnavailable"),
    "slow-down": (503, "SlowDown"),
    "revoked": (403, "InvalidAccessKeyId"),
    "clock": (403, "RequestTimeTooSkewed"),
}


class FaultProxy:
    """`fault(number)` names what happens to a request: None, one of REFUSALS, "cut" (before it is
    sent on), "cut-answer" (carried out, half of its answer lost), "delay" (carried out late),
    "stall" (nothing happens until the proxy stops or the client leaves), "stall-answer" (the same in
    the middle of its answer), "endless" (a page of a list that says that there is more, always with
    the same token)."""

    def __init__(self, port, fault=lambda number: None):
        self.target = ("127.0.0.1", port)
        self.fault = fault
        self.requests = []  # the first line of each
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    proxy.serve(self.request)
                except OSError:
                    pass  # one of the two has gone

        class TcpServer(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = TcpServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def serve(self, client):
        client.settimeout(30)
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(1 << 16)
            if not more:
                return
            head += more
        head, body = head.split(b"\r\n\r\n", 1)
        fields = {line.split(b":", 1)[0].strip().lower(): line.split(b":", 1)[1].strip()
                  for line in head.split(b"\r\n")[1:]}
        if fields.get(b"expect", b"").lower() == b"100-continue":
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(fields.get(b"content-length", b"0"))
        while len(body) < length:
            more = client.recv(1 << 16)
            if not more:
                return
            body += more
        with self.lock:
            self.requests.append(head.split(b"\r\n", 1)[0].decode())
            fault = self.fault(len(self.requests))
        if fault == "cut":
            return
        if fault == "stall":
            self.hold(client)
            return
        if fault == "delay":
            self.stopped.wait(0.3)
        if fault in REFUSALS:
            status, code = REFUSALS[fault]
            self.answer(client, status,
                        f"<Error><Code>{code}</Code><Message>a fault</Message></Error>")
            return
        if fault == "endless":
            self.answer(client, 200, "<ListBucketResult><IsTruncated>true</IsTruncated>"
                        "<NextContinuationToken>again</NextContinuationToken></ListBucketResult>")
            return
        self.forward(client, head, body, fault)

    def answer(self, client, status, text):
        body = text.encode()
        client.sendall(b"HTTP/1.1 %d So\r\nContent-Type: application/xml\r\n"
                       b"Content-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body))
                       + body)

    def forward(self, client, head, body, fault):
        lines = [line for line in head.split(b"\r\n")
                 if not line.lower().startswith((b"connection:", b"expect:"))]
        with socket.create_connection(self.target, timeout=30) as store:
            store.sendall(b"\r\n".join(lines) + b"\r\nConnection: close\r\n\r\n" + body)
            answer = b""
            while more := store.recv(1 << 16):
                answer += more
        half = fault in ("cut-answer", "stall-answer")
        client.sendall(answer[:len(answer) // 2] if half else answer)
        if fault == "stall-answer":
            self.hold(client)

    def hold(self, client):
        client.settimeout(0.05)
        while not self.stopped.is_set():
            try:
                if not client.recv(1 << 16):
                    return
            except TimeoutError:
                pass
