"""One restricted contact after the other into SQLite, each synced before the next: rows as the gateway's
embedded store writes them (decision, counter, trace, audit entry). one_commit.py ROWS FILE
SECONDS; ROWS has the texts that the gateway recorded of one contact."""

import json
import pathlib
import sqlite3
import sys
import time

SCHEMA = """
    PRAGMA journal_mode = wal;
    PRAGMA synchronous = full;
    CREATE TABLE decision (organisation TEXT, contact TEXT, digest BLOB, at INTEGER, record TEXT,
        PRIMARY KEY (organisation, contact)) STRICT;
    CREATE TABLE counted (organisation TEXT, person TEXT, contact TEXT, restriction TEXT, mode TEXT, at INTEGER) STRICT;
    CREATE INDEX counted_of_person ON counted (organisation, person, at);
    CREATE INDEX counted_of_contact ON counted (organisation, contact);
    CREATE TABLE received (organisation TEXT, person TEXT, contact TEXT, at INTEGER, record TEXT,
        UNIQUE (organisation, contact)) STRICT;
    CREATE INDEX received_of_person ON received (organisation, person, at);
    CREATE TABLE audit (organisation TEXT, number INTEGER, at INTEGER, record TEXT, PRIMARY KEY (organisation, number)) STRICT;
"""


def main():
    rows, file, seconds = json.loads(pathlib.Path(sys.argv[1]).read_text()), sys.argv[2], float(sys.argv[3])
    store = sqlite3.connect(file, isolation_level=None)
    store.executescript(SCHEMA)
    number, began = 0, time.monotonic()
    while time.monotonic() - began < seconds:
        number += 1
        at, person, contact = time.time_ns() // 1000, f"P-{number % 10_000}", f"c-{number:010d}"
        store.execute("BEGIN IMMEDIATE")
        store.execute("SELECT record FROM decision WHERE organisation = 'karbon' AND contact = ?", (contact,)).fetchone()
        store.execute("SELECT at FROM counted WHERE organisation = 'karbon' AND person = ?", (person,)).fetchall()
        store.execute("INSERT INTO decision VALUES ('karbon', ?, ?, ?, ?)", (contact, bytes(32), at, rows["decision"]))
        store.execute("INSERT INTO counted VALUES ('karbon', ?, ?, 'R-1', 'enforce', ?)", (person, contact, at))
        store.execute("INSERT INTO received VALUES ('karbon', ?, ?, ?, ?)", (person, contact, at, rows["trace"]))
        store.execute("INSERT INTO audit VALUES ('karbon', ?, ?, ?)", (number, at, rows["audit"]))
        store.execute("COMMIT")
    print("RESULT " + json.dumps({"requests": number, "seconds": time.monotonic() - began}))


main()
