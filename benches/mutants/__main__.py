"""How well tests hold `src/domain`: mutants that they notice, and lines that they run.

    cargo install cargo-mutants --locked
    python3 benches/mutants run --sample 250 --seed 11     so many of its mutants; without --sample all of them
    python3 benches/mutants lines                          needs llvm-cov and llvm-profdata (Debian: llvm-22)
    python3 benches/mutants make                           the crate itself, in target/mutants

A mutant is one small fault: a function's result, an operator, an arm of a `match`. cargo-mutants says which there are;
they are built together and take turns (together.py). Prints a table, and each mutant that no test notices.
"""

import argparse
import collections
import hashlib
import json
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True

import crate
import lines
import together

FOLDER = crate.ROOT / "target" / "mutants"
LIST = ["cargo", "mutants", "--list", "--json", "--file", "src/domain/**/*.rs"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["make", "run", "lines"])
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER, help="where the crate is made")
    parser.add_argument("--sample", type=int, help="how many mutants")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--minutes", type=float, help="how long mutants are tried; the build is not counted")
    parser.add_argument("--resume", action="store_true", help="without those that the last run, of the same code, has tried")
    parser.add_argument("--named", type=pathlib.Path, help="only the mutants that this file names, a line each")
    asked = parser.parse_args()
    crate.make(asked.folder)
    if asked.what == "lines":
        lines.show(asked.folder)
    elif asked.what == "run":
        run(asked)
    else:
        print(asked.folder)


def run(asked):
    """What is known is in a file at any time: a run that is stopped has lost nothing."""
    file = asked.folder / "outcomes.json"
    known = json.loads(file.read_text()) if asked.resume else {}
    mutants = chosen(asked)
    before = {one["name"]: known.get(one["name"], "not tried") for one in mutants}

    def note(outcomes):
        new = file.with_suffix(".new")
        new.write_text(json.dumps(before | outcomes, indent=1))
        new.replace(file)

    left = [one for one in mutants if before[one["name"]] == "not tried"]
    outcomes = together.run(asked.folder, left, asked.minutes, note)
    note(outcomes)
    show(before | outcomes)


def chosen(asked):
    listed = subprocess.run(LIST, cwd=asked.folder, check=True, stdout=subprocess.PIPE, text=True)
    mutants = sorted(json.loads(listed.stdout), key=lambda one: one["name"])
    print(f"{len(mutants)} mutants", file=sys.stderr)
    if asked.named:
        names = set(asked.named.read_text().splitlines())
        return [one for one in mutants if one["name"] in names]
    return by_chance(mutants, asked.seed)[: asked.sample]


def by_chance(mutants, seed):
    """In an order that a change elsewhere in the code leaves as it is; the first of them are a sample too."""
    met = collections.Counter()

    def lot(one):
        name = re.sub(r":\d+:\d+", "", one["name"])
        met[name] += 1
        return hashlib.sha256(f"{seed} {met[name]} {name}".encode()).digest()

    return sorted(mutants, key=lot)


def show(outcomes):
    """Of the mutants that compile, the share that a test noticed; one that never ends is noticed."""
    found = collections.defaultdict(collections.Counter)
    for name, outcome in outcomes.items():
        for row in [lines.module_of(name.partition(":")[0]), "all"]:
            found[row][outcome] += 1
    print("| module | mutants |", " | ".join(together.OUTCOMES), "| caught of those tried |")
    print("|---|---|", "---|" * len(together.OUTCOMES), "---|", sep="")
    for module, counts in sorted(found.items()):
        kinds = [counts[kind] for kind in together.OUTCOMES]
        caught = counts["caught"] + counts["without end"]
        tried = caught + counts["missed"]
        share = f"{100 * caught / tried:.0f} %" if tried else ""
        print(f"| `{module}` | {sum(kinds)} | {' | '.join(map(str, kinds))} | {share} |")
    left = [f"{outcome}: {name}" for name, outcome in outcomes.items() if outcome in ["missed", "error"]]
    print(*sorted(left), sep="\n")


if __name__ == "__main__":
    main()
