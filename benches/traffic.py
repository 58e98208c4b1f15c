"""Contacts by mail, forms and calls, each sent until it is accepted, as patient senders do."""

import concurrent.futures
import dataclasses
import http.client
import json
import smtplib
import threading
import time
import urllib.parse

# Of restricted people so many may write letters only, the others have a quota.
CLOSED = 6
# Numbers that nobody has: of people on record, and of others.
TELEPHONE, TELEPHONE_OF_OTHERS = "+447700900", "+441632960"
# How many of each there are.
NUMBERS = 1000
# Seconds until an answer is given up, and between two tries.
ANSWER_WAIT, TRY_AGAIN = 30, 1.0
TOKEN_OF_CALLS = "the token of the call flow"
SENDERS_AT_ONCE = 24


@dataclasses.dataclass(frozen=True)
class Doors:
    """Host and port of each edge."""

    mail: tuple
    web: tuple


@dataclasses.dataclass
class Contact:
    """`person`: the number of somebody on record, or None. `answer`: what the last try was answered."""

    token: str
    way: str
    person: int | None
    number: int
    begun: float = 0.0
    accepted: float = 0.0
    tries: int = 0
    answer: object = None

    def address(self):
        return f"p{self.person}@people.example" if self.person is not None else f"s{self.number}@others.example"

    def telephone(self):
        if self.person is not None:
            return f"{TELEPHONE}{self.person:03}"
        return f"{TELEPHONE_OF_OTHERS}{self.number % NUMBERS:03}"

    def text(self):
        return f"When will the fence at number {self.number} be painted?"


def people(with_quota, limit):
    """The people on record, as `import` takes them."""
    if CLOSED + with_quota > NUMBERS:
        raise ValueError(f"there are telephone numbers for {NUMBERS} people, not for {CLOSED + with_quota}")
    return [on_record(number, limit) for number in range(CLOSED + with_quota)]


def on_record(number, limit):
    who = Contact("", "", number, number)
    kind = {"kind": "contact_quota", "limit": limit, "per": "week", "window": "rolling"}
    if number < CLOSED:
        kind = {"kind": "channels_only", "channels": ["letter"]}
    restriction = {
        "id": f"R-{number}", "grounds": "demands", "clause": "8.3", "starts": "2020-01-01",
        "review_due": "2099-01-01", "decided_by": "Max Manager", **kind,
    }
    identifiers = [{"kind": "email", "value": who.address()}, {"kind": "phone", "value": who.telephone()}]
    return {"id": f"P-{number}", "name": "A Person", "identifiers": identifiers, "restrictions": [restriction]}


def mail(doors, contact):
    """Whether a message is accepted."""
    with smtplib.SMTP(*doors.mail, timeout=ANSWER_WAIT) as client:
        client.ehlo("sender.example")
        client.mail(contact.address())
        client.rcpt("repairs@karbon.example")
        head = f"From: {contact.address()}\r\nTo: repairs@karbon.example\r\nSubject: {contact.token}\r\n"
        head += f"Message-ID: <{contact.token}@others.example>\r\n"
        code, _ = client.data(f"{head}\r\n{contact.text()}\r\n")
        contact.answer = code
        return code == 250


def posted(doors, path, body, fields):
    link = http.client.HTTPConnection(*doors.web, timeout=ANSWER_WAIT)
    try:
        link.request("POST", path, body, fields)
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


def form(doors, contact):
    """200: the handler took it. 202: the gateway did."""
    fields = {"email": contact.address(), "subject": contact.token, "message": contact.text()}
    head = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
    contact.answer, _ = posted(doors, "/form", urllib.parse.urlencode(fields), head)
    return contact.answer in (200, 202)


def call(doors, contact):
    senders = [{"kind": "phone", "value": contact.telephone()}]
    body = json.dumps({"id": contact.token, "channel": "telephone", "from": senders})
    head = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN_OF_CALLS}"}
    status, answer = posted(doors, "/call", body, head)
    contact.answer = json.loads(answer) if status == 200 else status
    return status == 200


WAYS = {"mail": mail, "form": form, "call": call}


def threaded(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


class Traffic:
    """`sent` grows as contacts are made; each is tried until it is accepted, or until `give_up` is set."""

    def __init__(self, doors):
        self.doors, self.sent, self.give_up = doors, [], threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(SENDERS_AT_ONCE)

    def send(self, way, person):
        number = len(self.sent)
        contact = Contact(f"{way}-{number:06}", way, person, number, time.time())
        self.sent.append(contact)
        self.pool.submit(self.insist, contact)

    def insist(self, contact):
        while not self.give_up.is_set():
            contact.tries += 1
            try:
                if WAYS[contact.way](self.doors, contact):
                    contact.accepted = time.time()
                    return
            except (OSError, smtplib.SMTPException, http.client.HTTPException, ValueError) as fault:
                contact.answer = repr(fault)
            self.give_up.wait(TRY_AGAIN)

    def waiting(self):
        return [contact for contact in list(self.sent) if not contact.accepted]

    def finish(self, seconds):
        """Waits until all are accepted; what is not by then is given up."""
        end = time.monotonic() + seconds
        while self.waiting() and time.monotonic() < end:
            time.sleep(0.2)
        self.give_up.set()
        self.pool.shutdown()
