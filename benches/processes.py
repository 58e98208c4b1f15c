"""What all benches share: free ports, waiting, and processes that are ended by their own numbers, whatever happens."""

import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PACKAGES = {
    "wrk": "wrk",
    "nginx": "nginx",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "rspamd": "rspamd",
    "postfix": "postfix",
    "smtp-source": "postfix",
    "smtp-sink": "postfix",
    "gcc": "gcc",
    "valgrind": "valgrind",
    "ip": "iproute2",
    "tc": "iproute2",
    "unshare": "util-linux",
    "setpriv": "util-linux",
}
ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target/release/contact-gateway"
START_WAIT = 30.0
STOP_WAIT = 25.0


def need(*programs):
    """Ends where a program is not there, and says what to install."""
    for program in programs:
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: apt-get install --no-install-recommends {PACKAGES[program]}")


def need_file(path, package):
    if not pathlib.Path(path).exists():
        sys.exit(f"{path} is missing: apt-get install --no-install-recommends {package}")


def free_port():
    """Below the ports that clients are given, so that none of theirs takes it meanwhile."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def sooner_or_later(until, seconds=60):
    """The first true result of `until`, or its last, false one at the deadline."""
    end = time.monotonic() + seconds
    while True:
        found = until()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.1)


def wait(what, until, seconds=60):
    return sooner_or_later(until, seconds) or sys.exit(f"waited in vain for {what}")


def answers(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), timeout=5).close()
        return True
    except OSError:
        return False


def wait_for_port(port, process=None, at_most=START_WAIT, host="127.0.0.1"):
    end = time.monotonic() + at_most
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            break
        if answers(port, host):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {host}, port {port}")


class Place:
    """A folder, a temporary one unless it is given, and the processes that keep their things in it."""

    def __init__(self, folder=None):
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="contact-gateway-bench-"))
        # Servers that run as somebody else have files here too.
        self.folder.chmod(0o755)
        self.running = []
        self.endings = []

    def sub(self, name):
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def start(self, *command, log, out=subprocess.DEVNULL, cwd=None):
        command = [str(part) for part in command]
        with open(self.folder / log, "ab") as errors:
            # In a session of its own, so that an interrupt at the terminal is this program's alone.
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, cwd=cwd, start_new_session=True
            )
        self.running.append(process)
        return process

    def stop(self, process):
        """Asks, waits, and ends it. A process that has ended already is left alone."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_WAIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.running:
            self.running.remove(process)

    def at_end(self, ending):
        """For what does not run as a process of ours: Postfix's master."""
        self.endings.append(ending)

    def close(self, keep=False):
        """Ends everything, and is not itself interrupted."""
        before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            for ending in reversed(self.endings):
                ending()
            self.endings = []
            for process in reversed(list(self.running)):
                self.stop(process)
            if not keep:
                shutil.rmtree(self.folder, ignore_errors=True)
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def run(*command, env=None, **more):
    """A program that must end well; what it said on stdout."""
    more.setdefault("timeout", 600)
    whole = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **env} if env else None,
        **more,
    )
    if whole.returncode != 0:
        said = (whole.stderr or whole.stdout).decode(errors="replace").strip()[-2000:]
        raise RuntimeError(f"{command[0]} ended with {whole.returncode}: {said}")
    return whole.stdout.decode(errors="replace")


def counted(*command, **more):
    """What a program that must end well says that it has counted."""
    return json.loads(run(*command, **more).rsplit("RESULT ", 1)[1])
