#!/usr/bin/env python3
"""How many instructions a contact takes, by callgrind: what a slip makes slower shows on any machine.

    cargo build --release --bin contact-gateway
    python3 benches/instructions.py                 beside the recorded figures; 1 where one is passed
    python3 benches/instructions.py --record        takes today's figures for the recorded ones
    python3 benches/instructions.py --profile FOLDER decision-unrestricted
                                                    leaves callgrind's files there, for callgrind_annotate

The release program runs under `valgrind --tool=callgrind`, twice for each path: with few contacts and with
many. Counting begins when it is ready, since a start takes a thousand million instructions, a hundredth more or
less each time. What the many take more, over how many more they are, is a contact's share: the stop and waiting
fall out. All that is done for a contact is in it, on whatever thread, recording behind the answer as well; the
client, the kernel and Redis are not. So is what the clock brings, and falls into one run and not the other: a
round of the keeper takes 60 million instructions, a load of the roster 27 million.
"""

import argparse
import http.client
import json
import pathlib
import secrets
import sys
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
TEXT = "The boiler has been out of order since Monday, and nobody has come. " * 6


class Measured:
    """A gateway that runs under callgrind when it serves."""

    def __init__(self, place, options, store="embedded", **settings):
        self.place, self.out = place, place.folder
        self.gateway = Gateway(place, "gateway", options.gateway, store, **settings)
        self.gateway.import_people(PEOPLE, [restriction(GENEROUS)])
        self.gateway.keep()
        wrapper = place.folder / "under-callgrind"
        # The allocator gives memory back by the clock, which would count as well.
        timeless = 'MALLOC_CONF="dirty_decay_ms:-1,muzzy_decay_ms:-1"'
        command = f'exec env {timeless} valgrind -q --tool=callgrind --callgrind-out-file="{self.out}/callgrind.out" "{options.gateway}" "$@"'
        wrapper.write_text(f"#!/bin/sh\n{command}\n")
        wrapper.chmod(0o755)
        self.gateway.program = wrapper

    def instructions(self, work, contacts, keep_as=None):
        self.gateway.fresh()
        run("callgrind_control", "--zero", self.gateway.process.pid)
        before, decided = self.gateway.recorded(), self.gateway.decided()
        work(self.gateway, contacts)
        self.gateway.wait_for_recorded(before, contacts)
        # A stop records what is in hand.
        self.gateway.stop()
        decided = self.gateway.decided() - decided
        if decided != contacts:
            raise RuntimeError(f"{decided} decisions are recorded of {contacts} contacts")
        file = self.out / "callgrind.out"
        total = next(line for line in file.read_text().splitlines() if line.startswith(("summary:", "totals:")))
        if keep_as:
            keep_as.parent.mkdir(parents=True, exist_ok=True)
            keep_as.write_bytes(file.read_bytes())
        return int(total.split()[1])


def decisions(sender):
    def work(gateway, contacts):
        link = http.client.HTTPConnection("127.0.0.1", gateway.contacts, timeout=PATIENCE)
        stamp = secrets.token_hex(4)
        fields = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        for number in range(contacts):
            asked = contact(f"{stamp}-{number:010d}", sender(number), TEXT[:400])
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


def restricted_on_redis(place, options):
    return Measured(place, options, Redis(place, "redis")), decisions(known)


def form_on_redis(place, options):
    return Measured(place, options, Redis(place, "redis"), form=Form(place).port), submissions


def message(place, options):
    return Measured(place, options, downstream=Sink(place).port), messages


# Each path, with how many contacts are few and how many are many.
PATHS = {
    "decision-unrestricted": (unrestricted, 500, 2_500),
    "decision-restricted-embedded": (restricted, 300, 1_300),
    "decision-restricted-redis": (restricted_on_redis, 300, 1_300),
    "form-redis": (form_on_redis, 400, 2_000),
    "smtp-unrestricted-2k": (message, 200, 1_000),
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
        prepare, few, many = PATHS[path]
        place = Place()
        try:
            measured, work = prepare(place, options)
            least = measured.instructions(work, few)
            keep_as = options.profile / f"{path}.callgrind" if options.profile else None
            most = measured.instructions(work, many, keep_as)
        finally:
            place.close()
        figure = round((most - least) / (many - few))
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
