"""What must hold of a run whatever went wrong in it."""

import collections
import dataclasses
import json

from traffic import CLOSED

# Seconds. What a gateway had in hand when it was killed or cut off may be delivered twice: its client never heard that it
# was. What it had just answered to somebody without restrictions when it was killed may be missing on the trail.
IN_HAND = 2.0
# On the item of a call that could not wait for its decision (docs/telephony.md).
DECIDED_LATE = "passed on, decided too late"
# Seconds without a page of the console.
CONSOLE_WITHOUT = 20.0
# What a decision without counters is flagged with.
UNCHECKED = {"limits_unchecked", "restrictions_unknown"}


@dataclasses.dataclass
class Found:
    """One line of the table."""

    what: str
    seen: str
    right: bool
    examples: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Books:
    """`taken`: what the servers behind noted; `items`: of all queues; `trail`: decisions by contact."""

    sent: list
    taken: list
    items: list
    trail: dict
    events: list

    def __post_init__(self):
        self.delivered, self.items_of, self.contact_of = (collections.defaultdict(list) for _ in range(3))
        for one in self.taken:
            if one["token"].startswith(("mail-", "form-")):
                self.delivered[one["token"]].append(one)
                self.contact_of[one["token"]].append(contact_in(one["decision"]))
        for item in self.items:
            token = item["contact"] if item["channel"] == "telephone" else item.get("subject") or ""
            self.items_of[token].append(item)
            self.contact_of[token].append(item["contact"])
        for contact in self.trail:
            if contact.startswith("call-"):
                self.contact_of[contact].append(contact)

    def entries(self, contact):
        """The entries of a contact, under whatever ids it had."""
        found = [entry for one in set(self.contact_of[contact.token]) for entry in self.trail.get(one, [])]
        return sorted(found, key=lambda entry: entry["at"])

    def killed(self):
        return [at for event in self.events for at in event.killed]

    def near_a_kill(self, contact):
        return any(contact.begun - IN_HAND <= at <= contact.accepted + IN_HAND for at in self.killed())

    def was_in_hand(self, contact):
        """A copy arrived in the moment in which a gateway was killed, or cut off from both sides."""
        moments = self.killed() + [at for event in self.events for at in event.torn]
        return any(abs(one["at"] - at) <= IN_HAND for one in self.delivered[contact.token] for at in moments)


def contact_in(decision):
    parts = (part.strip().partition("=") for part in decision.split(";"))
    return next((value for name, _, value in parts if name == "contact"), "")


def taken_from(file):
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def items_of(gateway):
    """Every item of every queue, in whatever state."""
    found = []
    for queue in gateway.api("/api/v1/queues")["queues"]:
        after = ""
        while after is not None:
            states = "open,claimed,read,released,filed,closed"
            page = gateway.api(f"/api/v1/queues/{queue['queue']}?limit=500&state={states}{after}")
            found += page["items"]
            after = f"&after={page['next']}" if page.get("next") else None
    return found


def some(contacts):
    return [contact.token if hasattr(contact, "token") else str(contact) for contact in contacts[:5]]


def places(books):
    """Every accepted contact is delivered or on a queue, once."""
    lost, both, again, explained, late = [], [], [], [], []
    for contact in books.sent:
        if not contact.accepted:
            continue
        items = len(books.items_of[contact.token])
        delivered = len(books.delivered[contact.token])
        if contact.way == "call":
            delivered = int(isinstance(contact.answer, dict) and contact.answer.get("action") == "connect")
        if items + delivered == 0:
            lost.append(contact)
        elif items and delivered:
            was_late = contact.way == "call" and DECIDED_LATE in json.dumps(books.items_of[contact.token])
            (late if was_late else both).append(contact)
        elif items + delivered > 1:
            (explained if books.was_in_hand(contact) else again).append(contact)
    accepted = [contact for contact in books.sent if contact.accepted]
    return [
        Found("sent and accepted", f"{len(accepted)} of {len(books.sent)}", len(accepted) == len(books.sent),
              some([one for one in books.sent if not one.accepted])),
        Found("neither delivered nor on a queue", str(len(lost)), not lost, some(lost)),
        Found("delivered and on a queue", str(len(both)), not both, some(both)),
        Found("calls passed on before they were decided, as their items say", str(len(late)), True, some(late)),
        Found("twice in one place", str(len(again)), not again, some(again)),
        Found("twice, because it was in hand when its gateway was lost", str(len(explained)), True, some(explained)),
    ]


def on_the_trail(books):
    missing, crashed, twice, otherwise = [], [], [], []
    for contact in books.sent:
        if not contact.accepted:
            continue
        entries = books.entries(contact)
        if not entries:
            (crashed if contact.person is None and books.near_a_kill(contact) else missing).append(contact)
        elif len(entries) > 1:
            twice.append(contact)
        elif (entries[0]["disposition"] == "deliver") == bool(books.items_of[contact.token]):
            otherwise.append(contact)
    known = {one for contact in books.sent for one in books.contact_of[contact.token]}
    strange = [one for one in books.trail if one not in known]
    decisions = sum(len(entries) for entries in books.trail.values())
    return [
        Found("decisions on the trail", f"{decisions} of {len(books.sent)} contacts", True),
        Found("not on the trail", str(len(missing)), not missing, some(missing)),
        Found("not on the trail, because a gateway was killed that moment", str(len(crashed)), True, some(crashed)),
        Found("twice on the trail", str(len(twice)), not twice, some(twice)),
        Found("on the trail, but never sent", str(len(strange)), not strange, some(strange)),
        Found("decided one way and treated another", str(len(otherwise)), not otherwise, some(otherwise)),
    ]


def quotas(books, limit):
    """No quota is exceeded with counters, and nobody is limited below theirs."""
    of = collections.defaultdict(list)
    for contact in books.sent:
        for entry in books.entries(contact)[:1]:
            of[contact.person].append((entry["number"], entry, contact))
    over, wrongly, strangers, unchecked = [], [], [], 0
    for person, decided in of.items():
        # As they were committed: of two at once the later one may have come first.
        decided.sort(key=lambda one: one[0])
        counted, loose = 0, 0
        for _, entry, contact in decided:
            delivered = entry["disposition"] == "deliver"
            without = bool(UNCHECKED & set(entry.get("flags", [])))
            unchecked += without
            if person is None:
                strangers += [] if delivered else [contact]
            elif person < CLOSED:
                over += [contact] if delivered and not without else []
            elif delivered:
                counted, loose = counted + (not without), loose + without
                over += [contact] if counted > limit else []
            elif counted + loose < limit:
                wrongly.append(contact)
    return [
        Found("contacts over a quota that counters admitted", str(len(over)), not over, some(over)),
        Found("limited below a quota", str(len(wrongly)), not wrongly, some(wrongly)),
        Found("limited without a restriction", str(len(strangers)), not strangers, some(strangers)),
        Found("decided without counters, and flagged so", str(unchecked), True),
        Found("mail among them (which waits instead)", *mail_unchecked(books)),
    ]


def mail_unchecked(books):
    found = [
        contact for contact in books.sent
        for entry in books.entries(contact) if contact.way == "mail" and "limits_unchecked" in entry.get("flags", [])
    ]
    return str(len(found)), not found, some(found)


def of_the_console(staff):
    came = sum(1 for look in staff.looks if look[3])
    statuses = collections.Counter(str(look[2] or "no answer") for look in staff.looks if not look[3])
    longest = staff.longest_without()
    others = ", ".join(f"{count} × {status}" for status, count in statuses.items()) or "none otherwise"
    return [
        Found("pages of the console", f"{came} of {len(staff.looks)} came; {others}", came > 0),
        Found("longest without a page", f"{longest:.1f} s (at most {CONSOLE_WITHOUT:.0f} s)", longest <= CONSOLE_WITHOUT),
    ]
