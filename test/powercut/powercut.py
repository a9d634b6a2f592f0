#!/usr/bin/env python3
"""powercut - the power is cut under load, and nothing that was acknowledged is lost

	powercut.py --facteur PROGRAM [--cuts N] [--seed N]

Exit 0: so it is; 1: it is not; 77: User-Mode Linux does not start on this machine.

Facteur runs on a real kernel, User-Mode Linux, with its spool on a real file system, ext4, on a
disk whose cache is volatile (disk.c).  kill -9 of that kernel is the cut: its page cache and the
disk's cache are gone.  What runs inside, and how each cut is followed by a recovery, is told in
guest.py; this side cuts, now and then during the recovery, too, and counts.

Then the counter-proof: the same with a Facteur whose syncs do nothing (nosync.c) must lose
something within as many cuts, and within 20 where there are fewer, or the test has proven nothing.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

import harness  # noqa: E402

KERNEL = "linux.uml"
MEMORY, DISK = "512M", "1G"
BOOT_SECONDS = 180
SENT_MAX = 150  # a cut comes after so many acknowledgements at most
CUT_SECONDS_MAX = 0.1  # and so much later, so that it may fall anywhere
PROOF_CUTS = 20  # of the counter-proof, which ends with the first loss
NOT_HERE = 77
RECOVERY_CHANCE = 0.2  # of one more cut before it, during the recovery
# P2: a recipient is closed within 50 ms of the peer's 250; then the guest's own sync may take a while.
CLOSING_SECONDS = 0.5

CONFIGURATION = """\
hostname pivot.test
user nobody
directories { spool spool; state state; run run }
resolver { zone zone.txt }
relay-for 127.0.0.1
workers 2
listen mx { on 127.0.0.1:2525; tls off }
transport now { smtp 127.0.0.1:2601 }
transport later { smtp 127.0.0.1:2602 }
route now.test { transport now }
route later.test { transport later }
queue { retry 1s; reserve 64M }
"""


class NotHere(Exception):
    """The kernel does not even begin: this machine lets no User-Mode Linux run."""


class Machine:
    """The guest: its disk, and one kernel at a time."""

    def __init__(self, folder, facteur, seed):
        self.folder, self.facteur, self.seed = folder, facteur, seed
        self.environment = {}  # of Facteur
        self.boots, self.process = 0, None
        self.image = folder / "image"
        (folder / "disk").mkdir(parents=True)
        content = folder / "content"
        (content / "conf.d").mkdir(parents=True)
        (content / "conf.d" / "10-all.conf").write_text(CONFIGURATION)
        (content / "zone.txt").write_text("")
        subprocess.run([facteur, "compile", "-c", content], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["mkfs.ext4", "-q", "-b", "4096", "-d", content, self.image, DISK],
                       check=True, stdout=subprocess.DEVNULL)

    @property
    def record(self):
        path = self.folder / f"boot-{self.boots}"
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        return [line.split(" ") for line in lines]

    def boot(self, last=False):
        self.boots += 1
        plan = {"boot": self.boots, "last": last, "facteur": str(self.facteur),
                "environment": self.environment}
        (self.folder / "plan.json").write_text(json.dumps(plan))
        command = [KERNEL, f"mem={MEMORY}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/",
                   "ro", "con=null", "con0=null,fd:1", "raid=noautodetect",
                   f"uml_dir={self.folder}", "umid=guest",
                   "init=/usr/bin/python3", "PYTHONDONTWRITEBYTECODE=1", "--",
                   str(HERE / "guest.py"), str(self.folder)]
        environment = {**os.environ, "LD_PRELOAD": str(self.folder.parent / "disk.so"),
                       "DISK_IMAGE": str(self.image), "DISK_SEED": str(self.seed + self.boots)}
        with open(self.folder / "console.log", "wb") as console:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console,
                                            stderr=console, env=environment, start_new_session=True)

    def wait(self, word, count=1, seconds=BOOT_SECONDS):
        """Until the record of this boot has the word so often."""
        def check():
            ended = self.process.poll() is not None
            record = self.record
            failures = [line for line in record if line[0] == "failed"]
            assert not failures, " ".join(failures[0])
            if sum(line[0] == word for line in record) >= count:
                return True
            if ended and self.boots == 1 and not record and not self.began():
                raise NotHere
            assert not ended, f"the guest ended before: {word}"
            return False
        harness.wait_for(check, f"boot {self.boots}: {count} {word}", seconds)

    def began(self):
        return "Linux version" in (self.folder / "console.log").read_text(errors="replace")

    def boot_and_stop(self):
        """All that waits is delivered, and the guest goes down in good order."""
        self.boot(last=True)
        self.wait("ended")
        self.process.wait(harness.PATIENCE)

    def cut(self):
        """The power: every process of the kernel, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        at = time.time()
        self.process.wait()
        return at

    def show(self):
        for name, octets in (("console.log", 1500), ("facteur.log", 3000)):
            path = self.folder / name
            if path.exists():
                print(f"--- {name}:\n{path.read_text(errors='replace')[-octets:]}")


class Count:
    """What the records say, over all boots."""

    def __init__(self):
        self.sent, self.came, self.torn, self.cuts = set(), {}, [], []

    def add(self, record):
        for word, *rest in record:
            if word == "sent":
                self.sent.add(rest[0])
            elif word == "came":
                self.came.setdefault(rest[0], []).append(float(rest[1]))
                if rest[2] != "whole":
                    self.torn.append(rest[0])

    def lost(self, names):
        return sorted(names - set(self.came))

    def twice(self):
        """How long before a cut each was delivered that came again; never: an infinite time."""
        ages = []
        for times in self.came.values():
            for at in times[:-1]:
                ages.append(min((cut - at for cut in self.cuts if cut >= at), default=float("inf")))
        return ages


def cut_recovery(machine, count, dice):
    """Boot, and cut while Facteur is about to deliver what it has found."""
    machine.boot()
    machine.wait("recovered")
    cut(machine, count, dice)


def cut_load(machine, count, dice):
    """Boot, let it recover and deliver, load it, cut.  What was acknowledged before this boot, and has
    not come by its end, is lost."""
    before = set(count.sent)
    machine.boot()
    machine.wait("loading")
    machine.wait("sent", dice.randint(1, SENT_MAX))
    cut(machine, count, dice)
    lost = count.lost(before)
    print(f"cut {len(count.cuts)}: {len(count.sent)} acknowledged, {len(count.came)} delivered, "
          f"{len(count.twice())} twice, {len(lost)} lost", flush=True)
    return lost


def cut(machine, count, dice):
    time.sleep(dice.uniform(0, CUT_SECONDS_MAX))
    count.cuts.append(machine.cut())
    count.add(machine.record)


def with_sync(machine, cuts, dice):
    count = Count()
    for _ in range(cuts):
        if count.cuts and dice.random() < RECOVERY_CHANCE:
            cut_recovery(machine, count, dice)
        lost = cut_load(machine, count, dice)
        assert not lost, f"acknowledged, and lost: {lost}"
    machine.boot_and_stop()
    count.add(machine.record)
    lost, twice = count.lost(count.sent), count.twice()
    assert not lost, f"acknowledged, and lost: {lost}"
    assert not count.torn, f"not what was sent: {count.torn}"
    oldest = max(twice, default=0)
    print(f"with the sync: {len(count.cuts)} cuts, {len(count.sent)} acknowledged, none lost, {len(twice)} "
          f"twice, delivered at most {oldest * 1000:.0f} ms before a cut")
    assert oldest <= CLOSING_SECONDS, f"twice, and not because of a cut: {oldest} s before one"
    subprocess.run(["e2fsck", "-fn", machine.image], check=True, capture_output=True)


def without_sync(machine, cuts, dice):
    """The spool is made in good order first, so that only mail is at stake."""
    machine.boot_and_stop()
    machine.environment["LD_PRELOAD"] = str(machine.folder.parent / "nosync.so")
    count = Count()
    for _ in range(cuts + 1):  # the last one only shows what the one before it has lost
        lost = cut_load(machine, count, dice)
        if lost:
            print(f"without the sync: {len(lost)} of {len(count.sent)} acknowledged are lost after "
                  f"{len(count.cuts) - 1} cuts")
            return
    raise AssertionError(f"without the sync nothing was lost in {cuts} cuts: this test is blind")


def build(folder, name):
    flags = ["-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    library = folder / f"{name}.so"
    subprocess.run([*os.environ.get("CC", "gcc").split(), *flags, HERE / f"{name}.c", "-o", library],
                   check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--facteur", type=pathlib.Path, required=True)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.cuts < 1:
        parser.error("--cuts: at least one")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the guest must not outlive us
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # mkfs.ext4, for who is not root
    folder = pathlib.Path(tempfile.mkdtemp(prefix="facteur-powercut-"))
    folder.chmod(0o711)  # the server gives its rights up, and must still find its disk
    machine = None
    try:
        build(folder, "disk")
        build(folder, "nosync")
        for story, cuts in (with_sync, options.cuts), (without_sync, max(options.cuts, PROOF_CUTS)):
            print(f"=== {story.__name__}", flush=True)
            machine = Machine(folder / story.__name__, options.facteur.resolve(), options.seed)
            story(machine, cuts, random.Random(options.seed))
    except NotHere:
        machine.show()
        print("powercut: User-Mode Linux does not start here: nothing was tried")
        return NOT_HERE
    except (AssertionError, subprocess.CalledProcessError) as error:
        print(f"powercut: {error}")
        if machine:
            machine.show()
        return 1
    finally:
        if machine and machine.process and machine.process.poll() is None:
            machine.cut()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
