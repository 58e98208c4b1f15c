#!/usr/bin/env python3
"""How many instructions a contact takes, by callgrind: what a slip makes slower shows on any machine.

    cargo build --release --bin contact-gateway
    python3 benches/instructions.py                 beside the recorded figures; 1 where one is passed
    python3 benches/instructions.py --record        takes today's figures for the recorded ones
    python3 benches/instructions.py --profile FOLDER decision-unrestricted
                                                    leaves callgrind's files there, for callgrind_annotate

The release program runs under `valgrind --tool=callgrind`. Some contacts come before counting: keys and tables that are made
once take hundreds of millions of instructions, some of them after it is ready. What it does by the clock is counted over
half a minute without contacts, and taken off. Then come the contacts, and a minute and a half in which the audit trail is
followed and sealed. All that is done for a contact is in its figure, on whatever thread, also what follows the answer; the
client, the kernel and Redis are not. Contacts come one after the other, so that on the embedded store each has a
transaction of its own. Valgrind hides the processor's instructions for SHA-256: digests take several times what they take
without it.
"""

import argparse
import http.client
import json
import os
import pathlib
import secrets
import sys
import time
import urllib.parse

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE / "load"))

import gateway as gateways
import processes
from gateway import GENEROUS, TOKEN, Gateway, contact, restriction
from mail_paths import DESK, KIBIBYTE, STRANGER
from processes import Place, need, run
from servers import Form, Redis, Sink

RECORDED = HERE / "instructions.json"
# Where threads meet differently a run differs by some tenths of a hundredth.
TOLERANCE = 0.03
PEOPLE = 1_000
# Valgrind is some fifty times slower.
PATIENCE = 180.0
# Contacts before anything is counted: what is made once, is made for them.
WARM = 20
# Seconds in which idling is counted: a round of the keeper falls into it.
IDLE = 30.0
# Seconds after which whatever is on the trail is followed (`KEEPER_EVERY`), and sealed (`SEAL_AFTER`, `SEAL_EVERY`).
FOLLOWED, SEALED = 35.0, 95.0
# Seconds from the start to the second round that reminds (`KEEPER_REMINDS_EVERY`), which walks the trail once more.
REMINDS = 295.0
# What the gateway logs when its store does not answer.
AWAY = 'does not work part="store"'
# Of one core, in a row of so many seconds: it has settled.
QUIET, QUIET_FOR = 0.3, 5
# A lane of the safeguards takes it: an item is put on a queue.
TEXT = "The boiler has been out of order since Monday, and nobody has come. " * 6
# No lane takes it: it counts against the quota, and is delivered.
EVERYDAY = "Thank you for the newsletter about the playground in Mill Lane. I look forward to the summer fair. " * 5


class Measured:
    """A gateway that runs under callgrind when it serves."""

    def __init__(self, place, options, store="embedded", **settings):
        self.place, self.out, self.dumps = place, place.folder, 0
        self.gateway = Gateway(place, "gateway", options.gateway, store, **settings)
        self.gateway.import_people(PEOPLE, [restriction(GENEROUS)])
        self.gateway.keep()
        wrapper = place.folder / "under-callgrind"
        # The allocator gives memory back by the clock, which would count as well.
        timeless = 'MALLOC_CONF="dirty_decay_ms:-1,muzzy_decay_ms:-1"'
        command = f'exec env {timeless} valgrind -q --tool=callgrind --instr-atstart=no --callgrind-out-file="{self.out}/callgrind.out" "{options.gateway}" "$@"'
        wrapper.write_text(f"#!/bin/sh\n{command}\n")
        wrapper.chmod(0o755)
        self.gateway.program = wrapper

    def instructions(self, work, contacts, keep_as=None):
        """Of one contact."""
        self.gateway.fresh()
        started = time.monotonic()
        self.work(work, WARM, FOLLOWED)
        run("callgrind_control", "--instr=on", self.gateway.process.pid)
        away = self.said().count(AWAY)
        began = time.monotonic()
        time.sleep(IDLE)
        idle = keep_as and keep_as.with_suffix(".idle")
        by_clock = self.dump(idle) / (time.monotonic() - began)
        began = time.monotonic()
        self.work(work, contacts, SEALED)
        total = self.dump(keep_as)
        lasted = time.monotonic() - began
        if time.monotonic() - started > REMINDS:
            doubt("it took so long that reminders walked the trail once more")
        if self.said().count(AWAY) > away:
            doubt("the store was away for a moment, and everybody was loaded again")
        self.gateway.stop()
        if (decided := self.gateway.decided()) != WARM + contacts:
            raise RuntimeError(f"{decided} decisions are recorded of {WARM + contacts} contacts")
        return (total - by_clock * lasted) / contacts

    def work(self, work, contacts, pause):
        """Until the contacts are on the trail, and so long after."""
        before = self.gateway.recorded()
        work(self.gateway, contacts)
        self.gateway.wait_for_recorded(before, contacts)
        time.sleep(pause)
        self.settle()

    def settle(self):
        """Until it does nothing but what the clock brings."""
        end, quiet = time.monotonic() + PATIENCE, 0
        while quiet < QUIET_FOR:
            if time.monotonic() > end:
                raise RuntimeError("the gateway does not settle")
            before = self.seconds()
            time.sleep(1)
            quiet = quiet + 1 if self.seconds() - before < QUIET else 0

    def said(self):
        """What the gateway has logged."""
        return (self.place.folder / "gateway.log").read_text()

    def seconds(self):
        """Of processor time that it has taken."""
        fields = pathlib.Path(f"/proc/{self.gateway.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def dump(self, keep_as=None):
        """Instructions since the last dump."""
        run("callgrind_control", "--dump", self.gateway.process.pid)
        self.dumps += 1
        file = self.out / f"callgrind.out.{self.dumps}"
        total = next(line for line in file.read_text().splitlines() if line.startswith(("summary:", "totals:")))
        if keep_as:
            keep_as.parent.mkdir(parents=True, exist_ok=True)
            keep_as.write_bytes(file.read_bytes())
        return int(total.split()[1])


def doubt(why):
    print(f"the next figure is too high, measure again on an idle machine: {why}", file=sys.stderr)


def decisions(sender, text=TEXT):
    def work(gateway, contacts):
        link = http.client.HTTPConnection("127.0.0.1", gateway.contacts, timeout=PATIENCE)
        stamp = secrets.token_hex(4)
        fields = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        for number in range(contacts):
            asked = contact(f"{stamp}-{number:010d}", sender(number), text[:400])
            link.request("POST", "/decisions/contact", json.dumps(asked), fields)
            answer = link.getresponse()
            said = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status} {said.decode()}")
        link.close()

    return work


def submissions(gateway, contacts):
    """One in 20 from somebody restricted, as the load program's form has it."""
    link = http.client.HTTPConnection("127.0.0.1", gateway.contacts, timeout=PATIENCE)
    stamp = secrets.token_hex(4)
    fields = {"Content-Type": "application/x-www-form-urlencoded"}
    for number in range(contacts):
        sender = known(number) if number % 20 == 0 else stranger(number)
        said = {"name": "A Citizen", "subject": "My case", "number": f"{stamp}-{number:010d}", "email": sender}
        link.request("POST", "/form", urllib.parse.urlencode({**said, "message": TEXT[:400]}), fields)
        answer = link.getresponse()
        page = answer.read()
        if answer.status != 200 or b"thank you" not in page:
            raise RuntimeError(f"{answer.status} {page.decode()}")
    link.close()


def messages(gateway, contacts):
    command = ["smtp-source", "-d", "-s", 1, "-m", contacts, "-l", 2 * KIBIBYTE, "-f", STRANGER, "-t", DESK]
    run(*command, f"127.0.0.1:{gateway.smtp}")


def stranger(number):
    return f"u{number:07d}@sender.example"


def known(number):
    return f"p{number % PEOPLE:07d}@people.example"


def unrestricted(place, options):
    return Measured(place, options), decisions(stranger)


def restricted(place, options):
    return Measured(place, options), decisions(known)


def counted(place, options):
    return Measured(place, options), decisions(known, EVERYDAY)


def restricted_on_redis(place, options):
    return Measured(place, options, Redis(place, "redis")), decisions(known)


def form_on_redis(place, options):
    return Measured(place, options, Redis(place, "redis"), form=Form(place).port), submissions


def message(place, options):
    return Measured(place, options, downstream=Sink(place).port), messages


# Each path, with its number of contacts.
PATHS = {
    "decision-unrestricted": (unrestricted, 2_000),
    "decision-restricted-embedded": (restricted, 1_000),
    "decision-counted-embedded": (counted, 1_000),
    "decision-restricted-redis": (restricted_on_redis, 1_000),
    "form-redis": (form_on_redis, 1_600),
    "smtp-unrestricted-2k": (message, 1_000),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", help=f"some of {', '.join(PATHS)}")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--profile", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--gateway", type=pathlib.Path, default=gateways.PROGRAM, help="the release program")
    options = parser.parse_args()
    options.gateway = options.gateway.resolve()
    unknown = [path for path in options.paths if path not in PATHS]
    if unknown:
        parser.error(f"there is no path {', '.join(unknown)}; there are {', '.join(PATHS)}")
    need("valgrind", "callgrind_control", "redis-server", "redis-cli", "smtp-source", "smtp-sink", "nginx")
    gateways.START_WAIT = gateways.RECORDED_WAIT = processes.STOP_WAIT = PATIENCE
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    worse = False
    for path in options.paths or PATHS:
        prepare, contacts = PATHS[path]
        place = Place()
        try:
            measured, work = prepare(place, options)
            keep_as = options.profile / f"{path}.callgrind" if options.profile else None
            figure = round(measured.instructions(work, contacts, keep_as))
        finally:
            place.close()
        was = recorded.get(path)
        beside = f", recorded {was:,} ({figure / was - 1:+.1%})" if was else ""
        print(f"{path}: {figure:,} instructions a contact{beside}", flush=True)
        if options.record:
            recorded[path] = figure
        elif was and figure > was * (1 + TOLERANCE):
            worse = True
    if options.record:
        RECORDED.write_text(json.dumps(recorded, indent=1) + "\n")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
