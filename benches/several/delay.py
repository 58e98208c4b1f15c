"""A link that is late: whatever frame comes in by one of two TAP devices goes out by the other, in order, so many
milliseconds later.

    python3 delay.py DEVICE DEVICE MILLISECONDS

For kernels without `sch_netem`. The devices exist already (`ip tuntap add mode tap`); says `ready` when it has both.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

# From linux/if_tun.h.
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
# Bytes of a frame at most; frames on their way in one direction at most. More are lost, as on a link.
FRAME, ON_THE_WAY_MAX = 65_536, 10_000


def opened(device):
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TAP | IFF_NO_PI))
    return file


class Way:
    """One direction. `frames`: each with when it is due."""

    def __init__(self, source, target, delay):
        self.source, self.target, self.delay = source, target, delay
        self.frames = collections.deque()

    def take(self):
        """All that has come."""
        while True:
            try:
                frame = os.read(self.source, FRAME)
            except BlockingIOError:
                return
            if len(self.frames) < ON_THE_WAY_MAX:
                self.frames.append((time.monotonic() + self.delay, frame))

    def give(self):
        """All that is due."""
        while self.frames and self.frames[0][0] <= time.monotonic():
            _, frame = self.frames.popleft()
            try:
                os.write(self.target, frame)
            except OSError:
                # The device is down, or its queue is full: the frame is lost.
                pass


def main():
    one, other, delay = opened(sys.argv[1]), opened(sys.argv[2]), float(sys.argv[3]) / 1000
    ways = {one: Way(one, other, delay), other: Way(other, one, delay)}
    print("ready", flush=True)
    while True:
        due = [way.frames[0][0] for way in ways.values() if way.frames]
        wait = max(0.0, min(due) - time.monotonic()) if due else None
        come, _, _ = select.select(list(ways), [], [], wait)
        for source in come:
            ways[source].take()
        for way in ways.values():
            way.give()


if __name__ == "__main__":
    main()
