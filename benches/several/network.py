"""Hosts in network namespaces, on two bridges: `front`, where contacts come from, and `store`, where Redis and S3 are.

Runs in network, mount and process namespaces of its own (see `__main__.py`), with which everything here ends.
"""

import contextlib
import pathlib
import subprocess
import sys

from processes import need, run

PREFIXES = {"front": "10.77.1", "store": "10.77.2"}
# This program's own place on each bridge.
OUTSIDE = 1
NAMES = pathlib.Path("/run/netns")
TUN = pathlib.Path("/dev/net/tun")
DELAY = pathlib.Path(__file__).resolve().parent / "delay.py"


class Network:
    def __init__(self):
        need("ip", "tc")
        if not TUN.exists():
            sys.exit(f"{TUN} is missing: load the kernel's module tun")
        NAMES.mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "names", NAMES)
        run("ip", "link", "set", "lo", "up")
        for bridge, prefix in PREFIXES.items():
            run("ip", "link", "add", bridge, "type", "bridge")
            run("ip", "addr", "add", f"{prefix}.{OUTSIDE}/24", "dev", bridge)
            run("ip", "link", "set", bridge, "up")

    @staticmethod
    def host(name, **last):
        """A host; `front=11`: there it has the address that ends with .11; several: each of them."""
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        for bridge, numbers in last.items():
            outer = f"{name}-{bridge}"
            run("ip", "link", "add", outer, "type", "veth", "peer", "name", bridge, "netns", name)
            run("ip", "link", "set", outer, "master", bridge, "up")
            for number in [numbers] if isinstance(numbers, int) else numbers:
                run("ip", "-n", name, "addr", "add", f"{PREFIXES[bridge]}.{number}/24", "dev", bridge)
            run("ip", "-n", name, "link", "set", bridge, "up")

    @staticmethod
    def hosts_file(file, names):
        """`names`: name → addresses, which all programs here resolve."""
        lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, found in names.items() for address in found)]
        file.write_text("\n".join(lines) + "\n")
        file.chmod(0o644)
        run("mount", "--bind", file, "/etc/hosts")

    @staticmethod
    def inside(name, *command):
        """The command line that runs there."""
        return ["ip", "netns", "exec", name, *command]

    @contextlib.contextmanager
    def cut(self, host, bridge):
        """Whatever is sent on this link is lost, silently."""
        run("ip", "link", "set", f"{host}-{bridge}", "down")
        try:
            yield
        finally:
            run("ip", "link", "set", f"{host}-{bridge}", "up")

    @contextlib.contextmanager
    def late(self, hosts, bridge, milliseconds):
        """What these hosts send and get arrives so much later: their links lead through a pair of TAP devices and a
        program that delays each frame, which every kernel can do."""
        with contextlib.ExitStack() as stack:
            for host in hosts:
                stack.enter_context(self.later(host, bridge, milliseconds))
            yield

    @contextlib.contextmanager
    def later(self, host, bridge, milliseconds):
        link, aside = f"{host}-{bridge}", f"late-{host}"
        near, far = f"{aside}-n", f"{aside}-f"
        for device in (near, far):
            run("ip", "tuntap", "add", "dev", device, "mode", "tap")
        run("ip", "link", "add", aside, "type", "bridge")
        run("ip", "link", "set", aside, "up")
        command = [sys.executable, "-B", DELAY, near, far, str(milliseconds)]
        delaying = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            if delaying.stdout.readline().strip() != "ready":
                raise RuntimeError(f"{DELAY.name} could not open {near} and {far}")
            run("ip", "link", "set", near, "master", aside, "up")
            run("ip", "link", "set", far, "master", bridge, "up")
            run("ip", "link", "set", link, "master", aside)
            yield
        finally:
            run("ip", "link", "set", link, "master", bridge)
            delaying.kill()
            delaying.wait()
            for device in (near, far, aside):
                run("ip", "link", "del", device)

    @contextlib.contextmanager
    def slowed(self, hosts, bridge, *discipline):
        """What these hosts send and get goes through this queueing discipline of tc."""
        for host in hosts:
            run("tc", "qdisc", "add", "dev", f"{host}-{bridge}", "root", *discipline)
            run("tc", "-n", host, "qdisc", "add", "dev", bridge, "root", *discipline)
        try:
            yield
        finally:
            for host in hosts:
                run("tc", "qdisc", "del", "dev", f"{host}-{bridge}", "root")
                run("tc", "-n", host, "qdisc", "del", "dev", bridge, "root")
