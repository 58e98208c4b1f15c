"""What a gateway does when its machine, or a service that it needs, fails. Provokes the failures marked † in
docs/operations.md, with the release program, and prints a table of what sender, staff and operator see; exits with 1
if that differs from the page.

    cargo build --release --features pdf,oidc,otlp && sudo python3 benches/faults [PROGRAM [CASE…]]

Every state is awaited, with a deadline, so that a busy machine takes longer but gives the same result. One case takes
ten minutes, for which a clock must run steadily before it is trusted again. Needs root (a file system of 128 MiB is
mounted), `prlimit` (util-linux), a C compiler for the clock, `smtp-sink` (Debian package postfix), `redis-server`, and moto, which `tests/run` installs.
"""

import pathlib
import signal
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

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
    # On a signal, too, processes are ended and file systems unmounted.
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
