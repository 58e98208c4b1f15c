"""How cost grows: with restricted people, organisations, connections, bytes and history.

Each quantity yields (x, case): one point, measured as the paths are, before the next is set up."""

import dataclasses
import statistics
import time

from gateway import GENEROUS, TOKEN, Gateway, person, restriction
from http_paths import Load, gateway_candidate, gateway_with, wrk
from mail_paths import KIBIBYTE, sent
from measuring import Candidate, Case, compare
from plot import Panel
from servers import Sink

CONNECTIONS = 16
FILL_SECONDS = 5
FILL_WAIT = 600.0
FEW_PEOPLE = 500
MEGABYTE = 1_000_000
# Bytes that are sent at each size, so that small ones take time that can be told.
BODY_BYTES_A_SECOND = 20 * 1024 * KIBIBYTE
MESSAGES_A_SECOND_MAX = 1_000


def decisions(gateway, people, connections=CONNECTIONS, **more):
    """Decisions on somebody restricted and on somebody who is not, on a store as after the import."""
    candidates = []
    for name, every in (("restricted", 1), ("unrestricted", 0)):
        load = Load("contact", "/decisions/contact", every, people, more)
        candidate = gateway_candidate(name, gateway, load, connections)
        candidate.check = resident_and(gateway, candidate.check)
        candidates.append(candidate)
    return candidates


def resident_and(gateway, check):
    def both(values):
        values["resident_mb"] = gateway.resident() / MEGABYTE
        return check(values) if check else None

    return both


def people(place, options):
    """Restricted people on record."""
    counts = [1, 100, 10_000, 100_000] + ([1_000_000] if options.million else [])
    for count in counts[:2] if options.quick else counts:
        gateway = Gateway(place, f"people-{count}", options.gateway)
        gateway.import_people(count, [restriction(GENEROUS)])
        gateway.keep()
        yield count, Case("people", f"{count} people", decisions(gateway, count))
        gateway.stop()


def organisations(place, options):
    """Organisations, ten restricted people each; the first is asked."""
    for count in (1, 10) if options.quick else (1, 10, 100, 1_000):
        gateway = Gateway(place, f"organisations-{count}", options.gateway, organisations=count)
        gateway.start()
        some = [person(number, [restriction(GENEROUS)]) for number in range(10)]
        for number in range(count):
            token = TOKEN if number == 0 else f"{TOKEN}-{number}"
            status, _, said = gateway.ask("PUT", "/api/v1/people", gateway.staff, some, token)
            if status != 200:
                raise RuntimeError(f"people were not taken: {status} {said[:500]}")
        gateway.stop()
        gateway.keep()
        yield count, Case("organisations", f"{count} organisations", decisions(gateway, 10))
        gateway.stop()


def connections(place, options):
    """Connections at once."""
    gateway = gateway_with(place, "gateway", options)
    for count in (1, 100) if options.quick else (1, 10, 100, 1_000, 10_000):
        yield count, Case("connections", f"{count} connections", decisions(gateway, options.people, count))


def bodies(place, options):
    """Bytes of a message, by SMTP and on into a sink."""
    sink = Sink(place)
    gateway = gateway_with(place, "gateway", options, downstream=sink.port)
    for size in (2, 100) if options.quick else (2, 20, 200, 2_000, 20_000, 50_000):

        def work(seconds, size=size):
            messages = BODY_BYTES_A_SECOND * seconds / (size * KIBIBYTE)
            messages = max(4, round(min(messages, MESSAGES_A_SECOND_MAX * seconds)))
            return sent(gateway.smtp, sink.taken, 4, messages, size * KIBIBYTE)

        groups = lambda: gateway.groups() | {"sink": [sink.process.pid]}
        candidate = Candidate("message", groups, work, gateway.fresh, resident_and(gateway, None))
        yield size, Case("bodies", f"{size} KiB", [candidate])


def text(place, options):
    """Bytes of a contact's text, which is looked through for what comes before every restriction."""
    gateway = gateway_with(place, "gateway", options)
    for size in (10, 1_000) if options.quick else (10, 100, 400, 2_000, 10_000, 100_000):
        yield size, Case("text", f"{size} bytes", decisions(gateway, options.people, text=size))


def history(place, options):
    """Contacts that an organisation has on record."""
    gateway = gateway_with(place, "gateway", options)
    gateway.fresh()
    for wanted in (1_000, 5_000) if options.quick else (1_000, 3_000, 10_000, 30_000, 100_000, 300_000):
        fill(gateway, wanted, Load("contact", "/decisions/contact", 20, options.people))
        at = gateway.recorded()
        yield at, Case("history", f"{at} contacts", unprepared(gateway, options.people))


def fill(gateway, wanted, load):
    """With contacts of next to no text, so that it does not take as long as what is measured."""
    load = dataclasses.replace(load, more=load.more | {"text": 10})
    end = time.monotonic() + FILL_WAIT
    while (before := gateway.recorded()) < wanted:
        if time.monotonic() > end:
            raise RuntimeError(f"{wanted} contacts were not recorded in {FILL_WAIT:.0f} s: {before}")
        done = load.at(gateway.contacts, 64, 1 if wanted - before < 10_000 else FILL_SECONDS)
        gateway.wait_for_recorded(before, done["requests"])


def unprepared(gateway, many):
    """As [`decisions`], on the store as it has become."""
    candidates = []
    for name, every in (("restricted", 1), ("unrestricted", 0)):
        load = Load("contact", "/decisions/contact", every, many)
        work = lambda seconds, load=load: load.at(gateway.contacts, CONNECTIONS, seconds)
        candidates.append(Candidate(name, gateway.groups, work, None, resident_and(gateway, None)))
    return candidates


def person_history(place, options):
    """Contacts of one person on record, where a limit counts them and where they are compared with a
    closed matter. A few people are asked in turn until each has as many."""
    kinds = {"contact_quota": restriction(GENEROUS), "issue_closed": restriction(0, "issue_closed")}
    gateways = {}
    for kind, given in kinds.items():
        gateways[kind] = Gateway(place, kind, options.gateway)
        gateways[kind].import_people(FEW_PEOPLE, [given])
        gateways[kind].start()
    load = Load("contact", "/decisions/contact", 1, FEW_PEOPLE, {"hops": 1})
    for wanted in (1, 5) if options.quick else (1, 10, 25, 50, 100, 200):
        candidates = []
        for kind, gateway in gateways.items():
            fill(gateway, wanted * FEW_PEOPLE, load)

            def work(_seconds, gateway=gateway):
                before = gateway.recorded()
                return load.at(gateway.contacts, 4, 1) | {"x": before / FEW_PEOPLE}

            candidates.append(Candidate(kind, gateway.groups, work))
        yield wanted, Case("person-history", f"{wanted} contacts of each", candidates)


QUANTITIES = {
    "people": (people, "restricted people"),
    "organisations": (organisations, "organisations"),
    "connections": (connections, "connections"),
    "bodies": (bodies, "KiB of a message"),
    "text": (text, "bytes of a contact's text"),
    "history": (history, "contacts on record"),
    "person-history": (person_history, "contacts of each person on record"),
}
FIGURES = {
    "us of processor time for one": lambda run: run.micros("server", "redis"),
    "p50, us": lambda run: run.values.get("p50_us"),
    "requests a second": lambda run: run.rate,
    "MB of memory": lambda run: run.values.get("resident_mb"),
}


def measure(quantity, place, options, method, say, done):
    """Adds each point, as (x, case), to `done` once it is measured."""
    for x, case in QUANTITIES[quantity][0](place, options):
        compare(case, method, say)
        done.append((x, case))


def panels(done):
    points = {figure: {} for figure in FIGURES}
    for x, case in done:
        for candidate in case.candidates:
            at = statistics.median(run.values.get("x", x) for run in candidate.quiet_runs())
            for figure, of in FIGURES.items():
                values = [of(run) for run in candidate.quiet_runs()]
                if None not in values:
                    points[figure].setdefault(candidate.name, []).append((at, statistics.median(values)))
    return [Panel(figure, lines) for figure, lines in points.items() if lines]
