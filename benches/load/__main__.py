"""Whole paths of the gateway beside the peers and the floors.

    cargo build --release --bins && cargo build --release --example floor
    python3 benches/load                     all paths; about 40 minutes on an idle machine
    python3 benches/load --paths form,pipe --runs 5 --seconds 10 --json runs.json
    python3 benches/load --quick             one short run of each, to see that all works
    python3 benches/load --growth --json growth.json --plots plots

benches/README.md says what each row means, and which Debian packages it needs.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

# Nothing is left beside the sources, and what stands beside this folder can be used.
sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import gateway
import growth
import http_paths
import mail_paths
import measuring
import plot
import report
import store_paths
from processes import Place, need

# Each path, and the programs that it starts.
PATHS = {
    "decision-unrestricted": (http_paths.unrestricted, "wrk redis-server redis-cli"),
    "decision-restricted": (http_paths.restricted, "wrk redis-server redis-cli nginx"),
    "form": (http_paths.form, "wrk redis-server redis-cli nginx"),
    "webhook": (http_paths.webhook, "wrk redis-server redis-cli nginx"),
    "commit": (store_paths.commits, "wrk"),
    "smtp": (mail_paths.smtp, "smtp-source smtp-sink"),
    "postfix": (mail_paths.behind_postfix, "smtp-source smtp-sink postfix"),
    "message": (mail_paths.beside_rspamd, "wrk redis-server redis-cli rspamd smtp-source smtp-sink"),
    "pipe": (mail_paths.pipe, "gcc smtp-source smtp-sink postfix"),
    "start": (store_paths.start, "redis-server redis-cli"),
    "memory": (store_paths.memory, "smtp-source smtp-sink"),
}
GROWTH_PROGRAMS = "wrk smtp-source smtp-sink"
# Ten thousand connections, at both ends.
FILES_WANTED = 32_768


def options():
    parser = argparse.ArgumentParser(prog="benches/load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", help=f"some of: {', '.join(PATHS)}; with --growth of: {', '.join(growth.QUANTITIES)}")
    parser.add_argument("--growth", action="store_true", help="how cost grows, instead of the paths")
    parser.add_argument("--plots", type=pathlib.Path, help="with --growth: a folder for one SVG of each quantity")
    parser.add_argument("--million", action="store_true", help="with --growth: a million people as well (4 GB of memory)")
    parser.add_argument("--runs", type=int, default=5, help="of each candidate (5)")
    parser.add_argument("--seconds", type=float, default=5, help="of a run (5)")
    parser.add_argument("--connections", default="1,16,64", help="of HTTP (1,16,64)")
    parser.add_argument("--people", type=int, default=10_000, help="who are restricted (10000)")
    parser.add_argument("--quiet-wait", type=float, default=60, help="seconds to wait for a quiet machine before each run (60); 0: don't")
    parser.add_argument("--quick", action="store_true", help="one run of one second each, beside whatever runs")
    parser.add_argument("--json", type=pathlib.Path, help="every single run, into this file")
    parser.add_argument("--keep", action="store_true", help="leave the temporary folders, with the logs")
    parser.add_argument("--gateway", type=pathlib.Path, default=gateway.PROGRAM, help="the release program")
    parser.add_argument("--floor", type=pathlib.Path, default=gateway.ROOT / "target/release/examples/floor")
    given = parser.parse_args()
    if given.quick:
        given.runs, given.seconds, given.quiet_wait = 1, 1, 0
    given.connections = [int(part) for part in given.connections.split(",")]
    known = growth.QUANTITIES if given.growth else PATHS
    given.paths = given.paths.split(",") if given.paths else list(known)
    unknown = [path for path in given.paths if path not in known]
    if unknown:
        parser.error(f"there is no path {', '.join(unknown)}; there are {', '.join(known)}")
    # Debian keeps servers where not everybody's shell looks for programs.
    os.environ["PATH"] += ":/usr/sbin"
    for path in given.paths:
        need(*(GROWTH_PROGRAMS if given.growth else PATHS[path][1]).split())
    given.gateway, given.floor = given.gateway.resolve(), given.floor.resolve()
    for program, build in ((given.gateway, "--bins"), (given.floor, "--example floor")):
        if not program.exists():
            sys.exit(f"{program} is missing: cargo build --release {build}")
    return given


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(path, given, method, cases, verdicts):
    """One path, in a folder of its own. What was measured before a failure or an interrupt stays."""
    place, begun, targets = Place(), [], []
    try:
        say(f"{path}: {PATHS[path][0].__doc__.split('.')[0]}")
        begun, targets = PATHS[path][0](place, given)
        for case in begun:
            measuring.compare(case, method, say)
    finally:
        place.close(given.keep)
        done = [case for case in begun if all(candidate.runs for candidate in case.candidates)]
        cases += done
        verdicts += report.judged(done, targets)


def measure_growth(quantity, given, method, cases):
    place, done = Place(), []
    says = growth.QUANTITIES[quantity][1]
    try:
        say(f"{quantity}: how cost grows with {says}")
        growth.measure(quantity, place, given, method, say, done)
    finally:
        place.close(given.keep)
        cases += [case for _, case in done]
        if given.plots and done:
            given.plots.mkdir(parents=True, exist_ok=True)
            plotted = plot.drawn(f"Cost and {says}", says, growth.panels(done))
            (given.plots / f"{quantity}.svg").write_text(plotted)


def as_json(cases, verdicts, method):
    rows = [
        {"path": case.path, "case": case.name, "candidate": candidate.name, "runs": [run.as_json() for run in candidate.runs]}
        for case in cases
        for candidate in case.candidates
    ]
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "method": dataclasses.asdict(method),
        "rows": rows,
        "targets": [dataclasses.asdict(verdict) for verdict in verdicts],
    }


def main():
    # What was started is ended on the way out, also where the shell that started this ignores SIGINT.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.default_int_handler)
    most = max(FILES_WANTED, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, PermissionError):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    given = options()
    method = measuring.Method(given.runs, given.seconds, given.quiet_wait)
    cases, verdicts, failed = [], [], False
    try:
        for path in given.paths:
            try:
                if given.growth:
                    measure_growth(path, given, method, cases)
                else:
                    measure(path, given, method, cases, verdicts)
            except (RuntimeError, OSError, subprocess.SubprocessError) as fault:
                say(f"{path}: {fault}")
                failed = True
    except KeyboardInterrupt:
        say("interrupted: everything that was started has been ended")
        failed = True
    if given.json:
        given.json.write_text(json.dumps(as_json(cases, verdicts, method), indent=1, default=lambda one: one.__name__))
    print(report.runs_table(cases) + "\n\n" + report.targets_table(verdicts), flush=True)
    faults = any(run.fault for case in cases for candidate in case.candidates for run in candidate.runs)
    sys.exit(1 if failed or faults else 0)


if __name__ == "__main__":
    main()
