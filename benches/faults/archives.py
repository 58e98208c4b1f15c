"""An S3 archive that is unreachable, and a folder of people's keys that is not mounted."""

import shutil
import signal
import subprocess
import time
import urllib.request

import buckets

from gateway import JO, PROGRAM, SAM, STRANGER, Gateway, passed, problem, saw, started
from processes import answers, free_port, wait

# Seconds: longer than the gateway uses a key without looking for its file.
SEEN_FOR = 6


class Buckets:
    """A server that speaks S3, with the bucket `originals`."""

    def __init__(self, place):
        self.port, self.place = free_port(), place
        self.process = started(*buckets.command(self.port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait("the server of buckets", lambda: answers(self.port))
        self.fault("")

    def fault(self, faults):
        """Faults from now on; "": none."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/fault?{faults}", timeout=60) as answer:
            answer.read()

    def section(self):
        return buckets.section(f"http://127.0.0.1:{self.port}", self.place)


def s3_away(place, behind):
    buckets = Buckets(place)
    gateway = Gateway(place, behind, archive=buckets.section()).start()
    code, _ = gateway.mail(SAM, "before")
    saw("S3", "sender", f"before: mail of a restricted person: {code}", code == 250)
    code, _ = gateway.mail(JO, "before")
    saw("S3", "sender", f"before: mail within a quota: {code}", code == 250)

    def frozen():
        buckets.process.send_signal(signal.SIGSTOP)

    def thawed():
        buckets.process.send_signal(signal.SIGCONT)

    kinds = [
        ("S3 refuses", lambda: buckets.fault("status=403&code=AccessDenied"), lambda: buckets.fault("")),
        ("S3 fails", lambda: buckets.fault("status=503"), lambda: buckets.fault("")),
        ("S3 is silent", frozen, thawed),
    ]
    for case, begin, end in kinds:
        begin()
        without_archive(case, gateway)
        end()
        unready = gateway.becomes("archive", works=True)
        code, reply = wait("the mail to be taken", lambda: (got := gateway.mail(SAM, case))[0] == 250 and got, 120)
        saw(case, "sender", f"when it comes again: {code} {reply}")
        saw(case, "operator", f"afterwards ready says {unready or 'yes'}", not unready)
    buckets.process.kill()
    without_archive("S3 away", gateway)
    gateway.stop()
    gateway.start()
    unready = gateway.becomes("archive", works=False)
    saw("S3 away", "operator", f"a start: ready says {unready}", "archive" in unready)
    code, _ = gateway.mail(STRANGER, "started without")
    saw("S3 away", "sender", f"a start: mail of anybody else: {code}", code == 250)
    gateway.stop()


def without_archive(case, gateway):
    before = len(gateway.log())
    code, reply = gateway.mail(SAM, case)
    saw(case, "sender", f"mail of a restricted person: {code} {reply}", code == 452)
    code, reply = gateway.mail(JO, case)
    saw(case, "sender", f"mail beyond a quota: {code} {reply}", code == 452)
    status, was_passed = gateway.form(SAM, case)
    saw(case, "sender", f"form of a restricted person: {status}, {passed(was_passed)}", status == 503 and not was_passed)
    code, _ = gateway.mail(STRANGER, case)
    saw(case, "sender", f"mail of anybody else: {code}", code == 250)
    status, was_passed = gateway.form(STRANGER, case)
    saw(case, "sender", f"form of anybody else: {status}, {passed(was_passed)}", status == 200 and was_passed)
    unready = gateway.becomes("archive", works=False)
    saw(case, "operator", f"ready: {unready}", "archive" in unready)
    said = gateway.line_of("an original could not be kept") if "an original could not be kept" in gateway.log()[before:] else ""
    saw(case, "operator", f"log: {said}", bool(said))


def keys_away(place, behind):
    case = "keys away"
    key, people, other = place / "store-key", place / "people-keys", place / "away"
    key.write_text(subprocess.run([*PROGRAM, "store", "new-key"], capture_output=True, text=True, check=True).stdout)
    key.chmod(0o600)
    people.mkdir(mode=0o700)
    keys = f'[keys]\nstore = [{{ file = "{key}" }}]\npeople = "{people}"'
    gateway = Gateway(place, behind, keys=keys)
    gateway.start()
    first = gateway.decided_call("before")
    shown = gateway.asked("GET", "/api/v1/people/P-1")[0]
    saw(case, "sender", f"before: a limited call, stale {first['stale']}; the person is shown: {shown}",
        first["stale"] is False and shown == 200)
    people.rename(other)
    in_memory(case, gateway)
    gateway.stop()
    started_without("keys away, start", gateway, lambda: other.rename(people), "limit")
    gateway.stop()
    # A gateway that remembers nothing of the store.
    people.rename(other)
    shutil.rmtree(gateway.data / "state")
    started_without("keys away, new", gateway, lambda: other.rename(people), "deliver")
    gateway.stop()
    another_folder("keys of others", gateway, people, other)


def in_memory(case, gateway):
    """The folder goes away while the gateway runs, which has the keys in memory."""
    unready = gateway.becomes("keys", works=False)
    saw(case, "operator", f"ready: {unready}", "keys" in unready)
    time.sleep(SEEN_FOR)
    call = gateway.decided_call("mounted-no-more")
    saw(case, "sender", f"a limited call: {call['action']}, stale {call['stale']}",
        call["disposition"] == "limit" and call["stale"] is True)
    call = gateway.decided_call("quota-no-more", JO)
    saw(case, "sender", f"a call within a quota: {call['action']}, flags {call['flags']}",
        call["disposition"] == "deliver" and "limits_unchecked" in call["flags"])
    status, _ = gateway.asked("GET", "/api/v1/people/P-1")
    saw(case, "staff", f"showing somebody whose key is in memory: {status}", status == 200)


def started_without(case, gateway, mount, disposition):
    """The gateway starts without the folder."""
    gateway.start()
    unready = gateway.becomes("keys", works=False)
    saw(case, "operator", f"ready: {unready}", "keys" in unready)
    call = gateway.decided_call(case.replace(" ", "-"))
    saw(case, "sender", f"a call of a limited person: {call['action']}, flags {call['flags']}, stale {call['stale']}",
        call["disposition"] == disposition and call["stale"] is True)
    for method, body in (("GET", None), ("PUT", {"id": "P-1", "name": "Another Name"})):
        status, answer = gateway.asked(method, "/api/v1/people/P-1", body)
        what = "showing" if body is None else "changing"
        saw(case, "staff", f"{what} somebody: {status} {problem(answer)}", status == 503)
    mount()
    # The gateway remembers a fault of the store for a minute if nothing is written meanwhile.
    wait("it to be ready", lambda: not gateway.unready(), 240)
    saw(case, "operator", "mounted, without a restart: ready says yes")
    call = wait("the restrictions", lambda: (one := gateway.decided_call("mounted"))["disposition"] == "limit" and one)
    saw(case, "sender", f"then a limited call is {call['action']}")
    status, answer = gateway.asked("GET", "/api/v1/people/P-1")
    saw(case, "staff", f"then somebody is shown: {status}", status == 200 and answer["name"] == "A Person")


def another_folder(case, gateway, people, other):
    people.rename(other)
    shutil.copytree(other, people)
    shutil.rmtree(people / "current")
    refused(case, gateway, "lacks the keys")
    shutil.rmtree(people)
    people.mkdir(mode=0o700)
    # Keys of another store, wrapped by the same key.
    strange = gateway.data / "store"
    strange.rename(gateway.data / "own-store")
    gateway.run("import", "--organisation", "karbon", str(gateway.config.parent / "people.json"))
    shutil.rmtree(strange)
    (gateway.data / "own-store").rename(strange)
    refused(case, gateway, "is another's")


def refused(case, gateway, why):
    before = len(gateway.log())
    gateway.begin()
    ended = gateway.process.wait(120)
    said = gateway.log()[before:].strip().splitlines()
    saw(case, "operator", f"a folder that {why}: the start ends with {ended}: {said[-1] if said else ''}", ended not in (0, None))
