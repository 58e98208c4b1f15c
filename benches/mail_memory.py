#!/usr/bin/env python3
"""What the mail edge takes of memory: VmHWM of the release program, read from /proc.

    cargo build --release && benches/mail_memory.py

Idle; with 20 sessions at once of 50 MB each, three messages a session, by SMTP and by LMTP; and with
1,000 idle sessions. Sends with Postfix's smtp-source into smtp-sink (Debian package `postfix`). Says
what each may be at most, and ends with 1 where one is more.
"""

import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time

from processes import PROGRAM, ROOT, free_port, wait_for_port

SESSIONS = 20
MESSAGES = 60
MESSAGE_BYTES = 50_000_000
IDLE_SESSIONS = 1_000
MEGABYTE = 1024 * 1024


class Gateway:
    def __init__(self, folder, sink):
        self.smtp, self.lmtp, staff = free_port(), free_port(), free_port()
        config = folder / "gateway.toml"
        config.write_text(
            f"""[store]
url = "embedded:{folder}/store"
[archive]
url = "file:{folder}/archive"
[listen]
staff = "127.0.0.1:{staff}"
smtp = "127.0.0.1:{self.smtp}"
lmtp = "127.0.0.1:{self.lmtp}"
[mail]
downstream = "smtp://127.0.0.1:{sink}"
xforward_from = ["127.0.0.0/8"]
[[organisation]]
id = "karbon"
profile = "{ROOT}/config/profiles/karbon-homes.toml"
mode = "enforce"
mail_domains = ["karbon.example"]
set = {{ "review.every_months" = 6 }}
"""
        )
        command = [PROGRAM, "serve", "--config", config]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=folder)
        wait_for_port(self.smtp)

    def peak(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def idle(_gateway):
    time.sleep(2)
    return "2 s"


def large_sessions(port, *lmtp):
    started = time.monotonic()
    source = ["smtp-source", *lmtp, "-s", SESSIONS, "-m", MESSAGES, "-l", MESSAGE_BYTES]
    source += ["-f", "jo@x.example", "-t", "repairs@karbon.example", f"127.0.0.1:{port}"]
    ended = subprocess.run([str(part) for part in source]).returncode
    if ended != 0:
        return f"smtp-source ended with {ended}"
    seconds = time.monotonic() - started
    return f"{MESSAGES * MESSAGE_BYTES / seconds / MEGABYTE:.0f} MiB/s"


def idle_sessions(port):
    sessions = []
    for _ in range(IDLE_SESSIONS):
        sessions.append(socket.create_connection(("127.0.0.1", port), timeout=30))
    for session in sessions:
        session.recv(1024)
        session.sendall(b"EHLO mx.example\r\n")
    for session in sessions:
        session.recv(1024)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as one_more:
        answer = one_more.recv(1024).decode().strip()
    for session in sessions:
        session.close()
    return f"one more is told `{answer}`"


def measure(name, most, work, sink):
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(pathlib.Path(folder), sink)
        try:
            said = work(gateway)
            peak = gateway.peak() / MEGABYTE
        finally:
            gateway.stop()
    print(f"{name}: {peak:.1f} MiB (at most {most}); {said}", flush=True)
    return peak <= most


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    port = free_port()
    user = ["-u", "nobody"] if subprocess.check_output(["id", "-u"]).strip() == b"0" else []
    sink = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{port}", "200"])
    try:
        wait_for_port(port)
        large = f"{SESSIONS} sessions of {MESSAGE_BYTES // 1_000_000} MB"
        fine = [
            measure("idle", 25, idle, port),
            measure(f"{large} by SMTP", 100, lambda gateway: large_sessions(gateway.smtp), port),
            measure(f"{large} by LMTP", 100, lambda gateway: large_sessions(gateway.lmtp, "-L"), port),
            measure(f"{IDLE_SESSIONS} idle sessions", 60, lambda gateway: idle_sessions(gateway.smtp), port),
        ]
    finally:
        sink.terminate()
        sink.wait()
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
