"""Paths over HTTP: a decision on somebody unrestricted and somebody restricted, and a form."""

import dataclasses
import json
import secrets

from gateway import GENEROUS, TOKEN, Gateway, contact, restriction
from measuring import Candidate, Case
from processes import need, run
from report import Target
from servers import FILES, Floor, Form, Peer, Redis

TEXT_BYTES = 400
WARM_UP_SECONDS = 0.5
# What a client may have under way as it ends, and the store's own entries, beside what was answered.
ENTRIES_BESIDE = 16


def wrk(port, connections, seconds, script="requests.lua", **environment):
    """Gives what the script counted. One thread, so that no number is used twice."""
    need("wrk")
    settings = {"LOAD_STAMP": secrets.token_hex(4), "LOAD_TOKEN": TOKEN, "LOAD_TEXT": TEXT_BYTES}
    settings.update({f"LOAD_{name.upper()}": value for name, value in environment.items()})
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    command += ["-s", FILES / script, f"http://127.0.0.1:{port}/"]
    said = run(*command, env={name: str(value) for name, value in settings.items()})
    return json.loads(said.rsplit("RESULT ", 1)[1])


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


def gateway_with(place, name, options, store="embedded", limit=GENEROUS, **settings):
    """Not started, with people who are restricted and a store that is remembered."""
    gateway = Gateway(place, name, options.gateway, store, **settings)
    gateway.import_people(options.people, [restriction(limit)])
    gateway.keep()
    return gateway


def expect(gateway, sender, reason):
    """That the gateway decides as the path says: else what is measured is something else. Gives headers
    and bytes of the answer."""
    gateway.fresh()
    # As long as an id of the load.
    status, headers, body = gateway.decide(contact("asked123-0000000000", sender, "Please answer."))
    if status != 200 or reason not in body.decode():
        raise RuntimeError(f"wanted {reason}, got {status} {body.decode()}")
    return headers, body


def unrestricted(place, options):
    """HTTP decision on a sender who is on no record, and the floor under it."""
    embedded = gateway_with(place, "embedded", options)
    on_redis = gateway_with(place, "on-redis", options, Redis(place, "redis"))
    expect(on_redis, "u0000001@sender.example", "sender_unknown")
    headers, body = expect(embedded, "u0000001@sender.example", "sender_unknown")
    kept = [(name, value) for name, value in headers if name not in ("content-length", "date")]
    floor = Floor(place, options.floor, body, kept)
    load = Load("contact", "/decisions/contact", 0, options.people)
    cases = []
    for connections in options.connections:
        candidates = [
            constant("hyper alone", floor, load, connections),
            gateway_candidate("gateway, embedded", embedded, load, connections),
            gateway_candidate("gateway, Redis", on_redis, load, connections),
        ]
        cases.append(Case("decision-unrestricted", f"{connections} connections", candidates))
    targets = []
    for store in ("embedded", "Redis"):
        name = f"gateway, {store}"
        targets.append(Target("64 connections", name, "hyper alone", "rate", at_least=0.85))
        targets.append(Target("1 connections", name, "hyper alone", "p50", at_most=75 / 60))
    return cases, targets


def restricted(place, options):
    """HTTP decision on a restricted sender, each committed on Redis, and nginx with one EVALSHA."""
    within = gateway_with(place, "within", options, Redis(place, "redis-within"))
    over = gateway_with(place, "over", options, Redis(place, "redis-over"), limit=1)
    expect(within, "p0000001@people.example", "within_limits")
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
        ]
        cases.append(Case("decision-restricted", f"{connections} connections", candidates))
    targets = [
        Target("64 connections", "gateway, Redis", "nginx + Lua, EVALSHA", "rate", at_least=1.5),
        Target("64 connections", "gateway, Redis", "nginx + Lua, EVALSHA", "cpu", at_most=25 / 40),
    ]
    return cases, targets


def form(place, options):
    """A form behind a proxy, one submission in 20 from somebody restricted. The form's own handler is
    the same nginx for all, and its time is counted for all."""
    handler = Form(place)
    redis, peer_redis = Redis(place, "redis"), Redis(place, "redis-peer")
    gateway = gateway_with(place, "gateway", options, redis, form=handler.port)
    expect(gateway, "p0000001@people.example", "within_limits")
    peer = Peer(place, peer_redis, handler, options.people)
    load = Load("form", "/form", 20, options.people)
    plain = dataclasses.replace(load, path="/plain")

    def with_handler(server, *redis_of):
        groups = {"server": [server.process.pid], "form": [handler.process.pid]}
        return groups | {"redis": [one.process.pid for one in redis_of]}

    cases = []
    for connections in options.connections:
        candidates = [
            constant("nginx, proxy alone", peer, plain, connections, None, lambda: with_handler(peer)),
            constant("nginx + Lua + proxy", peer, load, connections, peer.forget, lambda: with_handler(peer, peer_redis)),
            gateway_candidate("gateway, Redis", gateway, load, connections, lambda: with_handler(gateway, redis)),
        ]
        cases.append(Case("form", f"{connections} connections", candidates))
    targets = [
        Target("64 connections", "gateway, Redis", "nginx + Lua + proxy", "rate", at_least=1.6),
        Target("64 connections", "gateway, Redis", "nginx + Lua + proxy", "cpu", at_most=42 / 65),
    ]
    return cases, targets
