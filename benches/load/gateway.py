"""The gateway that is measured: its configuration, its people, and what stands in its store."""

import contextlib
import datetime
import hashlib
import http.client
import json
import pathlib
import shutil
import sqlite3
import time

import webhooks

from processes import PROGRAM, ROOT, START_WAIT, free_port, run

TOKEN = "load"
GENEROUS = 1_000_000
IMPORT_PIECE = 100_000
RECORDED_WAIT = 30.0
# What the webhooks are that are sent.
WEBHOOK = "Twilio voice"


def restriction(limit, kind="contact_quota"):
    today = datetime.date.today()
    whole = {"id": "R-1", "kind": kind, "status": "active", "grounds": "frequency", "clause": "6.2"}
    whole.update(starts=str(today - datetime.timedelta(10)), review_due=str(today + datetime.timedelta(90)))
    whole.update(decided_by="A. Manager", signed_off_by="A. Head")
    if kind == "contact_quota":
        whole.update(limit=limit, per="month")
    if kind == "issue_closed":
        whole.update(issues=["C-1"], answered=["The boiler was repaired in March and works, as we told you."])
    return whole


def email(number):
    address = f"p{number:07d}@people.example"
    return {"kind": "email", "value": address}


def phone(number):
    return {"kind": "phone", "value": webhooks.number_of(number)}


def person(number, restrictions, identifier=email):
    identifiers = [identifier(number)]
    return {"id": f"P-{number}", "name": f"Person {number}", "identifiers": identifiers, "restrictions": restrictions}


def embedded(folder):
    """A gateway's or a floor's embedded store, to be read."""
    return sqlite3.connect(f"file:{folder}/store/gateway.sqlite3?mode=ro", uri=True, timeout=30)


def embedded_entries(folder):
    with contextlib.closing(embedded(folder)) as store:
        return store.execute("SELECT count(*) FROM audit WHERE organisation = 'karbon'").fetchone()[0]


def redis_entries(redis):
    return int(redis.ask("xlen", "cg1:{karbon}:audit"))


class Recording:
    """A server that records, `recorded()` many up to now."""

    def wait_for_recorded(self, before, wanted):
        """Until so many more are recorded than before. Gives how many are."""
        end = time.monotonic() + RECORDED_WAIT
        while (now := self.recorded() - before) < wanted and time.monotonic() < end:
            time.sleep(0.1)
        return now


class Gateway(Recording):
    """`store` is `embedded` or a Redis. Started by [`start`]; [`fresh`] gives it the store back as it
    was when the people were imported."""

    def __init__(self, place, name, program, store="embedded", **settings):
        self.place, self.name, self.program, self.store = place, name, program, store
        self.folder, self.process = place.sub(name), None
        self.contacts, self.staff, self.smtp = free_port(), free_port(), free_port()
        self.lmtp = settings.get("lmtp") or f"127.0.0.1:{free_port()}"
        self.config = self.folder / "gateway.toml"
        self.config.write_text(self.written(**settings))
        self.imported = 0

    def written(self, downstream=None, form=None, flow=None, organisations=1, lmtp=None):
        del lmtp
        url = f"embedded:{self.folder}/store" if self.store == "embedded" else self.store.url
        text = f'[store]\nurl = "{url}"\n[archive]\nurl = "file:{self.folder}/archive"\n'
        text += f'[state]\nfolder = "{self.folder}/state"\n'
        text += f'[listen]\ncontacts = "127.0.0.1:{self.contacts}"\nstaff = "127.0.0.1:{self.staff}"\n'
        if downstream:
            text += f'smtp = "127.0.0.1:{self.smtp}"\nlmtp = "{self.lmtp}"\n'
            text += f'[mail]\ndownstream = "smtp://127.0.0.1:{downstream}"\nxforward_from = ["127.0.0.0/8"]\n'
        for number in range(organisations):
            text += self.organisation(number, form, flow)
        return text

    def organisation(self, number, form, flow):
        name, token = ("karbon", TOKEN) if number == 0 else (f"o{number}", f"{TOKEN}-{number}")
        digest = hashlib.sha256(token.encode()).hexdigest()
        text = f"""
[[organisation]]
id = "{name}"
profile = "{ROOT}/config/profiles/karbon-homes.toml"
mode = "enforce"
mail_domains = ["{name}.example"]
emergency = "+441910000000"
set = {{ "review.every_months" = 6 }}
[[organisation.staff]]
name = "Load"
role = "governance"
token_sha256 = "{digest}"
"""
        if form and number == 0:
            text += f'[[organisation.form]]\npath = "/form"\nupstream = "http://127.0.0.1:{form}/form"\n'
            text += 'fields = { email = "email", text = "message", subject = "subject" }\n'
        if flow and number == 0:
            secret = self.folder / "secret"
            secret.write_text(webhooks.SECRET)
            secret.chmod(0o600)
            text += webhooks.telephony(WEBHOOK, flow, f'{{ file = "{secret}" }}')
        return text

    def start(self):
        """Until it is ready; gives the seconds that it took."""
        began = time.monotonic()
        command = [self.program, "serve", "--config", self.config]
        self.process = self.place.start(*command, log=f"{self.name}.log", cwd=self.folder)
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() - began > START_WAIT:
                said = (self.place.folder / f"{self.name}.log").read_text()[-2000:]
                raise RuntimeError(f"the gateway did not get ready: {said}")
            time.sleep(0.002)
        return time.monotonic() - began

    def ready(self):
        try:
            return self.ask("GET", "/health/ready", self.staff)[0] == 200
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.place.stop(self.process)
            self.process = None

    def import_people(self, count, restrictions, identifier=email):
        """So many people with these restrictions, `R-1` being given to each."""
        for first in range(0, count, IMPORT_PIECE):
            people = [person(number, restrictions, identifier) for number in range(first, min(count, first + IMPORT_PIECE))]
            file = self.folder / "people.json"
            file.write_text(json.dumps(people))
            run(self.program, "import", "--config", self.config, "--organisation", "karbon", file, cwd=self.folder)
            file.unlink()
        self.imported = count

    def keep(self):
        """Remembers the store as it is. The gateway does not run."""
        if self.store == "embedded":
            shutil.copytree(self.folder / "store", self.folder / "kept")
        else:
            self.store.keep()

    def fresh(self):
        self.stop()
        for name in ("archive", "state"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        if self.store == "embedded":
            shutil.rmtree(self.folder / "store", ignore_errors=True)
            if (self.folder / "kept").exists():
                shutil.copytree(self.folder / "kept", self.folder / "store")
        else:
            self.store.put_back()
        self.start()

    def groups(self):
        groups = {"server": [self.process.pid] if self.process else []}
        if self.store != "embedded":
            groups["redis"] = [self.store.process.pid]
        return groups

    def ask(self, method, path, port, body=None, token=TOKEN):
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            fields = {"Authorization": f"Bearer {token}"}
            if body is not None:
                fields["Content-Type"] = "application/json"
            link.request(method, path, json.dumps(body) if body is not None else None, fields)
            answer = link.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            link.close()

    def decide(self, contact, token=TOKEN):
        """The decision on a contact, with status and headers."""
        return self.ask("POST", "/decisions/contact", self.contacts, contact, token)

    def recorded(self):
        """Decisions that stand in the store, of the first organisation."""
        if self.store != "embedded":
            return redis_entries(self.store)
        return embedded_entries(self.folder)

    def decided(self):
        """Decisions among the entries: beside them the keeper writes what it reminds of."""
        if self.store != "embedded":
            entries = self.store.ask("xrange", "cg1:{karbon}:audit", "-", "+")
            return entries.count('"event":"decided"')
        with contextlib.closing(embedded(self.folder)) as store:
            of_contacts = "SELECT count(*) FROM audit WHERE organisation = 'karbon' AND record LIKE '%\"event\":\"decided\"%'"
            return store.execute(of_contacts).fetchone()[0]

    def texts(self, identity):
        """What stands in the store of the last contact, which has this id. Ends the gateway, which then has
        recorded it."""
        self.stop()
        if self.store == "embedded":
            with contextlib.closing(embedded(self.folder)) as store:

                def asked(query, *given):
                    return (store.execute(query, given).fetchone() or [None])[0]

                decision = asked("SELECT record FROM decision WHERE contact = ?", identity)
                trace = asked("SELECT record FROM received WHERE contact = ?", identity)
        else:
            keys = "cg1:{karbon}:"
            decision = self.store.ask("hget", f"{keys}contact:{identity}", "decision")
            person = json.loads(decision)["person"]
            trace = self.store.ask("hget", f"{keys}traces:{person}", identity) or None
        return {"contact": identity, "decision": decision, "trace": trace, "audit": self.last_entry()}

    def last_entry(self):
        """The last entry of the audit trail. Ends the gateway, which then has recorded all."""
        self.stop()
        if self.store != "embedded":
            return self.store.ask("xrevrange", "cg1:{karbon}:audit", "+", "-", "count", "1").splitlines()[-1]
        with contextlib.closing(embedded(self.folder)) as store:
            return store.execute("SELECT record FROM audit ORDER BY number DESC LIMIT 1").fetchone()[0]

    def resident(self):
        """Bytes of memory."""
        pages = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(pages.split("VmRSS:")[1].split()[0]) * 1024


def contact(identity, sender, text, **more):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    senders = [{"kind": "email", "value": sender, "assurance": "asserted"}]
    whole = {"id": identity, "channel": "web_form", "at": now, "from": senders, "subject": "My case", "text": text}
    return {**whole, **more}
