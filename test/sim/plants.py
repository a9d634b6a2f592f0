#!/usr/bin/env python3
"""Plant faults and show that the simulation finds each of them.

Each test/sim/plants/NAME.patch breaks a promise in the code.  It is applied to a copy of the source
tree, the simulation is built there, and it must fail within the seeds that CI runs.  A patch that
does not apply any more, or whose fault is not found, is a failure.

usage: plants.py [--build DIR] [--seeds N] [NAME...]
"""
import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLANTS = ROOT / "test/sim/plants"


def run(*command, **more):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)


def must(*command, **more):
    done = run(*command, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout[-4000:]}")
    return done.stdout


def copy_tree(to):
    """The files of the tree, as they are now.  Only what differs is written, and then it is new, so
    that ninja builds it, even if an earlier run was cut off with its fault still in the copy."""
    names = must("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard").splitlines()
    for name in names:
        source, target = ROOT / name, to / name
        if not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copy(source, target)


def build(tree):
    if not (tree / "build/build.ninja").exists():
        must("meson", "setup", "build", "-Db_sanitize=address,undefined", "-Db_lundef=false", cwd=tree)
    return run("ninja", "-C", "build", "test/sim/sim", cwd=tree)


def try_plant(tree, patch, seeds):
    """The seed that found it and what it said, or None."""
    must("patch", "-p1", "-F0", "--no-backup-if-mismatch", "-i", patch, cwd=tree)
    try:
        built = build(tree)
        if built.returncode != 0:
            sys.exit(f"{patch.name} does not build:\n{built.stdout[-4000:]}")
        told = run("build/test/sim/sim", "--seeds", f"1-{seeds}", "--first-failure", cwd=tree)
        verdicts = told.stdout.partition("\n---")[0]  # what follows are the last events
        found = re.findall(r"^seed (\d+): (.*)$", verdicts, re.M)
        return min((int(seed), words) for seed, words in found) if told.returncode and found else None
    finally:
        must("patch", "-p1", "-R", "--no-backup-if-mismatch", "-i", patch, cwd=tree)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--build", default=ROOT / "build-plants", type=Path)
    parser.add_argument("--seeds", default=2000, type=int)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    options.build.mkdir(parents=True, exist_ok=True)
    tree = options.build.resolve()
    copy_tree(tree)
    built = build(tree)
    if built.returncode != 0:
        sys.exit(built.stdout[-4000:])
    passed = failed = 0
    for patch in sorted(PLANTS.glob("*.patch")):
        if options.names and patch.stem not in options.names:
            continue
        found = try_plant(tree, patch, options.seeds)
        if found:
            passed += 1
            print(f"{patch.stem}: found by seed {found[0]}: {found[1]}", flush=True)
        else:
            failed += 1
            print(f"{patch.stem}: NOT FOUND within {options.seeds} seeds", flush=True)
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
