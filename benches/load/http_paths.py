"""Paths over HTTP: a decision on somebody unrestricted and somebody restricted, and a form."""

import dataclasses
import secrets
import socket

import webhooks

from floors import SCRIPT_ALONE, CommittingFloor, Floor, FormFloor, PassingFloor, RecordingFloor, rows_of, script_alone
from gateway import GENEROUS, TOKEN, WEBHOOK, Gateway, contact, email, phone, restriction
from measuring import Candidate, Case
from processes import counted, need
from report import Target
from servers import FILES, Form, Peer, Proxy, Redis

TEXT_BYTES = 400
WARM_UP_SECONDS = 0.5
# What a client may have under way as it ends, and the store's own entries, beside what was answered.
ENTRIES_BESIDE = 16
# As long as an id of the load.
ASKED = "asked123-0000000000"
# Webhooks that are signed beforehand for each second of a run: more than any gateway here takes.
SIGNED_A_SECOND = 15_000
# Telephone numbers that callers have, restricted ones included.
NUMBERS = 100_000
RECORDED = "hyper, with what must be recorded"
COMMITTED = "hyper, with what must be committed"
PASSING = "hyper, proxy alone"
FORM_RECORDED = "hyper, proxy with what must be recorded"
TWIML = "<Response><Pause/></Response>"


def wrk(port, connections, seconds, script="requests.lua", **environment):
    """Gives what the script counted. One thread, so that no number is used twice."""
    need("wrk")
    settings = {"LOAD_STAMP": secrets.token_hex(4), "LOAD_TOKEN": TOKEN, "LOAD_TEXT": TEXT_BYTES, "LOAD_FILES": FILES}
    settings.update({f"LOAD_{name.upper()}": value for name, value in environment.items()})
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    command += ["-s", FILES / script, f"http://127.0.0.1:{port}/"]
    return counted(*command, env={name: str(value) for name, value in settings.items()})


@dataclasses.dataclass
class Load:
    """Requests as the Lua program makes them; one in `every` is from somebody restricted."""

    kind: str
    path: str
    every: int
    people: int
    more: dict = dataclasses.field(default_factory=dict)

    def at(self, port, connections, seconds):
        settings = {"kind": self.kind, "path": self.path, "every": self.every, "people": self.people}
        return wrk(port, connections, seconds, **settings, **self.more)


@dataclasses.dataclass
class Ready:
    """Requests that were made beforehand, all of one length: each is sent once before any is sent again."""

    file: object
    length: int
    count: int
    first: int = 0

    def at(self, port, connections, seconds):
        values = wrk(port, connections, seconds, "ready.lua", ready=self.file, length=self.length, first=self.first)
        self.first = (self.first + values["requests"] + connections + ENTRIES_BESIDE) % self.count
        return values


def constant(name, server, load, connections, prepare=None, groups=None):
    """A peer or floor that answers always the same."""
    return Candidate(
        name,
        groups or (lambda: {"server": [server.process.pid]}),
        lambda seconds: load.at(server.port, connections, seconds),
        prepare,
    )


def gateway_candidate(name, gateway, load, connections, groups=None, recorded_per_request=1):
    """The store is as after the import before each run; afterwards it has a decision for each request,
    and the time that it took to record them is the server's too."""
    before = {}

    def prepare():
        gateway.fresh()
        warm = gateway.recorded()
        done = load.at(gateway.contacts, connections, WARM_UP_SECONDS)
        gateway.wait_for_recorded(warm, done["requests"] * recorded_per_request)
        before["entries"] = gateway.recorded()

    def work(seconds):
        values = load.at(gateway.contacts, connections, seconds)
        values["recorded"] = gateway.wait_for_recorded(before["entries"], values["requests"] * recorded_per_request)
        return values

    def check(values):
        wanted = values["requests"] * recorded_per_request
        if not wanted <= values["recorded"] <= wanted + connections + ENTRIES_BESIDE:
            return f"{values['recorded']} decisions are recorded of {values['requests']} requests"
        return None

    return Candidate(name, groups or gateway.groups, work, prepare, check)


def gateway_with(place, name, options, store="embedded", limit=GENEROUS, identifier=email, **settings):
    """Not started, with people who are restricted and a store that is remembered."""
    gateway = Gateway(place, name, options.gateway, store, **settings)
    gateway.import_people(options.people, [restriction(limit)], identifier)
    gateway.keep()
    return gateway


def expect(gateway, sender, reason):
    """That the gateway decides as the path says: else what is measured is something else. Gives headers
    and bytes of the answer."""
    gateway.fresh()
    status, headers, body = gateway.decide(contact(ASKED, sender, "Please answer."))
    if status != 200 or reason not in body.decode():
        raise RuntimeError(f"wanted {reason}, got {status} {body.decode()}")
    return [f"{name}: {value}" for name, value in headers if name not in ("content-length", "date")], body


def unrestricted(place, options):
    """HTTP decision on a sender who is on no record, and the floor under it."""
    embedded = gateway_with(place, "embedded", options)
    on_redis = gateway_with(place, "on-redis", options, Redis(place, "redis"))
    expect(on_redis, "u0000001@sender.example", "sender_unknown")
    headers, body = expect(embedded, "u0000001@sender.example", "sender_unknown")
    floor = Floor(place, options.floor, body, headers)
    recording = RecordingFloor(place, options.floor, rows_of(embedded, ASKED), headers)
    load = Load("contact", "/decisions/contact", 0, options.people)
    cases = []
    for connections in options.connections:
        candidates = [
            constant("hyper alone", floor, load, connections),
            gateway_candidate(RECORDED, recording, load, connections),
            gateway_candidate("gateway, embedded", embedded, load, connections),
            gateway_candidate("gateway, Redis", on_redis, load, connections),
        ]
        cases.append(Case("decision-unrestricted", f"{connections} connections", candidates))
    targets = []
    for store in ("embedded", "Redis"):
        name = f"gateway, {store}"
        targets.append(Target("64 connections", name, "hyper alone", "rate", at_least=0.85))
        targets.append(Target("1 connections", name, "hyper alone", "p50", at_most=75 / 60))
    targets.append(Target("64 connections", RECORDED, "hyper alone", "rate"))
    targets.append(Target("64 connections", "gateway, embedded", RECORDED, "rate"))
    targets.append(Target("64 connections", "gateway, embedded", RECORDED, "cpu"))
    return cases, targets


def restricted(place, options):
    """HTTP decision on a restricted sender, each committed on Redis, and nginx with one EVALSHA."""
    within = gateway_with(place, "within", options, Redis(place, "redis-within"))
    over = gateway_with(place, "over", options, Redis(place, "redis-over"), limit=1)
    headers, body = expect(within, "p0000001@people.example", "within_limits")
    floor, rows, floor_redis = Floor(place, options.floor, body, headers), rows_of(within, ASKED), Redis(place, "redis-floor")
    committing = CommittingFloor(place, options.floor, rows, Redis(place, "redis-committing"), options.people, headers)
    expect(over, "p0000001@people.example", "within_limits")
    peer_redis = Redis(place, "redis-peer")
    peer = Peer(place, peer_redis, Form(place), options.people)
    asks = Load("contact", "/decisions/contact", 1, options.people)
    peers = Load("form", "/decide", 1, options.people)

    def peer_groups():
        return {"server": [peer.process.pid], "redis": [peer_redis.process.pid]}

    cases = []
    for connections in options.connections:
        candidates = [
            constant("nginx + Lua, EVALSHA", peer, peers, connections, peer.forget, peer_groups),
            gateway_candidate("gateway, Redis", within, asks, connections),
            gateway_candidate("gateway, Redis, over the limit", over, asks, connections),
            constant("hyper alone", floor, asks, connections),
            gateway_candidate(COMMITTED, committing, asks, connections),
            script_alone(floor_redis, options.floor, rows, connections, options.people),
        ]
        cases.append(Case("decision-restricted", f"{connections} connections", candidates))
    targets = [
        Target("64 connections", "gateway, Redis", "nginx + Lua, EVALSHA", "rate", at_least=1.5),
        Target("64 connections", "gateway, Redis", "nginx + Lua, EVALSHA", "cpu", at_most=25 / 40),
        Target("64 connections", SCRIPT_ALONE, "nginx + Lua, EVALSHA", "cpu"),
        Target("64 connections", "hyper alone", "nginx + Lua, EVALSHA", "cpu"),
        Target("64 connections", COMMITTED, "nginx + Lua, EVALSHA", "rate"),
        Target("64 connections", COMMITTED, "nginx + Lua, EVALSHA", "cpu"),
        Target("64 connections", "gateway, Redis", COMMITTED, "rate"),
        Target("64 connections", "gateway, Redis", COMMITTED, "cpu"),
    ]
    return cases, targets


def with_handler(handler, server, *redis_of):
    """The handler's time is told apart, and counted for all."""
    groups = {"server": [server.process.pid], "form": [handler.process.pid]}
    return groups | ({"redis": [one.process.pid for one in redis_of]} if redis_of else {})


def form(place, options):
    """A form behind a proxy, one submission in 20 from somebody restricted. The form's own handler is
    the same nginx for all, and its time is counted for all."""
    handler = Form(place)
    redis, peer_redis = Redis(place, "redis"), Redis(place, "redis-peer")
    gateway = gateway_with(place, "gateway", options, redis, form=handler.port)
    expect(gateway, "p0000001@people.example", "within_limits")
    within = rows_of(gateway, ASKED, "within")
    expect(gateway, "u0000001@sender.example", "sender_unknown")
    unknown, floor_redis = rows_of(gateway, ASKED, "unknown"), Redis(place, "redis-floor")
    recording = FormFloor(place, options.floor, handler.port, unknown, within, floor_redis, options.people)
    peer = Peer(place, peer_redis, handler, options.people)
    passing = PassingFloor(place, options.floor, handler.port)
    load = Load("form", "/form", 20, options.people)
    plain = dataclasses.replace(load, path="/plain")

    cases = []
    for connections in options.connections:
        candidates = [
            constant("nginx, proxy alone", peer, plain, connections, None, lambda: with_handler(handler, peer)),
            constant(PASSING, passing, load, connections, None, lambda: with_handler(handler, passing)),
            gateway_candidate(FORM_RECORDED, recording, load, connections, lambda: with_handler(handler, recording, recording.redis)),
            constant("nginx + Lua + proxy", peer, load, connections, peer.forget, lambda: with_handler(handler, peer, peer_redis)),
            gateway_candidate("gateway, Redis", gateway, load, connections, lambda: with_handler(handler, gateway, redis)),
        ]
        cases.append(Case("form", f"{connections} connections", candidates))
    targets = [
        Target("64 connections", "gateway, Redis", "nginx + Lua + proxy", "rate", at_least=1.6),
        Target("64 connections", "gateway, Redis", "nginx + Lua + proxy", "cpu", at_most=42 / 65),
        Target("64 connections", PASSING, "nginx + Lua + proxy", "cpu"),
        Target("64 connections", FORM_RECORDED, "nginx + Lua + proxy", "rate"),
        Target("64 connections", FORM_RECORDED, "nginx + Lua + proxy", "cpu"),
        Target("64 connections", "gateway, Redis", FORM_RECORDED, "cpu"),
    ]
    return cases, targets


def signed(place, people, seconds):
    """Webhooks that a provider signed, each of another call; one in 20 is of a caller who is restricted."""
    file, length = place.folder / "webhooks", 0
    count = round(SIGNED_A_SECOND * (max(1, seconds) + 1))
    with open(file, "wb") as ready:
        for number in range(count):
            hop = number * 7919
            caller = hop % people if number % webhooks.ONE_RESTRICTED_IN == 0 else people + hop % (NUMBERS - people)
            asked = webhooks.request(WEBHOOK, webhooks.number_of(caller), f"{number:010}")
            length = length or len(asked)
            if len(asked) != length:
                raise RuntimeError("webhooks are not all of one length")
            ready.write(asked)
    return Ready(file, length, count)


def expect_webhook(gateway, ready):
    """That the first of the webhooks is taken for one of somebody restricted, and answered by the call flow."""
    gateway.fresh()
    with open(ready.file, "rb") as file, socket.create_connection(("127.0.0.1", gateway.contacts), timeout=30) as link:
        link.sendall(file.read(ready.length))
        said = link.recv(65536).decode()
    entry = gateway.last_entry()
    if not said.startswith("HTTP/1.1 200 ") or TWIML not in said or "within_limits" not in entry:
        raise RuntimeError(f"a webhook was answered {said}, and decided {entry}")


def webhook(place, options):
    """Signed webhooks of a telephony provider, one caller in 20 restricted. The existing call flow is the same
    nginx for all, and its time is counted for all."""
    if options.people > NUMBERS // 2:
        raise RuntimeError(f"there are numbers for {NUMBERS // 2} restricted callers at most")
    flow = Form(place, TWIML, "text/xml")
    proxy, redis = Proxy(place, flow), Redis(place, "redis")
    phones = {"identifier": phone, "flow": flow.port}
    embedded = gateway_with(place, "embedded", options, **phones)
    on_redis = gateway_with(place, "on-redis", options, redis, **phones)
    load = signed(place, options.people, options.seconds)
    for gateway in (embedded, on_redis):
        expect_webhook(gateway, load)
    cases, alone = [], "nginx, proxy alone"
    for connections in options.connections:
        candidates = [
            constant(alone, proxy, load, connections, None, lambda: with_handler(flow, proxy)),
            gateway_candidate("gateway, embedded", embedded, load, connections, lambda: with_handler(flow, embedded)),
            gateway_candidate("gateway, Redis", on_redis, load, connections, lambda: with_handler(flow, on_redis, redis)),
        ]
        cases.append(Case("webhook", f"{connections} connections", candidates, "webhooks"))
    names = ("gateway, embedded", "gateway, Redis")
    return cases, [Target("64 connections", name, alone, figure) for name in names for figure in ("rate", "cpu")]
