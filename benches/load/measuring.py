"""What a run costs, read from /proc: processor time of the server, of the client, and of all else.

Client and server share the machine, so that a rate says as much about the client as about the server.
Processor time of the server for one request is what is compared first.
"""

import dataclasses
import os
import pathlib
import resource
import statistics
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Of one core, in percent: a run beside more than this of other work is done again.
OTHER_MAX = 15
TRIES_MAX = 3


def busy_seconds():
    """Of all cores: everything but idling and waiting for disks (proc(5), /proc/stat)."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


def tree_seconds(roots):
    """Of these processes, of all below them, and of those below them that ended."""
    parents, spent = {}, {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            line = pathlib.Path(entry.path, "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The name stands in brackets and may hold anything (proc_pid_stat(5)).
        fields = line[line.rindex(")") + 2 :].split()
        parents[int(entry.name)] = int(fields[1])
        spent[int(entry.name)] = sum(map(int, fields[11:15]))
    wanted, total = set(roots), 0
    for process in spent:
        above = process
        while above > 1:
            if above in wanted:
                total += spent[process]
                break
            above = parents.get(above, 0)
    return total / TICKS_PER_SECOND


def own_and_client_seconds():
    """Of this program, and of what it started and waited for: clients, and no server that runs."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


@dataclasses.dataclass
class Run:
    """One run of one candidate. Times in seconds; `values` is what the client said."""

    seconds: float
    cpu: dict
    other: float
    values: dict
    fault: str = ""
    tries: int = 1

    @property
    def rate(self):
        return self.values["requests"] / self.values.get("seconds", self.seconds)

    @property
    def other_percent(self):
        return 100 * self.other / self.seconds

    def noisy(self):
        return self.other_percent > OTHER_MAX

    def percent(self, group):
        return 100 * self.cpu.get(group, 0.0) / self.seconds

    def micros(self, *groups):
        """Processor time for one request, in microseconds."""
        spent = sum(self.cpu.get(group, 0.0) for group in groups)
        return 1e6 * spent / max(1, self.values["requests"])

    def as_json(self):
        whole = dataclasses.asdict(self)
        whole.update(rate=self.rate, other_percent=self.other_percent, noisy=self.noisy())
        return whole


@dataclasses.dataclass
class Candidate:
    """Who is measured. `groups` names processes whose time is told apart: `server`, and what else
    there is; those that it does not name count as other work. `work(seconds)` is the client; it gives
    what it counted, `requests` at least. `alone`: there is no server, and what `work` starts is measured."""

    name: str
    groups: object
    work: object
    prepare: object = None
    check: object = None
    alone: bool = False
    runs: list = dataclasses.field(default_factory=list)

    def quiet_runs(self):
        """Those beside little other work; all, where there was no such run."""
        good = [run for run in self.runs if not run.fault] or self.runs
        return [run for run in good if not run.noisy()] or good


@dataclasses.dataclass
class Case:
    """Candidates that are compared with one another, in turn within each round."""

    path: str
    name: str
    candidates: list
    unit: str = "requests"


@dataclasses.dataclass
class Method:
    runs: int
    seconds: float
    quiet_wait: float


def wait_for_quiet(at_most):
    """Until the machine does next to nothing else."""
    end = time.monotonic() + at_most
    while time.monotonic() < end:
        before = busy_seconds()
        time.sleep(0.5)
        if busy_seconds() - before <= OTHER_MAX / 100 * 0.5:
            return


def measured(candidate, seconds):
    if candidate.prepare:
        candidate.prepare()
    groups = candidate.groups()
    before = {name: tree_seconds(pids) for name, pids in groups.items()}
    client, busy, start = own_and_client_seconds(), busy_seconds(), time.monotonic()
    values = candidate.work(seconds)
    elapsed = time.monotonic() - start
    busy, client = busy_seconds() - busy, own_and_client_seconds() - client
    # Asked for again: a candidate whose work is to start has spent all its time in the run.
    cpu = {name: tree_seconds(pids) - before.get(name, 0.0) for name, pids in candidate.groups().items()}
    cpu |= {"server": client} if candidate.alone else {"client": client}
    run = Run(elapsed, cpu, busy - sum(cpu.values()), values)
    if values.get("errors"):
        run.fault = f"{values['errors']} of {values['requests']} were not answered well"
    if candidate.check:
        run.fault = candidate.check(values) or run.fault
    return run


def compare(case, method, say):
    """A B C, A B C, …: what drifts, drifts for all of them."""
    for number in range(method.runs):
        for candidate in case.candidates:
            for tries in range(1, TRIES_MAX + 1):
                wait_for_quiet(method.quiet_wait)
                run = measured(candidate, method.seconds)
                run.tries = tries
                if not run.noisy() or not method.quiet_wait:
                    break
                say(f"    other work took {run.other_percent:.0f} % of a core; again")
            candidate.runs.append(run)
            say(
                f"  {case.path} {case.name} {number + 1}/{method.runs} {candidate.name}: "
                f"{run.rate:.0f}/s, {run.micros('server'):.1f} us"
                + (f"; {run.fault}" if run.fault else "")
            )


def spread(values):
    """Median, least and most."""
    values = sorted(values)
    return statistics.median(values), values[0], values[-1]


def paired_ratio(one, other, figure):
    """The same figure of two candidates, round by round: median, least and most of the ratios. Rounds
    of which one run was noisy count only where there are no others."""
    pairs = list(zip(one.runs, other.runs))
    quiet = [(a, b) for a, b in pairs if not a.noisy() and not b.noisy()]
    return spread([figure(a) / figure(b) for a, b in quiet or pairs if figure(b)] or [0.0])
