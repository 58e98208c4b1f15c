"""The embedded store's commits, how long a start takes, and what an idle gateway takes of memory."""

import pathlib
import secrets
import sys
import tempfile

import mail_memory

from floors import commits_together, rows_of
from gateway import GENEROUS, Gateway, contact, restriction
from http_paths import ASKED, Load, expect, gateway_candidate, gateway_with
from measuring import Candidate, Case
from processes import counted
from report import Target
from servers import FILES, Redis, Sink

MANY_PEOPLE = 100_000
MEGABYTE = 1_000_000


def commits(place, options):
    """Embedded store: restricted contacts that are committed durably; and the same rows into SQLite, one at a time,
    and 64 with one sync."""
    gateway = gateway_with(place, "gateway", options)
    expect(gateway, "p0000001@people.example", "within_limits")
    rows = rows_of(gateway, ASKED)
    load = Load("contact", "/decisions/contact", 1, options.people)

    def one_by_one(seconds):
        file = place.folder / f"one-{secrets.token_hex(4)}.sqlite3"
        said = counted(sys.executable, FILES / "one_commit.py", rows, file, seconds)
        for left in place.folder.glob(file.name + "*"):
            left.unlink()
        return said

    candidates = [
        Candidate("SQLite, one synced commit at a time", dict, one_by_one, alone=True),
        gateway_candidate("gateway, embedded", gateway, load, 64),
        commits_together(place, options.floor, rows, 64),
    ]
    one, whole, together = (candidate.name for candidate in candidates)
    targets = [
        Target("64 connections", whole, one, "rate", at_least=20),
        Target("64 connections", together, one, "rate"),
        Target("64 connections", whole, together, "rate"),
        Target("64 connections", whole, together, "cpu"),
    ]
    return [Case("commit", "64 connections", candidates)], targets


def start(place, options):
    """From the start of the program until it says that it is ready, with 100,000 people on record."""
    people = 1_000 if options.quick else MANY_PEOPLE
    cases, targets = [], []
    for name, most in (("embedded", 1.0), ("Redis", 2.0)):
        store = "embedded" if name == "embedded" else Redis(place, "redis")
        gateway = Gateway(place, name, options.gateway, store)
        gateway.import_people(people, [restriction(GENEROUS)])

        def work(_seconds, gateway=gateway):
            took = gateway.start()
            known = gateway.decide(contact(secrets.token_hex(8), f"p{people - 1:07d}@people.example", "Please answer."))
            return {"requests": 1, "seconds": took, "ready_seconds": took, "errors": int(b"within_limits" not in known[2])}

        def check(values, gateway=gateway):
            values["resident_mb"] = gateway.resident() / MEGABYTE
            gateway.stop()

        candidate = Candidate(f"gateway, {name}", gateway.groups, work, gateway.stop, check)
        case = Case("start", f"{people} people, {name}", [candidate], "starts")
        cases.append(case)
        targets.append(Target(case.name, candidate.name, "", "ready_seconds", at_most=most, what="seconds until it is ready,"))
    return cases, targets


def memory(place, options):
    """Idle memory of the gateway for mail, as benches/mail_memory.py measures it."""
    sink = Sink(place)
    mail_memory.PROGRAM = options.gateway

    def peak(work):
        def measured(_seconds):
            with tempfile.TemporaryDirectory(dir=place.folder) as folder:
                gateway = mail_memory.Gateway(pathlib.Path(folder), sink.port)
                try:
                    work(gateway)
                    return {"requests": 1, "peak_mb": gateway.peak() / MEGABYTE}
                finally:
                    gateway.stop()

        return measured

    works = {
        "idle": (25, mail_memory.idle),
        "1000 idle SMTP sessions": (60, lambda gateway: mail_memory.idle_sessions(gateway.smtp)),
    }
    cases, targets = [], []
    for name, (most, work) in works.items():
        cases.append(Case("memory", name, [Candidate("gateway", lambda: {"sink": [sink.process.pid]}, peak(work))], "starts"))
        targets.append(Target(name, "gateway", "", "peak_mb", at_most=most, what="MB of memory at most,"))
    return cases, targets
