"""guest - what runs inside User-Mode Linux, as its first process, until the power is cut

	guest.py FOLDER

FOLDER/plan.json says what to do; FOLDER is the host's, so that what is written there outlives the
cut (hostfs writes through).  Each boot recovers first: Facteur is started on what the last cut has
left of its disk, and delivers all of it to two sinks.  Then one sink is closed, and mail for both
goes in until the end, so that every cut finds mail on its way and mail that waits.  The record,
one line an event:

	recovered SECONDS	facteur listens
	sent NAME		it was acknowledged
	came NAME TIME whole	a sink has it; "torn" if its content is not what was sent
	drained			the queue is empty
	loading			the first client is about to send
	ended			the last boot of all has stopped Facteur and unmounted the disk
	failed WHY
"""
import ctypes
import fcntl
import hashlib
import json
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))

import harness  # noqa: E402
import smtp  # noqa: E402

PORT, NOW, LATER = 2525, 2601, 2602
CLIENTS = 4
LINES_MAX = 600
RECOVERY_SECONDS = 120
POWER_OFF = 0x4321FEDC  # reboot(2)
FINIT_MODULE = 313  # x86-64
LIBC = ctypes.CDLL(None, use_errno=True)


class Record:
    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def say(self, *words):
        """In the host's hands when this returns."""
        os.write(self.fd, (" ".join(map(str, words)) + "\n").encode())


class Sink(smtp.Sink):
    """Records a message before its 250, and keeps nothing."""

    def __init__(self, port, record):
        self.record = record
        super().__init__(("127.0.0.1", port))

    def took(self, mail):
        head, _, body = mail.data.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n") if b": " in line)
        whole = fields[b"X-Sum"].decode() == hashlib.sha256(body).hexdigest()
        self.record.say("came", fields[b"Subject"].decode(), time.time(), "whole" if whole else "torn")


def mount(kind, what, where, *options):
    subprocess.run(["mount", "-t", kind, *options, str(what), str(where)], check=True)


def load(module):
    """Without insmod, which is not on every machine."""
    path = f"/usr/lib/uml/modules/{os.uname().release}/kernel/drivers/{module}.ko"
    with open(path, "rb") as file:
        if LIBC.syscall(FINIT_MODULE, file.fileno(), b"", 0) != 0:
            raise OSError(ctypes.get_errno(), path)


def mount_disk(folder):
    """The kernel's own block device, ubd, does not hand the guest's flushes on to the host (6.1: a
    flush has no segments, and its loop over the segments does nothing).  A loop device on hostfs
    does: a flush there becomes an fsync of the image."""
    load("block/loop")
    mount("ext4", folder / "image", folder / "disk", "-o", "loop")


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        up = struct.pack("16sh", b"lo", 1 | 64)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(sock, 0x8914, up)  # SIOCSIFFLAGS


def start_facteur(plan, folder):
    environment = {**os.environ, **plan["environment"]}
    with open(folder / "facteur.log", "ab") as log:
        process = subprocess.Popen([plan["facteur"], "run", "-c", str(folder / "disk")],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def serves():
        assert process.poll() is None, f"facteur ended with {process.returncode}"
        return harness.listening(PORT)
    harness.wait_for(serves, "facteur listens", RECOVERY_SECONDS)
    return process


def is_empty(plan, folder):
    command = [plan["facteur"], "queue", "-c", str(folder / "disk"), "list", "--json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout) == []


def letter(name, dice):
    body = "".join(f"{dice.getrandbits(256):064x}\r\n" for _ in range(dice.randint(1, LINES_MAX)))
    digest = hashlib.sha256(body.encode()).hexdigest()
    return smtp.message(name, body, extra=f"X-Sum: {digest}\r\n")


def send(boot, number, record):
    """Mail, as fast as it is taken, every other one to the sink that is closed."""
    dice, count = random.Random(boot * CLIENTS + number), 0
    with smtp.Client(PORT) as client:
        client.hello()
        while True:
            count += 1
            name = f"n{boot}.{number}.{count}"
            to = f"b@{'now' if count % 2 else 'later'}.test"
            reply = client.mail("a@client.test", [to], letter(name, dice))
            assert reply.code == 250, reply
            record.say("sent", name)


def run(plan, folder, record):
    began = time.monotonic()
    mount("tmpfs", "run", "/run")
    mount("sysfs", "sys", "/sys")
    raise_loopback()
    mount_disk(folder)
    sinks = [Sink(NOW, record), Sink(LATER, record)]
    facteur = start_facteur(plan, folder)
    record.say("recovered", round(time.monotonic() - began, 2))
    harness.wait_for(lambda: is_empty(plan, folder), "an empty queue", RECOVERY_SECONDS)
    record.say("drained")

    if plan["last"]:
        facteur.terminate()
        assert facteur.wait(harness.PATIENCE) == 0, "facteur did not end well"
        subprocess.run(["umount", str(folder / "disk")], check=True)
        record.say("ended")
        return
    sinks[1].stop()
    record.say("loading")
    threads = [threading.Thread(target=attempt, args=(record, send, plan["boot"], number, record))
               for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def attempt(record, function, *args):
    try:
        function(*args)
    except Exception as error:  # the host must hear of it, whatever it is
        record.say("failed", repr(error).replace("\n", " "))


def main():
    folder = pathlib.Path(sys.argv[1])
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"  # the kernel gives none
    mount("proc", "proc", "/proc")
    mount("hostfs", "none", folder, "-o", str(folder))
    plan = json.loads((folder / "plan.json").read_text())
    record = Record(folder / f"boot-{plan['boot']}")
    attempt(record, run, plan, folder, record)
    LIBC.reboot(POWER_OFF)


main()
