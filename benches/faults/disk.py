"""A full disk, and a used-up quota of kept originals."""

import subprocess

from gateway import SAM, STRANGER, Gateway, passed, problem, saw
from processes import wait

# In MiB.
DISK = 128
# Bytes of a text: some hundred texts fill the journal's reserve.
TEXT = 100_000


def full(place, behind):
    case = "disk full"
    disk = place / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m,mode=700", "tmpfs", disk], check=True)
    try:
        gateway = Gateway(place, behind, data=disk).start()
        saw(case, "sender", f"before: a limited call is answered {gateway.decided_call('call-0')['action']}")
        fill(disk / "ballast")
        calls = until_commits_fail(case, gateway)
        answered = asked_and_passed(case, gateway)
        unready = gateway.unready()
        saw(case, "operator", f"ready: {sorted(unready)}", "archive" in unready)
        journalled, unrecorded = reserve_used_up("reserve used up", gateway)
        (disk / "ballast").unlink()
        # The gateway remembers a fault of the archive for a minute if nothing is kept meanwhile.
        wait("the journal to be replayed", lambda: not gateway.unready(), 240)
        entries, twice = gateway.recorded([*calls, *journalled, *answered])
        stale = all(one.get("stale") for one in entries.values() if one["contact"] in journalled)
        saw(case, "staff", f"afterwards: {len(entries)} decisions on the trail, {len(twice)} of them not once; "
            f"those of the journal stale: {stale}", not twice and stale)
        items = {one["contact"]: one for one in gateway.api("/api/v1/queues/limited?limit=500")["items"]}
        kept = [one for one in answered if items.get(one, {}).get("text")]
        saw(case, "staff", f"of {len(answered)} contacts that a program got an answer on, {len(kept)} have their text",
            len(kept) == len(answered))
        on_trail = [one for one in gateway.trail() if one in unrecorded]
        saw("reserve used up", "staff", f"afterwards: {len(on_trail)} of {len(unrecorded)} unrecorded on the trail",
            not on_trail)
        saw(case, "operator", f"ready again, ended with {gateway.stop()}")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def until_commits_fail(case, gateway):
    """Uses up the room in the database's log first. Returns the calls that were decided."""
    calls = {}

    def call():
        name = f"call-{len(calls) + 1}"
        calls[name] = gateway.call(name)
        return calls[name]

    wait("commits to fail", lambda: call() and "store" in gateway.unready(), 300)
    # A machine that is too busy to decide in time passes a call on, and says no disposition.
    last = wait("a call that is decided", lambda: (one := call()).get("stale") and one)
    unready = gateway.unready()
    saw(case, "operator", f"ready: {unready}", "store" in unready)
    calls = {name: one for name, one in calls.items() if "disposition" in one}
    agree = all((one["action"] == "connect") == (one["disposition"] == "deliver") for one in calls.values())
    saw(case, "sender", f"{len(calls)} calls, the last: {last['action']} beside {last['disposition']}, "
        f"stale {last['stale']}", agree and last["disposition"] == "limit")
    return calls


def asked_and_passed(case, gateway):
    """Senders who can try again are asked to, and everybody else's contacts pass. Returns the contacts of programs that
    got an answer: a text is small, and a full disk may have a page for it."""
    status, was_passed = gateway.form(SAM, f"the same again, {case}")
    saw(case, "sender", f"form of a restricted person: {status}, {passed(was_passed)}", status == 503 and not was_passed)
    # Other words in each case: the same form once more within minutes is one contact.
    status, was_passed = gateway.form(STRANGER, f"a tap drips, {case}")
    saw(case, "sender", f"form of anybody else: {status}, {passed(was_passed)}", status == 200 and was_passed)
    contact = f"asked, {case}".replace(", ", "-").replace(" ", "-")
    status, answer = gateway.program(contact, SAM, "the same again")
    said = problem(answer) if status == 503 else answer.get("disposition")
    saw(case, "sender", f"a program that asks about a restricted person: {status} {said}",
        status == 503 or (status == 200 and said == "limit"))
    code, reply = gateway.mail(SAM, "the same again")
    saw(case, "sender", f"mail of a restricted person: {code} {reply}", code == 452)
    code, reply = gateway.mail(STRANGER, "a tap drips")
    saw(case, "sender", f"mail of anybody else: {code} {reply}", code == 250)
    return [contact] if status == 200 else []


def reserve_used_up(case, gateway):
    """Sends long texts until none is recorded any more. Returns the ids of those that were journalled and of those
    that were not."""
    journalled, unrecorded = [], []
    for number in range(1_000):
        name = f"text-{number}"
        answer = gateway.text_message(name, SAM, f"{name} " + "a tap drips " * (TEXT // 12))
        # A machine that is too busy to decide in time says no disposition.
        if "disposition" in answer:
            (unrecorded if "unrecorded" in answer["flags"] else journalled).append(name)
        if unrecorded:
            break
    saw(case, "sender", f"a text: {answer.get('disposition')}, flags {answer.get('flags')}, after {len(journalled)} in "
        "the journal", bool(unrecorded) and answer["disposition"] == "deliver" and answer["stale"] is True)
    call = wait("a call that is unrecorded", lambda: fill_up(gateway, journalled, unrecorded))
    saw(case, "sender", f"a call: {call['action']} beside {call['disposition']}, flags {call['flags']}",
        call["action"] == "connect" and call["disposition"] == "deliver")
    journalled += asked_and_passed(case, gateway)
    unready = gateway.unready()
    saw(case, "operator", f"ready: {unready}", {"store", "journal"} <= unready.keys())
    return journalled, unrecorded


def fill_up(gateway, journalled, unrecorded):
    """A call is short: it may fit where a long text did not."""
    name = f"last-{len(journalled) + len(unrecorded)}"
    call = gateway.call(name)
    if "unrecorded" in call.get("flags", []):
        unrecorded.append(name)
        return call
    if "disposition" in call:
        journalled.append(name)
    return None


def fill(path):
    """Fills the file system to the last page."""
    with path.open("wb", buffering=0) as ballast:
        for piece in (64 * 1024, 4 * 1024, 512):
            try:
                while ballast.write(bytes(piece)) == piece:
                    pass
            except OSError:
                pass


def quota(place, behind):
    case = "quota"
    limits = {"mail": 'size_limit = "1 MiB"', "form": 'body_limit = "1 MiB"'}
    gateway = Gateway(place, behind, quotas='per_person = "1 MiB"', **limits).start()
    large = "\r\n".join("a tap drips" for _ in range(50_000))
    code, _ = gateway.mail(SAM, f"one\r\n{large}")
    saw(case, "sender", f"the first mail of a restricted person: {code}", code == 250)
    code, reply = gateway.mail(SAM, f"two\r\n{large}")
    saw(case, "sender", f"the next, beyond the quota: {code} {reply}", code == 452)
    code, _ = gateway.mail(STRANGER, f"three\r\n{large}")
    saw(case, "sender", f"mail of anybody else: {code}", code == 250)
    items = gateway.api("/api/v1/queues/limited")["items"]
    without = [item for item in items if "original_not_kept" in item["flags"]]
    read = bool(without and without[0].get("text", "").startswith("two"))
    saw(case, "staff", f"{len(items)} items, {len(without)} flagged original_not_kept, with its text: {read}",
        len(items) == 2 and len(without) == 1 and read)
    said = gateway.line_of("an original is not kept")
    saw(case, "operator", f"ready: {gateway.unready() or 'yes'}; {said}", not gateway.unready() and bool(said))
    checked = gateway.run("check", "--store")
    saw(case, "operator", f"check --store: {checked.returncode}, {checked.stdout.splitlines()[-1]}",
        checked.returncode == 0)
    lost_original("original lost", gateway, next(item for item in items if item not in without))
    gateway.stop()


def lost_original(case, gateway, item):
    kept = next(path for path in (gateway.data / "archive" / "karbon").rglob("*") if path.is_file())
    kept.unlink()
    status, answer = gateway.asked("GET", f"/api/v1/queues/limited/{item['id']}/original")
    saw(case, "staff", f"reading it: {status} {problem(answer)}", status == 409)
    status, answer = gateway.asked("POST", f"/api/v1/queues/limited/{item['id']}/release", {})
    saw(case, "staff", f"releasing it: {status} {problem(answer)}", status == 409)
    state = gateway.api(f"/api/v1/queues/limited/{item['id']}")["state"]
    saw(case, "staff", f"the item is {state}", state == item["state"])
    checked = gateway.run("check", "--store")
    named = [line for line in checked.stderr.splitlines() if "is missing" in line]
    saw(case, "operator", f"check --store: {checked.returncode}, {named}",
        checked.returncode == 1 and len(named) == 1 and item["id"] in named[0])
