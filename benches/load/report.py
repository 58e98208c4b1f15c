"""Tables: what each candidate did, and whether the targets are met."""

import dataclasses

from measuring import paired_ratio, spread

SERVER_GROUPS = ("server", "redis", "form", "gateway")


@dataclasses.dataclass
class Target:
    """A ratio of a candidate's figure (`rate`, `cpu`, `p50`, what the client counted, or a function of
    the run) to that of another, or with `against` empty the figure itself. `what` says it in words. With
    neither bound nothing is wanted of it: so a floor is shown beside what is."""

    case: str
    candidate: str
    against: str
    figure: object
    at_least: float = None
    at_most: float = None
    what: str = ""

    def wanted(self):
        if self.at_least is not None:
            return f"at least {self.at_least:.3g}"
        return f"at most {self.at_most:.3g}" if self.at_most is not None else "no target"

    def met(self, ratio):
        return ratio >= self.at_least if self.at_least is not None else ratio <= self.at_most


@dataclasses.dataclass
class Verdict:
    path: str
    target: Target
    ratio: tuple
    met: bool | None
    says: str


def of(run, figure):
    if callable(figure):
        return figure(run)
    if figure == "rate":
        return run.rate
    if figure == "cpu":
        return run.micros(*SERVER_GROUPS)
    if figure == "p50":
        return run.values.get("p50_us", 0.0)
    return run.values.get(figure, 0.0)


def judged(cases, targets):
    verdicts = []
    for target in targets:
        for case in cases:
            named = {candidate.name: candidate for candidate in case.candidates}
            if case.name != target.case or target.candidate not in named:
                continue
            one = named[target.candidate]
            if target.against:
                ratio = paired_ratio(one, named[target.against], lambda run: of(run, target.figure))
            else:
                ratio = spread([of(run, target.figure) for run in one.quiet_runs()])
            verdicts.append(verdict(case.path, target, ratio))
    return verdicts


def verdict(path, target, ratio):
    """A miss or a win that is smaller than the spread of the rounds is none."""
    median, least, most = ratio
    if target.at_least is None and target.at_most is None:
        return Verdict(path, target, ratio, None, "")
    met = target.met(median)
    bound = target.at_least if target.at_least is not None else target.at_most
    within = least < bound < most
    says = ("met" if met else "missed") + (", but within the spread: no difference" if within else "")
    return Verdict(path, target, ratio, met, says)


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def ranged(values):
    median, least, most = spread(values)
    return number(median) if least == most else f"{number(median)} ({number(least)}..{number(most)})"


def runs_table(cases):
    lines = [
        "| path | case | candidate | a second | p50 us | p99 us | server us each | of which, or beside it "
        "| server, client, other: % of a core | runs |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for case in cases:
        for candidate in case.candidates:
            runs = candidate.quiet_runs()
            times = [
                ranged([run.values[key] for run in runs]) if key in runs[0].values else "" for key in ("p50_us", "p99_us")
            ]
            beside = [group for group in runs[0].cpu if group not in ("server", "client")]
            parts = [f"{group} {ranged([run.micros(group) for run in runs])}" for group in beside]
            shares = ", ".join(
                number(spread([share(run) for run in runs])[0])
                for share in (
                    lambda run: sum(run.percent(group) for group in run.cpu if group != "client"),
                    lambda run: run.percent("client"),
                    lambda run: max(0.0, run.other_percent),
                )
            )
            row = [case.path, case.name, candidate.name, ranged([run.rate for run in runs]), *times]
            row += [ranged([of(run, "cpu") for run in runs]), ", ".join(parts), shares, remarks(candidate)]
            lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def remarks(candidate):
    """How many runs the figures are of, and what was wrong with any."""
    runs = candidate.quiet_runs()
    said = [f"{len(runs)} of {len(candidate.runs)}"]
    if any(run.noisy() for run in runs):
        said.append("beside other work")
    said += sorted({run.fault for run in candidate.runs if run.fault})
    return "; ".join(said)


def targets_table(verdicts):
    lines = ["| path | case | what | measured | wanted | |", "|---|---|---|---|---|---|"]
    words = {"rate": "rate", "cpu": "server's processor time", "p50": "p50"}
    for one in verdicts:
        target = one.target
        figure = target.what or words.get(target.figure, target.figure)
        what = f"{figure} of {target.candidate}" + (f" to that of {target.against}" if target.against else "")
        median, least, most = one.ratio
        measured = f"{median:.2f} ({least:.2f}..{most:.2f})"
        lines.append(f"| {one.path} | {target.case} | {what} | {measured} | {target.wanted()} | {one.says} |")
    return "\n".join(lines)
