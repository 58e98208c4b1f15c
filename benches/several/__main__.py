"""Three gateways on one Redis with Sentinel and one S3, behind nginx and Postfix, each on a host of its own, while links
are cut and slowed and hosts are lost: afterwards nothing is lost, doubled or wrongly limited.

    cargo build --release && sudo python3 benches/several                 an hour
    sudo python3 benches/several --minutes 3                              a try of each event

benches/README.md says what is provoked, what is compared, and what it needs. Exits with 1 if something does not hold.
"""

import argparse
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import events
import reckoning
import traffic
from console import Staff
from hosts import World
from network import Network
from processes import PROGRAM, Place, need, sooner_or_later

# Namespaces for network, mounts and processes: whatever ends this program ends everything in them.
APART = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
INSIDE = "--inside"
SEED = 11
# Contacts of each person with a quota in the run, and what the quota lets in.
OF_EACH, LIMIT = 12, 5
# Seconds: of an event and the pause after it together, at least and at most; until all is delivered at the end.
SLOT_LEAST, SLOT_MOST, END_WAIT = 20, 100, 600


def options():
    parser = argparse.ArgumentParser(prog="benches/several", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="of traffic (60)")
    parser.add_argument("--rate", type=float, default=6, help="contacts a second (6)")
    parser.add_argument("--binary", type=pathlib.Path, default=PROGRAM, help="the release program")
    parser.add_argument("--upgrade", type=pathlib.Path, help="another program, to which the rolling restart changes")
    parser.add_argument("--events", help="some of them: " + ", ".join(one.__name__ for one in events.EVENTS))
    parser.add_argument("--keep", type=pathlib.Path, help="an empty folder for all files and logs, which stay")
    parser.add_argument(INSIDE, type=pathlib.Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.binary = given.binary.resolve()
    given.upgrade = given.upgrade and given.upgrade.resolve()
    for program in filter(None, (given.binary, given.upgrade)):
        if not program.exists():
            sys.exit(f"{program} is missing: cargo build --release")
    return given


def apart(given):
    """This program once more, in namespaces; its exit code. Nothing of it outlives this one."""
    need("setpriv", "unshare", "ip", "tc")
    with tempfile.TemporaryDirectory(prefix="contact-gateway-several-") as scratch:
        folder = (given.keep or pathlib.Path(scratch)).resolve()
        folder.mkdir(exist_ok=True, parents=True)
        # In a session of its own: an interrupt at the terminal is for this one, which ends it.
        inner = subprocess.Popen([*APART, sys.executable, *sys.argv, INSIDE, folder], start_new_session=True)
        try:
            return inner.wait()
        finally:
            inner.kill()
            inner.wait()


class Sender:
    """Makes contacts at a rate, of strangers, of people who may write letters only, and of people with a quota. The latter
    take turns, so that at any time of the run some are about to use theirs up."""

    def __init__(self, sent, seconds, rate):
        self.sent, self.seconds, self.rate = sent, seconds, rate
        self.people = max(8, int(seconds * rate * 0.4 / OF_EACH))
        self.dice = random.Random(SEED)

    def person(self, share):
        kind = self.dice.random()
        if kind < 0.4:
            return None
        if kind < 0.6:
            return self.dice.randrange(traffic.CLOSED)
        at = share * self.people + self.dice.uniform(-2, 2)
        return traffic.CLOSED + min(self.people - 1, max(0, int(at)))

    def run(self, until_over):
        """Until that says that it is enough."""
        began = time.monotonic()
        while not until_over():
            elapsed = time.monotonic() - began
            if len(self.sent.sent) < elapsed * self.rate:
                way = self.dice.choices(("mail", "form", "call"), (4, 3, 3))[0]
                self.sent.send(way, self.person(min(1.0, elapsed / self.seconds)))
            else:
                time.sleep(0.05)


def provoke(world, given, seconds, seen):
    """One event after the other until the time is over, each of them once at least."""
    possible = events.EVENTS
    if given.events:
        possible = [one for one in possible if one.__name__ in given.events.split(",")]
    slot = min(SLOT_MOST, max(SLOT_LEAST, seconds / len(possible)))
    end, turn = time.monotonic() + seconds, 0
    while turn < len(possible) or time.monotonic() < end - slot:
        began = time.monotonic()
        one = possible[turn % len(possible)]
        event = events.happen(one, world, turn // len(possible), slot * 0.5)
        seen.append(event)
        well = f"ready after {event.well:.1f} s" if event.well is not None else "NOT ready afterwards"
        print(f"{event.ended - event.began:5.0f} s  {event.name}: {event.remark or '-'}; {well}", flush=True)
        turn += 1
        time.sleep(max(0.0, slot - (time.monotonic() - began)))


def settle(world, sent):
    """Until nothing is on its way any more. Whether that was in time."""
    sent.finish(END_WAIT)
    empty = sooner_or_later(lambda: not world.postfix.waiting(), END_WAIT)
    ready = [gateway.becomes_ready() for gateway in world.gateways]
    # A journal's last entries.
    time.sleep(2)
    return bool(empty) and None not in ready


def reckon(world, sent, staff, seen, settled):
    asked = world.gateways[0]
    items = reckoning.items_of(asked)
    books = reckoning.Books(sent.sent, reckoning.taken_from(world.taken), items, asked.trail(), seen)
    unwell = [event.name for event in seen if event.well is None]
    lines = [reckoning.Found("all gateways ready after each event", f"{len(seen) - len(unwell)} of {len(seen)}", not unwell)]
    lines.append(reckoning.Found("nothing on its way at the end", str(settled), settled))
    lines += reckoning.places(books) + reckoning.on_the_trail(books) + reckoning.quotas(books, LIMIT)
    lines += reckoning.of_the_console(staff)
    for command in (("audit", "verify", "--organisation", "karbon"), ("check", "--store")):
        ended, said = asked.run(*command)
        last = said.strip().splitlines()[-1:] or ["nothing"]
        lines.append(reckoning.Found(" ".join(command[:2]), last[0], ended == 0))
    return lines


def table(lines, seen, staff):
    print("\n| event | times | seconds | ready again after, at most | longest without a page | without one in all |")
    print("|---|---|---|---|---|---|")
    for name in dict.fromkeys(event.name for event in seen):
        of = [event for event in seen if event.name == name]
        lasted = " ".join(f"{event.ended - event.began:.0f}" for event in of)
        ready = max((event.well for event in of if event.well is not None), default=float("nan"))
        without = max(staff.longest_without(event.began, event.over() + 1) for event in of)
        in_all = sum(staff.without(event.began, event.over() + 1) for event in of)
        print(f"| {name} | {len(of)} | {lasted} | {ready:.1f} s | {without:.1f} s | {in_all:.1f} s |")
    print("\n| what | seen | |\n|---|---|---|")
    for line in lines:
        print(f"| {line.what} | {line.seen} | {'' if line.right else 'WRONG'} |")
    for line in lines:
        if line.examples:
            print(f"{line.what}: {', '.join(line.examples)}", file=sys.stderr)


def inside(given):
    folder = given.inside
    folder.chmod(0o755)
    place, seconds = Place(folder), given.minutes * 60
    seen = []
    try:
        network = Network()
        sender = Sender(None, seconds, given.rate)
        world = World(place, network, given.binary, traffic.people(sender.people, LIMIT))
        world.upgrade = given.upgrade
        staff = Staff(world.console, world.first_link(), (folder / "missed").open("w"))
        sender.sent = sent = traffic.Traffic(world.doors)
        print(f"{len(world.gateways)} gateways, {sender.people} people with a quota; {given.minutes:g} minutes", flush=True)
        done = []
        sending = traffic.threaded(lambda: sender.run(lambda: bool(done)))
        try:
            provoke(world, given, seconds, seen)
        finally:
            done.append(True)
            sending.join()
        settled = settle(world, sent)
        staff.stop()
        lines = reckon(world, sent, staff, seen, settled)
    finally:
        place.close(keep=True)
    table(lines, seen, staff)
    return 0 if all(line.right for line in lines) else 1


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    given = options()
    sys.exit(inside(given) if given.inside else apart(given))


if __name__ == "__main__":
    main()
