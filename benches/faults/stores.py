"""A store that is unreachable, lags behind, or is read by another version."""

import hashlib
import json
import shutil
import subprocess

from gateway import JO, SAM, STRANGER, Gateway, passed, problem, saw, started
from processes import answers, free_port, wait


class Redis:
    """A server with its data in a folder; `of`: the one that it replicates."""

    def __init__(self, folder, of=None):
        self.folder, self.port, self.of = folder, free_port(), of
        self.folder.mkdir()
        self.process = None
        self.start()

    def start(self):
        command = ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", ""]
        command += ["--appendonly", "yes", "--maxmemory-policy", "noeviction"]
        if self.of:
            command += ["--replicaof", "127.0.0.1", self.of.port]
        self.process = started(*command, stdout=subprocess.DEVNULL)
        wait("redis-server", lambda: answers(self.port))

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def follows(self):
        asked = subprocess.run(["redis-cli", "-p", str(self.port), "role"], capture_output=True, text=True, timeout=60)
        return "connected" in asked.stdout.split()

    def section(self, *more):
        return "\n".join([f'url = "redis://127.0.0.1:{self.port}"', *more])


def decided_without(case, gateway):
    """What senders see while the store is away. Returns the decided calls."""
    sam, jo = gateway.decided_call("away-sam"), gateway.decided_call("away-jo", JO)
    saw(case, "sender", f"a limited call: {sam['action']} beside {sam['disposition']}, stale {sam['stale']}",
        sam["disposition"] == "limit" and sam["stale"] is True)
    saw(case, "sender", f"a call beyond a quota: {jo['action']}, flags {jo['flags']}",
        jo["disposition"] == "deliver" and "limits_unchecked" in jo["flags"])
    status, was_passed = gateway.form(SAM, "the same again")
    saw(case, "sender", f"form of a limited person: {status}, {passed(was_passed)}", status == 202 and not was_passed)
    for who, sender in (("of a limited person", SAM), ("beyond a quota", JO), ("of anybody else", STRANGER)):
        code, reply = gateway.mail(sender, f"away {sender}")
        saw(case, "sender", f"mail {who}: {code} {reply}", code == 250)


def recorded_afterwards(case, gateway, before, decided):
    """Checks that this many more decisions are on the trail once the store is back, each once."""
    unready = gateway.becomes("store", works=True)
    saw(case, "operator", f"afterwards ready says {unready or 'yes'}", not unready)
    trail = wait("every decision on the trail",
                 lambda: len(found := gateway.trail()) >= len(before) + decided and found, 240)
    new = [entries for contact, entries in trail.items() if contact not in before]
    twice = [entries for entries in new if len(entries) != 1]
    stale = [entries[0] for entries in new if entries[0].get("stale")]
    unchecked = [entry for entry in stale if "limits_unchecked" in entry.get("flags", [])]
    saw(case, "staff", f"afterwards: {len(new)} decisions on the trail, {len(twice)} of them not once, {len(stale)} "
        f"stale, {len(unchecked)} of them flagged limits_unchecked", len(new) >= decided and not twice)
    return stale, unchecked


def away(place, behind):
    case = "store away"
    redis = Redis(place / "redis")
    gateway = Gateway(place, behind, store=redis.section()).start()
    first, second = gateway.decided_call("before", JO), gateway.decided_call("before-2", JO)
    saw(case, "sender", f"before: by a quota of one {first['action']}, then {second['action']}",
        first["disposition"] == "deliver" and second["disposition"] == "limit")
    before = gateway.trail()
    redis.stop()
    unready = gateway.becomes("store", works=False)
    saw(case, "operator", f"ready: {unready}", "store" in unready)
    decided_without(case, gateway)
    redis.start()
    # Two calls, a form and three mails.
    stale, unchecked = recorded_afterwards(case, gateway, before, 6)
    saw(case, "staff", f"of limited people {len(stale)}, unchecked {len(unchecked)}", len(stale) >= 5 and len(unchecked) >= 2)
    gateway.stop()
    deferring(place / "deferring", behind)


def deferring(place, behind):
    """An organisation that chose to have e-mail wait for its counters."""
    case = "store away"
    place.mkdir()
    redis = Redis(place / "redis")
    gateway = Gateway(place, behind, store=redis.section(), chosen=', "store_away" = "defer"').start()
    redis.stop()
    gateway.becomes("store", works=False)
    code, reply = gateway.mail(JO, "deferred")
    saw(case, "sender", f"mail beyond a quota, where the organisation defers: {code} {reply}", code == 451)
    code, reply = gateway.mail(STRANGER, "not deferred")
    saw(case, "sender", f"mail of anybody else: {code} {reply}", code == 250)
    redis.start()
    gateway.becomes("store", works=True)
    code, reply = wait("the mail to be taken", lambda: (got := gateway.mail(JO, "deferred"))[0] == 250 and got)
    saw(case, "sender", f"when it comes again: {code} {reply}")
    gateway.stop()


def replicas(place, behind):
    case = "replicas away"
    master = Redis(place / "master")
    replica = Redis(place / "replica", of=master)
    wait("the replica to follow", replica.follows)
    gateway = Gateway(place, behind, store=master.section("replicas_acknowledged = 1")).start()
    first = gateway.decided_call("before", JO)
    saw(case, "sender", f"before: {first['action']}, stale {first['stale']}", first["stale"] is False)
    before = gateway.trail()
    replica.stop()
    gateway.decided_call("unacknowledged")
    unready = gateway.becomes("store", works=False)
    saw(case, "operator", f"ready: {unready}", "store" in unready)
    decided_without(case, gateway)
    replica.start()
    recorded_afterwards(case, gateway, before, 7)
    gateway.stop()


def cold_start(place, behind):
    case = "cold start"
    redis = Redis(place / "redis")
    gateway = Gateway(place, behind, store=redis.section())
    redis.stop()
    # A new machine, which knows nothing.
    shutil.rmtree(gateway.data / "state", ignore_errors=True)
    gateway.start()
    unready = gateway.becomes("store", works=False)
    saw(case, "operator", f"ready: {unready}", {"restrictions", "store"} <= unready.keys())
    serving = gateway.http(gateway.staff, "/health/serving")[0]
    saw(case, "operator", f"within the first minute, serving is {serving}", serving == 503)
    call = gateway.decided_call("cold")
    saw(case, "sender", f"a call of a limited person: {call['action']}, flags {call['flags']}",
        call["disposition"] == "deliver" and "restrictions_unknown" in call["flags"])
    status, was_passed = gateway.form(SAM, "cold")
    saw(case, "sender", f"form of a limited person: {status}, {passed(was_passed)}", was_passed)
    code, reply = gateway.mail(SAM, "cold")
    saw(case, "sender", f"mail of a limited person: {code} {reply}", code == 250)
    served = wait("it to be sent contacts", lambda: gateway.http(gateway.staff, "/health/serving")[0] == 200, 90)
    saw(case, "operator", f"after the first minute, serving is {200 if served else 503}")
    redis.start()
    unready = gateway.becomes("restrictions", works=True)
    saw(case, "operator", f"afterwards ready says {unready or 'yes'}", "restrictions" not in unready)
    call = gateway.decided_call("known")
    saw(case, "sender", f"afterwards a limited call is {call['action']}", call["disposition"] == "limit")
    trail = wait("every decision on the trail", lambda: len(found := gateway.trail()) >= 4 and found, 240)
    unknown = [one for one in trail.values() if "restrictions_unknown" in one[0].get("flags", [])]
    saw(case, "staff", f"{len(unknown)} decisions on the trail are flagged restrictions_unknown, each once",
        len(unknown) >= 3 and all(len(one) == 1 for one in trail.values()))
    gateway.stop()


MAGIC = b"CGJ1"


def frames(file):
    """The payloads of a journal (src/store/journal.rs has its format)."""
    rest, found = file.read_bytes(), []
    while rest.startswith(MAGIC):
        length = int.from_bytes(rest[4:8], "little")
        found.append(rest[16:16 + length])
        rest = rest[16 + length:]
    return found


def framed(payloads):
    return b"".join(MAGIC + len(one).to_bytes(4, "little") + hashlib.sha256(one).digest()[:8] + one for one in payloads)


def of_newer_version(payload):
    record = json.loads(payload)
    record["entry"]["entry"]["settled"]["decision"]["key_of_a_newer_version"] = True
    return json.dumps(record).encode()


def older_version(place, behind):
    """A journal with decisions as a newer version would write them."""
    case = "older version"
    redis = Redis(place / "redis")
    gateway = Gateway(place, behind, store=redis.section()).start()
    redis.stop()
    gateway.becomes("store", works=False)
    gateway.decided_call("newer")
    gateway.stop()
    journal = gateway.data / "state/journal"
    original = [one for one in frames(journal / "pending.journal") if b'"entry"' in one]
    (journal / "pending.journal").write_bytes(framed(of_newer_version(one) for one in original))
    redis.start()
    gateway.start()
    unready = gateway.becomes("journal", works=False)
    said = gateway.line_of("only another version can read")
    saw(case, "operator", f"ready: {unready}; {said}", "journal" in unready and f"{len(original)} journalled" in said)
    call = gateway.decided_call("meanwhile")
    saw(case, "sender", f"a limited call: {call['action']}, stale {call['stale']}",
        call["disposition"] == "limit" and call["stale"] is False)
    early = [one for one in gateway.trail() if one.startswith("newer")]
    saw(case, "staff", f"decisions of the newer version on the trail: {len(early)}", not early)
    gateway.stop()
    kept = frames(journal / "unread.journal")
    saw(case, "operator", f"unread.journal has {len(kept)}", len(kept) == len(original))
    # The version that wrote them reads them.
    (journal / "unread.journal").write_bytes(framed(original))
    gateway.start()

    def of_newer():
        return [entries for one, entries in gateway.trail().items() if one.startswith("newer")]

    late = wait("the trail", of_newer)
    unready = gateway.becomes("journal", works=True)
    saw(case, "staff", f"with the newer version: {len(late)} on the trail, each once; ready says {unready or 'yes'}",
        len(late) == len(original) and all(len(one) == 1 for one in late) and not unready)
    gateway.stop()


def store_behind(place, behind):
    case = "store behind"
    gateway = Gateway(place, behind).start()
    gateway.stop()
    store, older = gateway.data / "store", place / "older"
    shutil.copytree(store, older, ignore=shutil.ignore_patterns("state"))
    gateway.start()
    for number in range(5):
        gateway.decided_call(f"call-{number}")
    gateway.stop()
    for file in store.glob("gateway.sqlite3*"):
        file.unlink()
    for file in older.glob("gateway.sqlite3*"):
        shutil.copy2(file, store)
    gateway.start()
    call = gateway.decided_call("call-after")
    saw(case, "sender", f"a limited call: {call['action']}, flags {call.get('flags')}",
        call.get("disposition") == "limit" and "store_behind" in call.get("flags", []))
    status, answer = gateway.asked("PUT", "/api/v1/people/P-3", {"id": "P-3", "name": "A Person", "identifiers": []})
    saw(case, "staff", f"a change: {status} {problem(answer)}", status == 503)
    unready = gateway.becomes("store", works=False)
    saw(case, "operator", f"ready: {unready}", "store" in unready)
    gateway.stop()
    accepted = gateway.run("store", "accept")
    gateway.start()
    unready = gateway.becomes("store", works=True)
    saw(case, "operator", f"store accept: {accepted.returncode}; ready says {unready or 'yes'}",
        accepted.returncode == 0 and not unready)
    gateway.stop()
