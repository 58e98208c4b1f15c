"""What a gateway does when its machine, or what it needs, fails it. Provokes the failures of docs/operations.md that are
marked † there, with the release program, and prints what each of sender, staff and operator sees, as a table; ends with
1 where something is not as that page says.

    cargo build --release --features pdf,oidc && sudo python3 benches/faults [PROGRAM [CASE…]]

Every state is waited for, with a deadline: a busy machine takes longer and says the same. The clock must run steadily
for ten minutes before it is trusted again. Needs root (a file system of 128 MiB is mounted), `prlimit` (util-linux), a
C compiler for the clock, `smtp-sink` (Debian package postfix), `redis-server`, and moto, which `tests/run` installs.
"""

import pathlib
import signal
import sys
import tempfile

sys.dont_write_bytecode = True

import archives
import disk
import machine
import stores
from gateway import PROGRAM, ROWS, WRONG, Servers, end_all

CASES = {
    "disk-full": disk.full,
    "quota": disk.quota,
    "mail-server-away": machine.mail_server_away,
    "descriptors": machine.descriptors,
    "killed": machine.killed,
    "clock-never-set": machine.clock_never_set,
    "store-away": stores.away,
    "replicas-away": stores.replicas,
    "cold-start": stores.cold_start,
    "older-version": stores.older_version,
    "store-behind": stores.store_behind,
    "s3-away": archives.s3_away,
    "keys-away": archives.keys_away,
    "clock": machine.clock,
}


def main():
    if len(sys.argv) > 1:
        PROGRAM[:] = [pathlib.Path(sys.argv[1]).resolve()]
    asked = sys.argv[2:] or list(CASES)
    unknown = [case for case in asked if case not in CASES]
    if unknown:
        sys.exit(f"there is no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    # What was started and mounted is put away on a signal, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    try:
        behind = Servers()
        with tempfile.TemporaryDirectory() as scratch:
            try:
                for case in asked:
                    place = pathlib.Path(scratch) / case
                    place.mkdir()
                    CASES[case](place, behind)
            finally:
                end_all()
    finally:
        end_all()
    print("\n| what fails | who | what was seen |\n|---|---|---|")
    for row in ROWS:
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    for line in WRONG:
        print(f"WRONG: {line}", file=sys.stderr)
    sys.exit(1 if WRONG else 0)


if __name__ == "__main__":
    main()
