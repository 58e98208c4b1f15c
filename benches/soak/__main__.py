"""Whether memory, open files, threads and disk stay flat over two days of a site's contacts: quiet nights, peaks at nine
o'clock, mail, forms and calls.

    cargo build --release && python3 benches/soak --plot soak.svg          48 hours in two
    python3 benches/soak --speed 1                                         48 hours
    python3 benches/soak --speed 1440 --peak 10                            two minutes: shows that it works

The gateway's clock runs as always: it trusts a clock only that agrees with elapsed time, and its waits are the kernel's.
What is compressed is the rhythm at which contacts come, so that everything that goes by the clock (seals, anchors, the
keeper's rounds, what is remembered for ten minutes) happens `--speed` times less often for each contact. Only
`--speed 1` shows all of it.

Prints a table; exits with 1 if something grows by more than its tolerance over the last three quarters, a contact is not
accepted, or one is not on the trail.
"""

import argparse
import dataclasses
import json
import pathlib
import random
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import plot
import site_days
import traffic
import watching
from processes import PROGRAM, Place, sooner_or_later

SEED = 48
SAMPLES = 240
# Simulated hours between two sittings of staff.
SITTING = 1 / 6
# Seconds.
END_WAIT, STEP = 120, 0.02


def options():
    parser = argparse.ArgumentParser(prog="benches/soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=48, help="simulated, from Monday 00:00 (48)")
    parser.add_argument("--speed", type=float, default=24, help="simulated hours in one of this machine's (24)")
    parser.add_argument("--peak", type=float, default=600, help="contacts in the busiest hour, Monday at nine (600)")
    parser.add_argument("--binary", type=pathlib.Path, default=PROGRAM, help="the release program")
    parser.add_argument("--plot", type=pathlib.Path, help="an SVG of it, into this file")
    parser.add_argument("--json", type=pathlib.Path, help="every sample, into this file")
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder, with the logs")
    given = parser.parse_args()
    given.binary = given.binary.resolve()
    if not given.binary.exists():
        sys.exit(f"{given.binary} is missing: cargo build --release")
    return given


def replay(given, gateway, sent):
    """The whole time; gives the samples, and what staff did."""
    dice, samples, sittings = random.Random(SEED), [], []
    began, due, before = time.monotonic(), 0.0, 0.0
    next_sample, next_sitting = 0.0, 0.0
    while (hour := (time.monotonic() - began) / 3600 * given.speed) < given.hours:
        due += (hour - before) * given.peak * site_days.share(hour)
        before = hour
        while due >= 1:
            way = dice.choices(("mail", "form", "call"), site_days.ways(hour))[0]
            sent.send(way, site_days.person(dice))
            due -= 1
        if hour >= next_sample:
            samples.append(watching.sampled(hour, gateway.process.pid, gateway.folder, len(sent.sent)))
            next_sample += given.hours / SAMPLES
        if hour >= next_sitting:
            if int(hour % 24) in site_days.OFFICE:
                sittings.append(sent.pool.submit(gateway.sitting))
            next_sitting += SITTING
        time.sleep(STEP)
    samples.append(watching.sampled(given.hours, gateway.process.pid, gateway.folder, len(sent.sent)))
    return samples, sittings


def whole(gateway, sent, sittings):
    """What was sent, accepted, and is on the trail once, how staff fared, and whether that is all."""
    sent.finish(END_WAIT)
    accepted = [contact for contact in sent.sent if contact.accepted]
    trail = sooner_or_later(lambda: len(found := gateway.trail()) >= len(accepted) and found, END_WAIT) or gateway.trail()
    once = sum(1 for entries in trail.values() if len(entries) == 1)
    well = [one.result() for one in sittings if not one.exception()]
    all_there = len(sent.sent) == len(accepted) == once == len(trail) and len(well) == len(sittings)
    return f"""{len(sent.sent)} contacts sent, {len(accepted)} accepted, {once} on the trail once
staff read {sum(well)} items at {len(well)} of {len(sittings)} sittings""", all_there


def report(given, samples, counts):
    said, all_there = counts
    print(f"{given.hours:g} simulated hours, {given.speed:g} in one, {given.peak:g} contacts in the busiest")
    print(f"{said}{'' if all_there else ': WRONG'}\n")
    print("| over the last three quarters | least | mean | most | growth | at most | |\n|---|---|---|---|---|---|---|")
    fine = all_there
    for what, least, mean, most, growth, tolerance, flat in watching.judged(samples):
        print(f"| {what} | {least:.1f} | {mean:.1f} | {most:.1f} | {growth} | {tolerance} | {'flat' if flat else 'GROWS'} |")
        fine = fine and flat
    if given.plot:
        title = f"{given.hours:g} simulated hours, {given.speed:g} in one"
        given.plot.write_text(plot.drawn(title, "hours since Monday 00:00", watching.panels(samples)))
    if given.json:
        given.json.write_text(json.dumps([dataclasses.asdict(sample) for sample in samples], indent=1))
    return fine


def main():
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.default_int_handler)
    given, place = options(), Place()
    try:
        gateway = site_days.Gateway(place, given.binary)
        sent = traffic.Traffic(gateway.doors)
        try:
            samples, sittings = replay(given, gateway, sent)
            counts = whole(gateway, sent, sittings)
        finally:
            sent.give_up.set()
    finally:
        place.close(given.keep)
    sys.exit(0 if report(given, samples, counts) else 1)


if __name__ == "__main__":
    main()
