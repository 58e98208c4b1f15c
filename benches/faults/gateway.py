"""The gateway under test, the servers behind it, and the table of results."""

import hashlib
import http.server
import json
import pathlib
import re
import smtplib
import subprocess
import sys
import threading
import time
import urllib.parse

import processes

from asking import Asking
from processes import ROOT, answers, free_port, sooner_or_later, wait

TOKEN = "faults-token"
# Sam may write letters only; Jo may make contact once a week; nobody else is on record.
SAM, JO, STRANGER = "sam@x.example", "jo@x.example", "anybody@x.example"
PROGRAM = [processes.PROGRAM]
ROWS, WRONG, RUNNING = [], [], []


def saw(case, who, what, right=True):
    """One line of the table; `right`: whether it is as documented."""
    ROWS.append((case, who, what if right else f"WRONG: {what}"))
    if not right:
        WRONG.append(f"{case}: {who}: {what}")
    print(f"{case:<16} {who:<9} {ROWS[-1][2]}", flush=True)


def started(*command, **more):
    """Starts a process that ends with this program at the latest."""
    process = subprocess.Popen([str(part) for part in command], **more)
    RUNNING.append(process)
    return process


def end_all():
    for process in RUNNING:
        if process.poll() is None:
            process.kill()
            process.wait()


def passed(was_passed):
    return "passed" if was_passed else "not passed"


def problem(answer):
    """The name of the problem in an answer, or the whole answer."""
    return answer["type"].rsplit(":", 1)[-1] if isinstance(answer, dict) and "type" in answer else answer


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


class Servers:
    def __init__(self):
        handler = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind)
        self.form, self.sink = handler.server_port, free_port()
        threading.Thread(target=handler.serve_forever, daemon=True).start()
        started("smtp-sink", "-u", "nobody", f"127.0.0.1:{self.sink}", "100")
        wait("smtp-sink", lambda: answers(self.sink))


class Gateway(Asking):
    """A gateway with its people loaded, not started yet."""

    def __init__(self, place, behind, data=None, environment=None, sink=None, store=None, archive=None, chosen="", **more):
        """`place`: a folder for its configuration and log; `data`: another for what it keeps. `sink`: another mail
        server. `store`, `archive`: these sections; `chosen`: more settings of the organisation; `keys`, `quotas`,
        `mail` and `form`: more lines."""
        super().__init__(TOKEN, free_port())
        self.data, self.environment = data or place / "data", environment or {}
        self.data.mkdir(exist_ok=True)
        self.contacts, self.smtp = free_port(), free_port()
        self.log_path, self.config = place / "log", place / "gateway.toml"
        self.process = None
        secret, people = place / "secret", place / "people.json"
        secret.write_text(TOKEN)
        secret.chmod(0o600)
        self.config.write_text(
            f"""{more.get("keys", "")}
[store]
{store or f'url = "embedded:{self.data}/store"'}
[archive]
{archive or f'url = "file:{self.data}/archive"'}
{more.get("quotas", "")}
[state]
folder = "{self.data}/state"
[listen]
contacts = "127.0.0.1:{self.contacts}"
staff = "127.0.0.1:{self.staff}"
smtp = "127.0.0.1:{self.smtp}"
[mail]
downstream = "smtp://127.0.0.1:{sink or behind.sink}"
{more.get("mail", "")}
[[organisation]]
id = "karbon"
profile = "{ROOT}/config/profiles/karbon-homes.toml"
mode = "enforce"
mail_domains = ["karbon.example"]
emergency = "+441910000000"
set = {{ "review.every_months" = 6{chosen} }}
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
{more.get("form", "")}
[[organisation.telephony]]
provider = "generic"
product = "voice"
path = "/call"
token = {{ file = "{secret}" }}
targets = {{ queue = "sip:queue@pbx.example" }}
"""
        )
        people.write_text(json.dumps([
            restricted("P-1", SAM, {"kind": "channels_only", "channels": ["letter"]}),
            restricted("P-2", JO, {"kind": "contact_quota", "limit": 1, "per": "week", "window": "rolling"}),
        ]))
        ended = self.run("import", "--organisation", "karbon", str(people))
        if ended.returncode != 0:
            sys.exit(f"import: {ended.stderr}")

    def run(self, *command):
        line = [*PROGRAM, *command, "--config", self.config]
        return subprocess.run(line, capture_output=True, text=True, cwd=self.data, timeout=600)

    def begin(self):
        with self.log_path.open("a") as log:
            environment = {"PATH": "/usr/bin:/bin", **self.environment}
            command = [*PROGRAM, "serve", "--config", self.config]
            self.process = started(*command, stderr=log, cwd=self.data, env=environment)

    def start(self):
        before = len(self.log())
        self.begin()
        # It answers before it is fully started.
        wait("the gateway", lambda: self.alive() and "ready" in self.log()[before:].splitlines(), 120)
        return self

    def alive(self):
        if self.process.poll() is not None:
            sys.exit(f"the gateway ended with {self.process.returncode}:\n{self.log()[-2000:]}")
        return True

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def line_of(self, said):
        """The last line of the log that says this, without its time and place."""
        lines = [line for line in self.log().splitlines() if said in line]
        return re.sub(r"\x1b\[[0-9;]*m|^\S+ +[A-Z]+ +([\w:]+: )?", "", lines[-1]) if lines else ""

    def becomes(self, part, works):
        """The faults as soon as `part` works, or stops working; otherwise those at the deadline."""
        sooner_or_later(lambda: (part not in self.unready()) == works, 120)
        return self.unready()

    def form(self, sender, text):
        body = urllib.parse.urlencode({"email": sender, "message": text}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        before = len(Behind.taken)
        status, _ = self.http(self.contacts, "/form", body, headers)
        return status, len(Behind.taken) > before

    def call(self, contact, sender=SAM):
        body = {"id": contact, "from": [{"kind": "email", "value": sender}]}
        _, call = self.asked("POST", "/call", body, self.contacts)
        return call if isinstance(call, dict) else {}

    def decided_call(self, contact, sender=SAM):
        """The first call that is decided: a machine too busy to decide in time passes calls on without a
        disposition."""
        for number in range(100):
            call = self.call(f"{contact}-{number}", sender)
            if "disposition" in call:
                return call
            time.sleep(0.5)
        sys.exit(f"no call was decided in time, a hundred times: {call}")

    def text_message(self, contact, sender, text):
        """The answer on a text message, which cannot be asked to try again."""
        body = {"id": contact, "channel": "sms", "from": [{"kind": "email", "value": sender}], "text": text}
        _, answer = self.asked("POST", "/call", body, self.contacts)
        return answer if isinstance(answer, dict) else {}

    def program(self, contact, sender, text):
        """Status and answer of the decision endpoint."""
        senders = [{"kind": "email", "value": sender, "assurance": "asserted"}]
        body = {"id": contact, "channel": "web_form", "from": senders, "text": text}
        return self.asked("POST", "/decisions/contact", body, self.contacts)

    def mail(self, sender, text):
        """Code and reply."""
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=60) as client:
            client.ehlo("mx.example")
            client.mail(sender)
            client.rcpt("repairs@karbon.example")
            message = f"From: {sender}\r\nTo: repairs@karbon.example\r\nSubject: s\r\n\r\n{text}\r\n"
            code, reply = client.data(message)
            return code, reply.decode(errors="replace")

    def recorded(self, contacts, seconds=240):
        """The entry of each of these contacts, once all are on the trail, and the contacts with several entries."""
        wanted = set(contacts)
        trail = wait("every decision on the trail",
                     lambda: (found := self.trail()).keys() >= wanted and found, seconds)
        return {one: trail[one][0] for one in wanted}, [one for one in wanted if len(trail[one]) != 1]


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
