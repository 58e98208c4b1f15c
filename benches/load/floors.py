"""The floors: programs of `benches/floor` that do the least that a path allows, with texts that the gateway
recorded itself, so that theirs have the same length."""

import json
import shutil

from gateway import Recording, embedded_entries
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


class RecordingFloor(Recording):
    """Hyper that reads a contact, answers a decision and records it. It is asked and put back as a gateway
    is."""

    def __init__(self, place, program, rows, headers):
        self.place, self.folder, self.process = place, place.sub("floor"), None
        self.contacts = free_port()
        self.command = [program, "record", f"127.0.0.1:{self.contacts}", rows, self.folder / "store", *headers]

    def fresh(self):
        if self.process:
            self.place.stop(self.process)
        shutil.rmtree(self.folder / "store", ignore_errors=True)
        self.process = self.place.start(*self.command, log="floor-record.log")
        wait_for_port(self.contacts, self.process)

    def groups(self):
        return {"server": [self.process.pid]}

    def recorded(self):
        return embedded_entries(self.folder)


def rows_of(gateway, identity):
    """A file with what the gateway has recorded of its last contact."""
    file = gateway.folder / "rows.json"
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
