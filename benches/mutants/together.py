"""Builds mutants together, as variants of the functions that they are in, and lets them take turns.

    fn limit(&self) -> u32 {
        match crate::mutant() {
            17 => { self.quota - 1 }
            _ => { self.quota + 1 }
        }
    }

The environment says which of them the tests run with, so that a mutant costs a run of the tests and no build. One that
does not compile is left out, by what the compiler says of its lines. Not tried: mutants of constants and of functions that
are `const`, and of functions whose type is that of their body (`impl Iterator`).
"""

import collections
import concurrent.futures
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import crate
import lines

OUTCOMES = ["caught", "without end", "missed", "do not compile", "not tried", "error"]
# How libtest ends when a test fails, and the signals of a crash. Any other end is the run's own: killed, or out of memory.
CRASHES = [signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGTRAP]
NOTICED = {101, *(-one for one in CRASHES)}
SWITCH = """
#[doc(hidden)]
pub fn mutant() -> u32 {
    static CHOSEN: std::sync::LazyLock<u32> =
        std::sync::LazyLock::new(|| std::env::var("MUTANT").ok().and_then(|n| n.parse().ok()).unwrap_or(0));
    *CHOSEN
}
"""
# The module's own tests are quick and notice most; others run for what they leave, the slowest at last.
OWN = "domain::{module}::"
SLOW = ["suite::cases", "suite::properties"]
STAGES = [
    [OWN],
    [word for word in map("suite::{}".format, crate.SUITE) if word not in SLOW],
    ["suite::cases"],
    ["--skip", "suite::"],
    ["suite::properties"],
]
# Of processor time: times what the tests take as they are, and at least so many seconds.
PATIENCE, PATIENCE_MIN = 5, 20
# Seconds after which one that neither works nor ends is given up.
ASLEEP = 3600
MEMORY = 4 << 30
# Fixed cases of generated tests: a second run gives the same answer. The first test that fails is enough, and libtest has
# that for nightly compilers, which it takes this one for.
ENVIRONMENT = {"PROPTEST_RNG_SEED": "7", "RUSTC_BOOTSTRAP": "1", "RUST_TEST_THREADS": "1"}
FIRST_FAILURE = ["--quiet", "-Z", "unstable-options", "--fail-fast"]
# All of these meet a stage before the first of them meets the next. Time is asked for before each such lot, so that those
# that were tried are the first in their order, however soon each is noticed.
LOT = 40


def run(folder, mutants, minutes=None, note=lambda outcomes: None):
    """What became of each mutant; `note` gets all outcomes whenever one more is known."""
    outcomes = {one["name"]: "not tried" for one in mutants}
    numbered = {number: one for number, one in enumerate(mutants, 1) if can_be_variant(folder, one)}
    for number in list(nested(numbered)):
        del numbered[number]
    shutil.rmtree(folder / "pristine", ignore_errors=True)
    shutil.copytree(folder / "src", folder / "pristine")
    while True:
        places = lay(folder, numbered)
        program, faulty = build(folder, places)
        if program:
            break
        for number in faulty:
            outcomes[numbered.pop(number)["name"]] = "do not compile"
        print(f"{len(faulty)} do not compile", file=sys.stderr, flush=True)
    patience = [max(PATIENCE_MIN, PATIENCE * seconds) for seconds in as_they_are(folder, program)]
    ends = time.monotonic() + minutes * 60 if minutes else None
    numbers = sorted(numbered)
    for lot in (numbers[first : first + LOT] for first in range(0, len(numbers), LOT)):
        if ends and time.monotonic() > ends:
            break
        for number, outcome in by_stages(folder, program, {number: numbered[number] for number in lot}, patience):
            name = numbered[number]["name"]
            outcomes[name] = outcome
            print(f"{outcome}: {name}", file=sys.stderr, flush=True)
            note(outcomes)
    return outcomes


def by_stages(folder, program, numbered, patience):
    """The outcome of each, as it becomes known."""
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("CARGO_BUILD_JOBS", os.cpu_count()))) as pool:

        def begin(number, at):
            module = lines.module_of(numbered[number]["file"])
            return pool.submit(attempt, folder, program, number, STAGES[at], patience[at], module)

        running = {begin(number, 0): (number, 0) for number in numbered}
        while running:
            ended, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for one in ended:
                number, at = running.pop(one)
                outcome = one.result()
                if outcome:
                    yield number, outcome
                elif at + 1 < len(STAGES):
                    running[begin(number, at + 1)] = (number, at + 1)
                else:
                    yield number, "missed"


def can_be_variant(folder, mutant):
    function = mutant["function"]
    if not function or re.search(r"\bimpl\b", function["return_type"]):
        return False
    source = (folder / mutant["file"]).read_text()
    head = source[slice(*offsets(source, function["span"]))]
    start = body_start(head)
    return start is not None and not re.search(r"\bconst\s+(unsafe\s+)?fn\b", head[:start])


def nested(numbered):
    """Those in a function within another that has variants too."""
    spans = {number: (one["file"], *map(place, one["function"]["span"].values())) for number, one in numbered.items()}
    for number, (file, *ends) in spans.items():
        start, end = sorted(ends)
        for other, *other_ends in spans.values():
            first, last = sorted(other_ends)
            if other == file and first <= start and end <= last and (first, last) != (start, end):
                yield number
                break


def place(at):
    return (at["line"], at["column"])


def body_start(function):
    """After the brace that opens the body: the first one after `fn`."""
    said = re.search(r"^[^/\n]*\bfn\s", function, re.MULTILINE)
    opened = function.find("{", said.end()) if said else -1
    return opened + 1 if opened > 0 else None


def offsets(source, span):
    starts = [0, *(found.end() for found in re.finditer("\n", source))]
    return [starts[span[end]["line"] - 1] + span[end]["column"] - 1 for end in ["start", "end"]]


def lay(folder, numbered):
    """Writes the variants; gives the lines of each, by file."""
    shutil.rmtree(folder / "src")
    shutil.copytree(folder / "pristine", folder / "src")
    functions = collections.defaultdict(lambda: collections.defaultdict(list))
    for number, mutant in numbered.items():
        source = (folder / mutant["file"]).read_text()
        functions[mutant["file"]][tuple(offsets(source, mutant["function"]["span"]))].append((number, mutant))
    places = {}
    for file, inside in functions.items():
        source = (folder / file).read_text()
        for (start, end), variants in sorted(inside.items(), reverse=True):
            opened = start + body_start(source[start:end])
            body = source[opened : end - 1]
            text = "\nmatch crate::mutant() {\n"
            for number, mutant in variants:
                first, last = offsets(source, mutant["span"])
                changed = source[opened:first] + mutant["replacement"] + " " + source[last : end - 1]
                text += f"{number} => {{ /* mutant {number} */\n{changed}\n/* end {number} */ }}\n"
            text += f"_ => {{{body}}}\n}}\n"
            source = source[:opened] + text + source[end - 1 :]
        (folder / file).write_text(source)
        for line, said in enumerate(source.splitlines(), 1):
            if begun := re.search(r"/\* mutant (\d+) \*/$", said):
                begins = line
            elif ended := re.match(r"/\* end (\d+) \*/", said):
                places.setdefault(file, []).append((begins, line, int(ended[1])))
    with (folder / "src/lib.rs").open("a") as lib:
        lib.write(SWITCH)
    return places


def build(folder, places):
    """The program with the tests, or the mutants that the compiler does not take."""
    command = [*crate.TEST, "--no-run", "--message-format=json"]
    built = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
    said = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    if built.returncode == 0:
        return next(one["executable"] for one in said if one.get("executable")), set()
    faulty, others = set(), []
    for one in said:
        message = one.get("message", {})
        if one["reason"] != "compiler-message" or message["level"] != "error":
            continue
        blamed = {number for span in message["spans"] for number in within(span, places)}
        faulty |= blamed
        if not blamed:
            others.append(message["rendered"])
    if not faulty:
        sys.exit("\n".join(others) or "the crate does not build")
    return None, faulty


def within(span, places):
    """The mutants in whose text a place is, or the macro's call at that place."""
    while span:
        for first, last, number in places.get(span["file_name"], []):
            if first <= span["line_start"] <= last and span.get("is_primary", True):
                yield number
        span = (span.get("expansion") or {}).get("span")


def tests(folder, program, number, stage, seconds, module=""):
    """How a run of a stage's tests ends."""
    limits = [f"--cpu={round(seconds)}:{round(seconds) + 5}", f"--as={MEMORY}"]
    words = [word.replace(OWN, f"domain::{module}::" if module else "domain::") for word in stage]
    ran = subprocess.run(
        ["prlimit", *limits, program, *FIRST_FAILURE, *words],
        cwd=folder, env=os.environ | ENVIRONMENT | {"MUTANT": str(number), "CARGO_MANIFEST_DIR": str(folder)},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=ASLEEP,
    )
    return ran.returncode


def as_they_are(folder, program):
    took = []
    for stage in STAGES:
        before = processor_time()
        if tests(folder, program, 0, stage, ASLEEP) != 0:
            sys.exit(f"the tests fail as they are: MUTANT=0 {program} {' '.join(stage)}")
        took.append(processor_time() - before)
    print("the tests take", *(f"{seconds:.0f} s" for seconds in took), file=sys.stderr, flush=True)
    return took


def processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def attempt(folder, program, number, stage, seconds, module):
    """`None`: no test of this stage notices it."""
    try:
        code = tests(folder, program, number, stage, seconds, module)
    except subprocess.TimeoutExpired:
        return "error"
    if code == -signal.SIGXCPU:
        return "without end"
    return None if code == 0 else "caught" if code in NOTICED else "error"
