"""What a service manager hears on $NOTIFY_SOCKET: sd_notify(3)."""
import os
import shutil
import signal
import socket
import tempfile
import time
import unittest

from tests.support.server import DEADLINE, Server, view

DATA = {"Patient.ndjson": '{"resourceType":"Patient","id":"a"}\n'}


class Manager:
    """A socket as systemd's: in the file system, or abstract ("@name")."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(DEADLINE)
        self.socket.bind(address.replace("@", "\0", 1))

    def next(self):
        """The assignments of the next datagram."""
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())


class ServiceManagerTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kiln-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def manager(self, address):
        manager = Manager(address)
        self.addCleanup(manager.socket.close)
        return manager

    def server(self, address, **how):
        server = Server(data=DATA, views={"a.json": view("Patient", id="id")},
                        environment={"NOTIFY_SOCKET": address}, **how)
        self.addCleanup(server.stop)
        return server

    def test_issue_ready_reloading_and_stopping_are_told_in_turn(self):
        for address in (os.path.join(self.folder, "notify"), f"@kiln-test-{os.getpid()}"):
            with self.subTest(address):
                manager = self.manager(address)
                server = self.server(address)
                self.assertEqual(manager.next(),
                                 {"READY": "1", "STATUS": f"listening on {server.base}"})
                self.assertEqual(server.get("/ready").status, 200)
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                server.process.send_signal(signal.SIGHUP)
                reloading = manager.next()
                after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                self.assertEqual(list(reloading), ["RELOADING", "MONOTONIC_USEC"])
                self.assertEqual(reloading["RELOADING"], "1")
                self.assertLessEqual(before, int(reloading["MONOTONIC_USEC"]))
                self.assertLessEqual(int(reloading["MONOTONIC_USEC"]), after)
                self.assertEqual(manager.next()["READY"], "1")
                self.assertEqual(server.end(), 0)
                self.assertEqual(manager.next(), {"STOPPING": "1"})

    def test_issue_ready_is_told_after_a_refused_reload_too(self):
        manager = self.manager(os.path.join(self.folder, "notify"))
        server = self.server(manager.address)
        manager.next()
        server.write_files("views", {"a.json": "{"})
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(manager.next()["RELOADING"], "1")
        self.assertEqual(manager.next()["READY"], "1")
        server.wait_for_log("not reloaded")

    def test_issue_nothing_is_told_when_the_start_fails(self):
        manager = self.manager(os.path.join(self.folder, "notify"))
        server = self.server(manager.address, start=False)
        server.options += ["--data", os.path.join(self.folder, "missing")]
        with self.assertRaises(AssertionError):
            server.start()
        self.assertEqual(server.end(), 1)
        manager.socket.setblocking(False)
        self.assertRaises(BlockingIOError, manager.next)

    def test_issue_who_cannot_be_told_is_no_reason_not_to_serve(self):
        for address in (os.path.join(self.folder, "nobody"), "vsock:2:1234", "/" + "x" * 200):
            with self.subTest(address):
                server = self.server(address)
                server.wait_for_log("the service manager cannot be told")
                self.assertEqual(server.get("/ready").status, 200)
                self.assertEqual(server.end(), 0)

    def test_issue_a_manager_that_does_not_read_does_not_hold_up_the_end(self):
        manager = self.manager(os.path.join(self.folder, "notify"))
        server = self.server(manager.address)
        full = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(full.close)
        full.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while True:
                full.sendto(b"READY=1", manager.address)
        self.assertEqual(server.end(), 0)
        self.assertIn("the service manager cannot be told", server.log_text())


if __name__ == "__main__":
    unittest.main()
