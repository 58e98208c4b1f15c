"""A site's two days: how many contacts come in each hour, by which way, and what staff do meanwhile."""

import hashlib
import json
import pathlib

import traffic

from asking import Asking
from processes import ROOT, free_port, run, wait_for_port

# Of each hour of a working day, contacts as a share of the busiest hour.
HOURS = (
    0.01, 0.005, 0.005, 0.005, 0.005, 0.01, 0.03, 0.12, 0.45, 1.0, 0.85, 0.7,
    0.5, 0.5, 0.55, 0.5, 0.4, 0.2, 0.12, 0.1, 0.08, 0.06, 0.04, 0.02,
)
# Monday, and the days after it.
DAYS = (1.0, 0.7, 0.65, 0.65, 0.6)
OFFICE = range(8, 18)
# Mail, forms and calls, in office hours and outside them.
BY_DAY, BY_NIGHT = (4, 2, 4), (6, 3, 1)
# Of ten contacts, so many from people who may write letters only, and from people with a quota.
CLOSED_OF_TEN, QUOTA_OF_TEN = 1, 2
WITH_QUOTA, LIMIT = 40, 5
TOKEN = "soak"
# Items that staff read at a sitting.
READ_AT_ONCE = 20
START_WAIT = 120


def share(hour):
    """Of the busiest hour, at this time: hours since Monday 00:00, from one hour's figure to the next."""
    day, at = divmod(hour, 24)
    before, after = HOURS[int(at)], HOURS[(int(at) + 1) % 24]
    part = at % 1
    return DAYS[int(day) % len(DAYS)] * (before * (1 - part) + after * part)


def ways(hour):
    return BY_DAY if int(hour % 24) in OFFICE else BY_NIGHT


def person(dice):
    kind = dice.randrange(10)
    if kind < CLOSED_OF_TEN:
        return dice.randrange(traffic.CLOSED)
    if kind < CLOSED_OF_TEN + QUOTA_OF_TEN:
        return traffic.CLOSED + dice.randrange(WITH_QUOTA)
    return None


class Gateway(Asking):
    """One gateway on the embedded store, as a small site runs it, and the servers behind it."""

    def __init__(self, place, program):
        super().__init__(TOKEN, free_port())
        self.place, self.program, self.folder = place, program, place.sub("gateway")
        self.contacts, self.smtp, self.mailbox, self.form = free_port(), free_port(), free_port(), free_port()
        self.doors = traffic.Doors((self.host, self.smtp), (self.host, self.contacts))
        behind = pathlib.Path(__file__).resolve().parent.parent / "behind.py"
        command = ["python3", "-B", behind, self.host, self.mailbox, self.form, place.folder / "taken"]
        wait_for_port(self.mailbox, place.start(*command, log="behind.log"))
        self.config = self.folder / "gateway.toml"
        self.config.write_text(self.written())
        people = self.folder / "people.json"
        people.write_text(json.dumps(traffic.people(WITH_QUOTA, LIMIT)))
        self.run("import", "--organisation", "karbon", people)
        self.process = place.start(program, "serve", "--config", self.config, log="gateway.log", cwd=self.folder)
        wait_for_port(self.smtp, self.process, START_WAIT)
        wait_for_port(self.staff, self.process, START_WAIT)

    def written(self):
        secret = self.folder / "secret"
        secret.write_text(traffic.TOKEN_OF_CALLS)
        secret.chmod(0o600)
        return f"""[store]
url = "embedded:{self.folder}/store"
[archive]
url = "file:{self.folder}/archive"
[state]
folder = "{self.folder}/state"
[listen]
contacts = "127.0.0.1:{self.contacts}"
staff = "127.0.0.1:{self.staff}"
smtp = "127.0.0.1:{self.smtp}"
posts_per_minute = 100000
[mail]
downstream = "smtp://127.0.0.1:{self.mailbox}"
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
name = "Soak"
role = "governance"
token_sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
[[organisation.form]]
path = "/form"
upstream = "http://127.0.0.1:{self.form}/form"
fields = {{ email = "email", text = "message", subject = "subject" }}
[[organisation.telephony]]
provider = "generic"
product = "voice"
path = "/call"
token = {{ file = "{secret}" }}
targets = {{ queue = "sip:queue@pbx.example" }}
"""

    def run(self, *command):
        return run(self.program, *command, "--config", self.config, cwd=self.folder)

    def sitting(self):
        """Staff look at the queue and the trail, and read the oldest items. How many."""
        items = self.api(f"/api/v1/queues/limited?limit={READ_AT_ONCE}")["items"]
        self.api("/api/v1/audit?limit=100")
        for item in items:
            self.asked("GET", f"/api/v1/queues/limited/{item['id']}")
            self.asked("POST", f"/api/v1/queues/limited/{item['id']}/read")
        return len(items)
