"""Other failures: no file descriptors left, stray signals, a clock that jumps or was never set, an unreachable mail
server, and a killed gateway."""

import concurrent.futures
import pathlib
import re
import signal
import smtplib
import socket
import subprocess
import time

from gateway import JO, PROGRAM, SAM, STRANGER, Gateway, passed, saw
from processes import free_port, sooner_or_later, wait

# In seconds.
YEAR = 365 * 86_400
# How long before a kill an answer may have been noticed here whose entry was not written yet.
UNWRITTEN = 1


def mail_server_away(place, behind):
    case = "mail server away"
    gateway = Gateway(place, behind, sink=free_port()).start()
    code, reply = gateway.mail(STRANGER, "a tap drips")
    saw(case, "sender", f"mail: {code} {reply}", code == 451)
    status, was_passed = gateway.form(STRANGER, "a tap drips")
    saw(case, "sender", f"form: {status}, {passed(was_passed)}", was_passed)
    unready = gateway.becomes("downstream", works=False)
    saw(case, "operator", f"ready: {unready}", "downstream" in unready)
    gateway.stop()


def descriptors(place, behind):
    case = "descriptors"
    gateway = Gateway(place, behind).start()
    limits = pathlib.Path(f"/proc/{gateway.process.pid}/limits").read_text()
    soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", limits).groups()
    saw(case, "operator", f"at start the soft limit is raised: {soft} of {hard}", soft == hard)
    held = len(list(pathlib.Path(f"/proc/{gateway.process.pid}/fd").iterdir()))
    limit(gateway, held + 4)
    clients, since = [], time.monotonic()
    before = len(gateway.log().splitlines())
    for port in (gateway.smtp, gateway.contacts, gateway.staff) * 20:
        clients.append(socket.create_connection(("127.0.0.1", port), timeout=30))

    def lines():
        return [line for line in gateway.log().splitlines()[before:] if "EMFILE" in line]

    # For a few seconds, to see how often it is logged.
    sooner_or_later(lambda: gateway.alive() and len(listeners(lines())) == 3 and len(lines()) >= 9)
    said, seconds = lines(), time.monotonic() - since
    saw(case, "operator", f"{len(said)} lines in {seconds:.0f} s name EMFILE, on {len(listeners(said))} listeners",
        len(listeners(said)) == 3 and len(said) <= 3 * (seconds + 2))
    for client in clients:
        client.close()
    limit(gateway, int(hard))
    status = wait("it to recover", lambda: gateway.alive() and gateway.ready(5))
    code, reply = gateway.mail(STRANGER, "hello")
    saw(case, "sender", f"waits; afterwards mail is answered {code}, and ready {status['ready']}", code == 250)
    checked = subprocess.run(["prlimit", "--nofile=1024:1024", *PROGRAM, "check", "--config", gateway.config],
                             capture_output=True, text=True, cwd=gateway.data)
    said = [line for line in checked.stderr.splitlines() if "limit of open files" in line]
    saw(case, "operator", f"check: {said[0] if said else 'nothing'}", bool(said))
    signals(gateway)


def limit(gateway, files):
    subprocess.run(["prlimit", f"--pid={gateway.process.pid}", f"--nofile={files}:"], check=True)


def listeners(lines):
    return {found for line in lines for found in re.findall(r'listener="?(\w+)', line)}


def signals(gateway):
    expected = {
        signal.SIGHUP: "reload: the configuration is unchanged",
        signal.SIGUSR1: "SIGUSR1 is ignored",
        signal.SIGUSR2: "SIGUSR2 is ignored",
    }
    for one, line in expected.items():
        gateway.process.send_signal(one)
        said = sooner_or_later(lambda: line in gateway.log() and gateway.alive(), 30)
        saw("signals", "operator", f"{one.name}: {line if said else 'nothing in the log'}, alive",
            said and gateway.alive())
    saw("signals", "operator", f"SIGTERM: ended with {gateway.stop()}")


def preloaded(place):
    """An environment with another clock, and the file that says how far it is off, in seconds."""
    library, offset = place / "clock.so", place / "offset"
    source = pathlib.Path(__file__).with_name("clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", library, source], check=True)
    offset.write_text("0")
    return {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)}, offset


def years(gateway):
    return sorted({entry["at"][:4] for entry in gateway.api("/api/v1/audit?after=0&limit=500")["entries"]})


def clock(place, behind):
    case = "clock"
    environment, offset = preloaded(place)
    gateway = Gateway(place, behind, environment=environment).start()
    gateway.decided_call("call-before")
    status, was_passed = gateway.form(STRANGER, "one")
    saw(case, "sender", f"before: form {status}, {passed(was_passed)}", was_passed)
    for name, jump in (("a year ahead", YEAR), ("a year behind", -YEAR)):
        offset.write_text(str(jump))
        unready = gateway.becomes("clock", works=False)
        saw(case, "operator", f"{name}: ready says {unready}", "clock" in unready)
        call = gateway.decided_call(f"call-{jump}")
        saw(case, "sender", f"{name}: a limited call is {call['action']}", call.get("disposition") == "limit")
        status, was_passed = gateway.form(STRANGER, f"during {name}")
        saw(case, "sender", f"{name}: form {status}, {passed(was_passed)}", was_passed)
    offset.write_text("0")
    status, was_passed = gateway.form(STRANGER, "and afterwards")
    saw(case, "sender", f"back: form {status}, {passed(was_passed)}", was_passed)
    wait("the clock to be trusted", lambda: "clock" not in gateway.unready(), 900)
    wait("the trail", lambda: any(one.startswith(f"call-{-YEAR}") for one in gateway.trail()))
    found = years(gateway)
    saw(case, "staff", f"years on the trail: {found}", len(found) == 1)
    gateway.stop()


def clock_never_set(place, behind):
    case = "clock never set"
    environment, offset = preloaded(place)
    gateway = Gateway(place, behind, environment=environment).start()
    gateway.decided_call("call-before", JO)
    gateway.stop()
    # To the beginning of 1970.
    offset.write_text(str(-int(time.time())))
    gateway.start()
    unready = gateway.becomes("clock", works=False)
    said = gateway.line_of("was never set")
    saw(case, "operator", f"ready: {unready}; {said}", "clock" in unready and "seconds=" in said)
    call = gateway.decided_call("call-unset")
    saw(case, "sender", f"a limited call is {call['action']}", call.get("disposition") == "limit")
    call = gateway.decided_call("call-counted", JO)
    saw(case, "sender", f"a call beyond a quota that was used before is {call['action']}", call.get("disposition") == "limit")
    gateway.recorded([call["contact"]] if "contact" in call else [])
    found = years(gateway)
    saw(case, "staff", f"years on the trail: {found}", found == [time.strftime("%Y", time.gmtime())])
    offset.write_text("0")
    unready = gateway.becomes("clock", works=True)
    saw(case, "operator", f"the clock is set: ready says {unready or 'yes'}", not unready)
    gateway.stop()


def killed(place, behind):
    """While mail comes in. Its senders try again, as a mail server does."""
    case = "gateway killed"
    gateway = Gateway(place, behind).start()
    wanted = {f"{number} {sender}": sender for number in range(60) for sender in (SAM, JO, STRANGER)}
    taken = {}

    def send(text):
        try:
            code, _ = gateway.mail(wanted[text], text)
        except (OSError, smtplib.SMTPException):
            return
        if code == 250:
            taken[text] = time.monotonic()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(send, text) for text in wanted]
        wait("some to be taken", lambda: len(taken) >= 30)
        gateway.process.send_signal(signal.SIGKILL)
        gateway.process.wait(60)
        ended = time.monotonic()
        concurrent.futures.wait(sending)
    before = len(taken)
    # Entries on people without restrictions are written after the answer: a crash loses the last fifth of a second.
    may_miss = sum(wanted[text] == STRANGER and ended - at < UNWRITTEN for text, at in taken.items())
    saw(case, "sender", f"{before} of {len(wanted)} mails were taken before it was killed; the others wait",
        before < len(wanted))
    gateway.start()
    for _ in range(100):
        for text in wanted.keys() - taken.keys():
            send(text)
        if len(taken) == len(wanted):
            break
    saw(case, "sender", f"afterwards {len(taken)} are taken", len(taken) == len(wanted))
    least = len(wanted) - may_miss
    trail = wait("every decision on the trail", lambda: len(found := gateway.trail()) >= least and found)
    twice = [one for one, entries in trail.items() if len(entries) != 1]
    entries = [entries[0] for entries in trail.values()]
    let_in = [one for one in entries if one["person"] == "P-2" and one["disposition"] == "deliver"]
    restricted = [one for one in entries if one["person"] in ("P-1", "P-2")]
    wanted_of_them = sum(sender != STRANGER for sender in wanted.values())
    saw(case, "staff", f"{len(trail)} decisions on the trail, {len(restricted)} on people with restrictions, "
        f"{len(twice)} of them not once; {len(let_in)} by a quota of one",
        least <= len(trail) <= len(wanted) and len(restricted) == wanted_of_them and not twice and len(let_in) == 1)
    items = gateway.api("/api/v1/queues/limited?limit=500")["items"]
    limited = [one for one in entries if one["disposition"] == "limit"]
    saw(case, "staff", f"{len(items)} items for {len(limited)} limited mails", len(items) == len(limited))
    unready = gateway.unready()
    saw(case, "operator", f"ready: {unready or 'yes'}", not unready)
    gateway.stop()
