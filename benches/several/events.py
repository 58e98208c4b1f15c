"""What goes wrong while contacts come in, one after the other, each until all gateways are ready again."""

import dataclasses
import time

from processes import sooner_or_later, wait

# Milliseconds by which links are late, each way: an answer comes well within what a contact can wait for one, or hardly.
# The rate of a thin one.
A_LITTLE_LATE, LATE, RATE = 40, 120, "512kbit"
OF_LINKS_THAT_ARE_THIN = ("tbf", "rate", RATE, "burst", "4k", "latency", "400ms")
FAILOVER_WAIT = 60


@dataclasses.dataclass
class Event:
    """`began` and `ended`: when the fault did, by this machine's clock; `well`: seconds until all gateways were ready
    again, or None. `killed`, `torn`: when a gateway was, and when one was cut off from the servers in front and behind."""

    name: str
    began: float = 0.0
    ended: float = 0.0
    well: float | None = None
    remark: str = ""
    killed: list = dataclasses.field(default_factory=list)
    torn: list = dataclasses.field(default_factory=list)

    def over(self):
        """When everything worked again."""
        return self.ended + (self.well or 0.0)


def gateway_without_store(world, event, turn, hold):
    """a gateway cut off from Redis and S3"""
    gateway = world.gateways[turn % len(world.gateways)]
    event.remark = gateway.name
    with world.network.cut(gateway.name, "store"):
        time.sleep(hold)


def gateway_without_front(world, event, turn, hold):
    """a gateway cut off from those in front and behind"""
    gateway = world.gateways[turn % len(world.gateways)]
    event.remark = gateway.name
    with world.network.cut(gateway.name, "front"):
        event.torn.append(time.time())
        time.sleep(hold)


def another_primary(world, event, old, began):
    new = sooner_or_later(lambda: (now := world.primary()) and now is not old and now, FAILOVER_WAIT)
    event.remark = f"{old.name}, then {new.name} after {time.time() - began:.0f} s" if new else f"{old.name}, then none"


def primary_lost(world, event, _turn, hold):
    """the host of the primary lost, and back"""
    old, began = wait("a primary", world.primary), time.time()
    old.kill()
    another_primary(world, event, old, began)
    time.sleep(hold)
    old.begin()


def primary_cut_off(world, event, _turn, hold):
    """the primary cut off from everybody"""
    old, began = wait("a primary", world.primary), time.time()
    with world.network.cut(old.name, "store"):
        another_primary(world, event, old, began)
        time.sleep(hold)


def gateway_killed(world, event, turn, hold):
    """a gateway killed, and back"""
    gateway = world.gateways[turn % len(world.gateways)]
    gateway.kill()
    event.killed.append(time.time())
    event.remark = gateway.name
    time.sleep(hold)
    gateway.begin()


def rolling_restart(world, event, _turn, _hold):
    """all restarted or upgraded, one after the other"""
    codes = []
    for gateway in world.gateways:
        codes.append(gateway.end())
        gateway.program = world.upgrade or gateway.program
        gateway.begin()
        gateway.becomes_ready()
    event.remark = f"ended with {codes}"


def links_a_little_late(world, _event, _turn, hold):
    """links to Redis and S3 that are 40 ms late, each way"""
    with world.network.late([gateway.name for gateway in world.gateways], "store", A_LITTLE_LATE):
        time.sleep(hold)


def late_links(world, _event, _turn, hold):
    """links to Redis and S3 that are 120 ms late, each way"""
    with world.network.late([gateway.name for gateway in world.gateways], "store", LATE):
        time.sleep(hold)


def thin_links(world, _event, _turn, hold):
    """thin links to Redis and S3 (tbf)"""
    with world.network.slowed([gateway.name for gateway in world.gateways], "store", *OF_LINKS_THAT_ARE_THIN):
        time.sleep(hold)


def s3_away(world, _event, _turn, hold):
    """S3 away"""
    with world.network.cut(world.buckets.name, "store"):
        time.sleep(hold)


EVENTS = (
    gateway_without_store, primary_lost, gateway_killed, rolling_restart, links_a_little_late, late_links, thin_links,
    s3_away, gateway_without_front, primary_cut_off,
)


def happen(one, world, turn, hold):
    event = Event(one.__doc__, time.time())
    one(world, event, turn, hold)
    event.ended = time.time()
    seconds = [gateway.becomes_ready() for gateway in world.gateways]
    event.well = time.time() - event.ended if None not in seconds else None
    return event
