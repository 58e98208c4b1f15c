#!/usr/bin/env python3
"""What a gateway does when its machine fails it: a full disk, a quota that is used up, no file descriptors left,
stray signals, a clock that jumps, a store whose past is gone, a mail server that is away. Runs the release program
and prints what each of sender, staff and operator sees, as a table; ends with 1 where something is not as
docs/operations.md says.

    cargo build --release && sudo benches/faults.py [PROGRAM]

Every state is waited for, with a deadline: a busy machine takes longer and says the same. Needs root (a file system
of 64 MiB is mounted), `prlimit` (util-linux), a C compiler for the clock, and `smtp-sink` (Debian package postfix).
"""

import hashlib
import http.server
import json
import pathlib
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target/release/contact-gateway"
TOKEN = "faults-token"
SAM, STRANGER, SAM_PHONE = "sam@x.example", "anybody@x.example", "+447700900123"
DISK = 64
ROWS, WRONG = [], []


def saw(case, who, what, right=True):
    """One line of the table; `right`: whether it is as it should be."""
    ROWS.append((case, who, what if right else f"WRONG: {what}"))
    if not right:
        WRONG.append(f"{case}: {who}: {what}")
    print(f"{case:<16} {who:<9} {ROWS[-1][2]}", flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def sooner_or_later(until, seconds=60):
    """What `until` finds before the deadline; otherwise what it found last, which is nothing."""
    end = time.monotonic() + seconds
    while True:
        found = until()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.1)


def wait(what, until, seconds=60):
    return sooner_or_later(until, seconds) or sys.exit(f"waited in vain for {what}")


class Behind(http.server.BaseHTTPRequestHandler):
    """The form's own handler."""

    taken = []

    def do_POST(self):
        Behind.taken.append(self.rfile.read(int(self.headers.get("content-length", 0))))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Gateway:
    def __init__(self, folder, behind, environment=None, sink=None, archive="", mail="", form=""):
        """`sink`: another mail server; the rest: more lines of these sections."""
        self.folder, self.environment = folder, environment or {}
        self.staff, self.contacts, self.smtp = free_port(), free_port(), free_port()
        self.log_path = pathlib.Path(tempfile.mkstemp(suffix=".log")[1])
        # Beside the disk that gets full.
        self.config = self.log_path.with_suffix(".toml")
        secret = self.log_path.with_suffix(".secret")
        secret.write_text(TOKEN)
        secret.chmod(0o600)
        self.config.write_text(
            f"""[store]
url = "embedded:{folder}/store"
[archive]
url = "file:{folder}/archive"
{archive}
[state]
folder = "{folder}/state"
[listen]
contacts = "127.0.0.1:{self.contacts}"
staff = "127.0.0.1:{self.staff}"
smtp = "127.0.0.1:{self.smtp}"
[mail]
downstream = "smtp://127.0.0.1:{sink or behind.sink}"
{mail}
[[organisation]]
id = "karbon"
profile = "{ROOT}/config/profiles/karbon-homes.toml"
mode = "enforce"
mail_domains = ["karbon.example"]
emergency = "+441910000000"
set = {{ "review.every_months" = 6 }}
[organisation.mail]
notice_from = "contact@karbon.example"
[[organisation.staff]]
name = "Front desk"
role = "governance"
token_sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
[[organisation.form]]
path = "/form"
upstream = "http://127.0.0.1:{behind.form}/form"
fields = {{ email = "email", text = "message" }}
{form}
[[organisation.telephony]]
provider = "generic"
product = "voice"
path = "/call"
token = {{ file = "{secret}" }}
targets = {{ queue = "sip:queue@pbx.example" }}
"""
        )
        people = self.log_path.with_suffix(".json")
        people.write_text(json.dumps([restricted("P-1", SAM, {"kind": "channels_only", "channels": ["letter"]})]))
        ended = self.run("import", "--organisation", "karbon", str(people))
        if ended.returncode != 0:
            sys.exit(f"import: {ended.stderr}")
        self.start()

    def run(self, *command):
        line = [PROGRAM, *command, "--config", self.config]
        return subprocess.run(line, capture_output=True, text=True, cwd=self.folder)

    def start(self):
        before = len(self.log())
        with self.log_path.open("a") as log:
            command = [PROGRAM, "serve", "--config", self.config]
            self.process = subprocess.Popen(
                command, stderr=log, cwd=self.folder, env={"PATH": "/usr/bin:/bin", **self.environment}
            )
        # It answers before all of it is started.
        wait("the gateway", lambda: self.alive() and "ready" in self.log()[before:].splitlines(), 120)

    def alive(self):
        if self.process.poll() is not None:
            sys.exit(f"the gateway ended with {self.process.returncode}:\n{self.log()[-2000:]}")
        return True

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def http(self, port, path, data=None, headers=None, seconds=20):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers or {})
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode(errors="replace")
        except OSError as error:
            return 0, str(error)

    def api(self, path):
        _, text = self.http(self.staff, path, headers={"authorization": f"Bearer {TOKEN}"})
        return json.loads(text)

    def ready(self, seconds=20):
        status, text = self.http(self.staff, "/health/ready", headers={"authorization": f"Bearer {TOKEN}"}, seconds=seconds)
        return json.loads(text) if status in (200, 503) else None

    def becomes(self, part, works):
        """The faults as soon as `part` works, or does not; as they are at the deadline otherwise."""
        sooner_or_later(lambda: (part not in self.unready()) == works, 120)
        return self.unready()

    def unready(self):
        parts = (self.ready() or {"parts": {}})["parts"]
        return {part: fault for part, fault in parts.items() if fault != "ok"}

    def form(self, sender, text):
        body = urllib.parse.urlencode({"email": sender, "message": text}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        before = len(Behind.taken)
        status, _ = self.http(self.contacts, "/form", body, headers)
        return status, len(Behind.taken) > before

    def call(self, contact):
        body = {"id": contact, "from": [{"kind": "email", "value": SAM}]}
        headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
        _, text = self.http(self.contacts, "/call", json.dumps(body).encode(), headers)
        return json.loads(text)

    def decided_call(self, contact):
        """The first of a few calls that was decided: a machine that is too busy to decide in time passes a
        call on, and says no disposition."""
        for number in range(100):
            call = self.call(f"{contact}-{number}")
            if "disposition" in call:
                return call
            time.sleep(0.5)
        sys.exit(f"no call was decided in time, a hundred times: {call}")

    def mail(self, sender, text):
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=60) as client:
            client.ehlo("mx.example")
            client.mail(sender)
            client.rcpt("repairs@karbon.example")
            message = f"From: {sender}\r\nTo: repairs@karbon.example\r\nSubject: s\r\n\r\n{text}\r\n"
            code, reply = client.data(message)
            return code, reply.decode(errors="replace")

    def audited(self):
        """How many audit entries each contact has."""
        found, after = {}, 0
        while after is not None:
            page = self.api(f"/api/v1/audit?after={after}&limit=500")
            for entry in page["entries"]:
                for contact in re.findall(r'"contact": ?"([^"]+)"', json.dumps(entry))[:1]:
                    found[contact] = found.get(contact, 0) + 1
            after = page["next"]
        return found


def restricted(person, address, restriction):
    return {
        "id": person,
        "name": "A Person",
        "identifiers": [{"kind": "email", "value": address}],
        "restrictions": [
            {
                "id": f"R-{person}", "grounds": "demands", "clause": "8.3", "starts": "2020-01-01",
                "review_due": "2099-01-01", "decided_by": "Max Manager", **restriction,
            }
        ],
    }


def disk_full(folder, behind):
    case = "disk full"
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m,mode=700", "tmpfs", disk], check=True)
    try:
        gateway = Gateway(disk, behind)
        saw(case, "sender", f"before: a limited call is answered {gateway.decided_call('call-0')['action']}")
        fill(disk / "ballast")
        # What the database's log has of room is used up first: then commits fail.
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
        status, passed = gateway.form(SAM, "the same again")
        saw(case, "sender", f"form of a restricted person: {status}, {'passed' if passed else 'not passed'}",
            status == 503 and not passed)
        status, passed = gateway.form(STRANGER, "a tap drips")
        saw(case, "sender", f"form of anybody else: {status}, {'passed' if passed else 'not passed'}",
            status == 200 and passed)
        code, reply = gateway.mail(SAM, "the same again")
        saw(case, "sender", f"mail of a restricted person: {code} {reply}", code in (451, 452))
        code, reply = gateway.mail(STRANGER, "a tap drips")
        saw(case, "sender", f"mail of anybody else: {code} {reply}", code == 250)
        unready = gateway.unready()
        saw(case, "operator", f"ready: {sorted(unready)}", "archive" in unready)
        (disk / "ballast").unlink()
        # A fault of the archive is remembered for a minute where nothing is kept meanwhile.
        wait("the journal to be replayed", lambda: not gateway.unready(), 240)
        audited = wait("every audit entry",
                       lambda: (found := gateway.audited()) and all(one in found for one in calls) and found, 240)
        twice = [one for one in calls if audited[one] != 1]
        saw(case, "staff", f"afterwards: {len(calls)} decisions on the trail, {len(twice)} of them not once", not twice)
        saw(case, "operator", f"ready again, ended with {gateway.stop()}")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill(path):
    """To the last page."""
    with path.open("wb", buffering=0) as ballast:
        for piece in (64 * 1024, 4 * 1024, 512):
            try:
                while ballast.write(bytes(piece)) == piece:
                    pass
            except OSError:
                pass


def quota(folder, behind):
    case = "quota"
    size = 'size_limit = "1 MiB"'
    gateway = Gateway(folder, behind, archive='per_person = "1 MiB"', mail=size, form='body_limit = "1 MiB"')
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
    saw(case, "operator", f"ready: {gateway.unready() or 'yes'}; {line_of(gateway, 'an original is not kept')}",
        not gateway.unready() and bool(line_of(gateway, "an original is not kept")))
    checked = gateway.run("check", "--store")
    saw(case, "operator", f"check --store: {checked.returncode}, {checked.stdout.splitlines()[-1]}",
        checked.returncode == 0)
    kept = next(path for path in (folder / "archive" / "karbon").rglob("*") if path.is_file())
    kept.unlink()
    checked = gateway.run("check", "--store")
    named = [line for line in checked.stderr.splitlines() if "is missing" in line]
    saw(case, "operator", f"check --store without one of them: {checked.returncode}, {named}",
        checked.returncode == 1 and len(named) == 1)
    gateway.stop()


def line_of(gateway, said):
    lines = [line for line in gateway.log().splitlines() if said in line]
    return re.sub("\x1b\\[[0-9;]*m", "", lines[-1]).split(": ", 1)[-1] if lines else ""


def mail_server_away(folder, behind):
    case = "mail server away"
    gateway = Gateway(folder, behind, sink=free_port())
    code, reply = gateway.mail(STRANGER, "a tap drips")
    saw(case, "sender", f"mail: {code} {reply}", code == 451)
    status, passed = gateway.form(STRANGER, "a tap drips")
    saw(case, "sender", f"form: {status}, {'passed' if passed else 'not passed'}", passed)
    unready = gateway.becomes("downstream", works=False)
    saw(case, "operator", f"ready: {unready}", "downstream" in unready)
    gateway.stop()


def descriptors(folder, behind):
    case = "descriptors"
    gateway = Gateway(folder, behind)
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

    # A few seconds of it: how often it is said is the matter here.
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
    checked = subprocess.run(["prlimit", "--nofile=1024:1024", PROGRAM, "check", "--config", gateway.config],
                             capture_output=True, text=True, cwd=folder)
    said = [line for line in checked.stderr.splitlines() if "limit of open files" in line]
    saw(case, "operator", f"check: {said[0] if said else 'nothing'}", bool(said))
    return gateway


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


# In seconds.
YEAR = 365 * 86_400


def clock(folder, behind):
    case = "clock"
    library = folder / "clock.so"
    source = pathlib.Path(__file__).with_name("clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", library, source], check=True)
    offset = folder / "offset"
    offset.write_text("0")
    environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)}
    gateway = Gateway(folder, behind, environment)
    gateway.decided_call("call-before")
    status, passed = gateway.form(STRANGER, "one")
    saw(case, "sender", f"before: form {status}, {'passed' if passed else 'not passed'}", passed)
    for name, jump in (("a year ahead", YEAR), ("a year behind", -YEAR)):
        offset.write_text(str(jump))
        unready = gateway.becomes("clock", works=False)
        saw(case, "operator", f"{name}: ready says {unready}", "clock" in unready)
        call = gateway.decided_call(f"call-{jump}")
        saw(case, "sender", f"{name}: a limited call is {call['action']}", call.get("disposition") == "limit")
        status, passed = gateway.form(STRANGER, f"during {name}")
        saw(case, "sender", f"{name}: form {status}, {'passed' if passed else 'not passed'}", passed)
    offset.write_text("0")
    status, passed = gateway.form(STRANGER, "and afterwards")
    saw(case, "sender", f"back: form {status}, {'passed' if passed else 'not passed'}", passed)
    wait("the clock to be believed", lambda: "clock" not in gateway.unready(), 900)
    wait("the trail", lambda: any(one.startswith(f"call-{-YEAR}") for one in gateway.audited()))
    years = {entry["at"][:4] for entry in gateway.api("/api/v1/audit?after=0&limit=500")["entries"]}
    saw(case, "staff", f"years on the trail: {sorted(years)}", len(years) == 1)
    gateway.stop()


def store_behind(folder, behind):
    case = "store behind"
    if subprocess.run([PROGRAM, "store", "accept", "--help"], capture_output=True).returncode != 0:
        saw(case, "operator", "not run: this program has no `store accept`")
        return
    gateway = Gateway(folder, behind)
    gateway.stop()
    shutil.copytree(folder / "store", folder / "older", ignore=shutil.ignore_patterns("state"))
    gateway.start()
    for number in range(5):
        gateway.decided_call(f"call-{number}")
    gateway.stop()
    for file in (folder / "store").glob("gateway.sqlite3*"):
        file.unlink()
    for file in (folder / "older").glob("gateway.sqlite3*"):
        shutil.copy2(file, folder / "store")
    gateway.start()
    call = gateway.decided_call("call-after")
    saw(case, "sender", f"a limited call: {call['action']}, flags {call.get('flags')}",
        call.get("disposition") == "limit" and "store_behind" in call.get("flags", []))
    unready = gateway.becomes("store", works=False)
    saw(case, "operator", f"ready: {unready}", "store" in unready)
    gateway.stop()
    accepted = gateway.run("store", "accept")
    gateway.start()
    unready = gateway.becomes("store", works=True)
    saw(case, "operator", f"store accept: {accepted.returncode}; ready says {unready or 'yes'}",
        accepted.returncode == 0 and not unready)
    gateway.stop()


class Servers:
    def __init__(self):
        self.form, self.sink = free_port(), free_port()
        handler = http.server.ThreadingHTTPServer(("127.0.0.1", self.form), Behind)
        threading.Thread(target=handler.serve_forever, daemon=True).start()
        self.sink_process = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{self.sink}", "100"])
        wait("smtp-sink", self.sink_answers)

    def sink_answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.sink), timeout=5).close()
            return True
        except OSError:
            return False


def main():
    global PROGRAM
    if len(sys.argv) > 1:
        PROGRAM = pathlib.Path(sys.argv[1]).resolve()
    behind = Servers()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            for name in ("full", "quota", "away", "descriptors", "clock", "behind"):
                (scratch / name).mkdir()
            disk_full(scratch / "full", behind)
            quota(scratch / "quota", behind)
            mail_server_away(scratch / "away", behind)
            signals(descriptors(scratch / "descriptors", behind))
            clock(scratch / "clock", behind)
            store_behind(scratch / "behind", behind)
    finally:
        behind.sink_process.terminate()
    print("\n| what fails | who | what was seen |\n|---|---|---|")
    for row in ROWS:
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    for line in WRONG:
        print(f"WRONG: {line}", file=sys.stderr)
    sys.exit(1 if WRONG else 0)


if __name__ == "__main__":
    main()
