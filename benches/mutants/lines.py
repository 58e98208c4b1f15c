"""Which lines of `domain` the tests of its crate run: instrumented by rustc, read by LLVM's tools of the same version."""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess

import crate


def show(folder):
    """Lines that have code, tests' own left out."""
    profiles = folder / "target/lines"
    shutil.rmtree(profiles, ignore_errors=True)
    profiles.mkdir(parents=True)
    # What is not of this crate is as it is built otherwise.
    wrapper = folder / "instrumented"
    wrapper.write_text('#!/bin/sh\nexec "$@" -C instrument-coverage\n')
    wrapper.chmod(0o755)
    environment = os.environ | {
        "RUSTC_WORKSPACE_WRAPPER": str(wrapper),
        "LLVM_PROFILE_FILE": str(profiles / "%p.profraw"),
    }
    command = [*crate.TEST, "--no-run", "--message-format=json"]
    built = subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    said = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    program = next(one["executable"] for one in said if one.get("executable"))
    subprocess.run(
        [program, "--quiet"], cwd=folder, env=environment | {"CARGO_MANIFEST_DIR": str(folder)}, check=True, stdout=2
    )
    tools, merged = llvm(), profiles / "merged"
    subprocess.run([tools / "llvm-profdata", "merge", "-sparse", *profiles.glob("*.profraw"), "-o", merged], check=True)
    exported = subprocess.run(
        [tools / "llvm-cov", "export", "-format=lcov", f"-instr-profile={merged}", program],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    counted = collections.defaultdict(lambda: [0, 0])
    for file, lines in ran(exported.stdout, folder.resolve()).items():
        for row in [module_of(file), "all"]:
            counted[row][0] += len(lines)
            counted[row][1] += sum(lines.values())
    print("| module | lines | run |\n|---|---|---|")
    for module, (there, run) in sorted(counted.items()):
        print(f"| `{module}` | {there:,} | {100 * run / there:.1f} % |")


def llvm():
    said = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
    version = re.search(r"LLVM version: (\d+)", said)[1]
    return pathlib.Path(f"/usr/lib/llvm-{version}/bin")


def ran(exported, folder):
    """By file of `domain`, each line of production code that has code, and whether a test ran it."""
    files = collections.defaultdict(dict)
    file = None
    for said in exported.splitlines():
        if said.startswith("SF:"):
            path = pathlib.Path(said[3:])
            file = str(path.relative_to(folder)) if path.is_relative_to(folder / "src/domain") else None
            if file and (path.name == "tests.rs" or "tests" in path.parts):
                file = None
            ends = tests_start(path) if file else 0
        elif file and said.startswith("DA:"):
            line, count = map(int, said[3:].split(",")[:2])
            if line < ends:
                files[file][line] = files[file].get(line, False) or count > 0
    return files


def tests_start(file):
    lines = file.read_text().splitlines()
    tests = (number for number, line in enumerate(lines, 1) if line.startswith("#[cfg(test)]"))
    return next(tests, len(lines) + 1)


def module_of(file):
    return pathlib.PurePath(file).relative_to("src/domain").parts[0].removesuffix(".rs")
