"""The floors: programs of `benches/floor` that do the least that a path allows, with texts that the gateway
recorded itself, so that theirs have the same length."""

import json
import shutil

from gateway import Recording, embedded_entries, redis_entries
from measuring import Candidate
from processes import counted, free_port, wait_for_port

SCRIPT_ALONE = "the commit's script on Redis alone"


class Floor:
    """Hyper that reads a request and answers these bytes."""

    def __init__(self, place, program, body, headers):
        answer = place.folder / "floor.answer"
        answer.write_bytes(body)
        self.port = free_port()
        self.process = place.start(program, "answer", f"127.0.0.1:{self.port}", answer, *headers, log="floor.log")
        wait_for_port(self.port, self.process)


class PassingFloor:
    """Hyper that passes requests on to another address."""

    def __init__(self, place, program, upstream):
        self.port = free_port()
        self.process = place.start(program, "pass", f"127.0.0.1:{self.port}", f"127.0.0.1:{upstream}", log="floor-pass.log")
        wait_for_port(self.port, self.process)


class _Deciding(Recording):
    """It is asked and put back as a gateway is."""

    def __init__(self, place, program, mode, *arguments):
        self.place, self.mode, self.process = place, mode, None
        self.contacts = free_port()
        self.command = [program, mode, f"127.0.0.1:{self.contacts}", *arguments]

    def fresh(self):
        if self.process:
            self.place.stop(self.process)
        self.forget()
        self.process = self.place.start(*self.command, log=f"floor-{self.mode}.log")
        wait_for_port(self.contacts, self.process)

    def groups(self):
        return {"server": [self.process.pid]}


class RecordingFloor(_Deciding):
    """Hyper that reads a contact, answers a decision and records it."""

    def __init__(self, place, program, rows, headers):
        self.folder = place.sub("floor")
        super().__init__(place, program, "record", rows, self.folder / "store", *headers)

    def forget(self):
        shutil.rmtree(self.folder / "store", ignore_errors=True)

    def recorded(self):
        return embedded_entries(self.folder)


class _OnRedis(_Deciding):
    def __init__(self, place, program, redis, mode, *arguments):
        self.redis = redis
        super().__init__(place, program, mode, *arguments)

    def forget(self):
        self.redis.ask("flushall")

    def recorded(self):
        return redis_entries(self.redis)

    def groups(self):
        return super().groups() | {"redis": [self.redis.process.pid]}


class CommittingFloor(_OnRedis):
    """Hyper that reads a contact and its words, commits a decision on Redis and answers it."""

    def __init__(self, place, program, rows, redis, people, headers):
        super().__init__(place, program, redis, "decide", rows, redis.url, people, *headers)


class FormFloor(_OnRedis):
    """Hyper that reads a submission, passes it on and records a decision on Redis, or commits one."""

    def __init__(self, place, program, upstream, unrestricted, restricted, redis, people):
        super().__init__(place, program, redis, "form", f"127.0.0.1:{upstream}", unrestricted, restricted, redis.url, people)


def rows_of(gateway, identity, name="rows"):
    """A file with what the gateway has recorded of its last contact."""
    file = gateway.folder / f"{name}.json"
    file.write_text(json.dumps(gateway.texts(identity)))
    return file


def commits_together(place, program, rows, together):
    """The embedded store's rows of restricted contacts, so many with one sync."""

    def work(seconds):
        folder = place.sub("floor")
        try:
            return counted(program, "commit", rows, folder, seconds, together)
        finally:
            shutil.rmtree(folder)

    return Candidate(f"SQLite, the same rows, {together} a sync", dict, work, alone=True)


def script_alone(redis, program, rows, together, people):
    """The commit's script on Redis; its caller is the client."""

    def work(seconds):
        return counted(program, "redis", rows, redis.url, seconds, together, people)

    return Candidate(SCRIPT_ALONE, lambda: {"redis": [redis.process.pid]}, work, lambda: redis.ask("flushall"))
