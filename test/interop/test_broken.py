"""What only a new start mends: the daemon says so and ends, and the next life goes on."""
import os
import signal
import subprocess

import harness
import smtp

FAIL_SYNC = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
int fdatasync(int fd)
{
	if (access(getenv("FAIL_SYNC"), F_OK) == 0) {
		errno = EIO;
		return -1;
	}
	return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
"""


def test_a_sync_that_fails(place):
    """451, nothing more is delivered that could not be written down, exit code 1; then all goes on."""
    state = {"closed": True}
    sink = place.sink(script={"RCPT": lambda session, line: "451 4.2.0 later" if state["closed"] else None})
    facteur = place.facteur(sink.port, start=False, more="queue { retry 1s }\n")
    source, library = facteur.dir / "sync.c", facteur.dir / "sync.so"
    source.write_text(FAIL_SYNC)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    os.chmod(facteur.dir, 0o755)
    gate = facteur.folder("gate") / "closed"
    facteur.environment = {"LD_PRELOAD": str(library), "FAIL_SYNC": str(gate),
                           "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
    facteur.start()
    for number in range(10):
        smtp.send(facteur.port, "a@client.test", [f"n{number}@sink.test"], smtp.message())
    harness.wait_for(lambda: len(facteur.queue()) == 10, "ten messages")
    gate.touch()
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        client.say("RCPT TO:<refused@sink.test>", 250)
        client.say("DATA", 354)
        client.send(b"Subject: x\r\n\r\n.\r\n")
        assert client.reply().code == 451
    state["closed"] = False
    assert facteur.process.wait(harness.PATIENCE) == 1
    assert "spool_fenced" in facteur.log and "broken" in facteur.log
    before = len(sink.mails)
    assert before <= 10
    gate.unlink()
    facteur.start(compile_first=False)
    facteur.wait_empty()
    copies = [sum(f"n{number}@sink.test" in mail.recipients for mail in sink.mails)
              for number in range(10)]
    assert min(copies) == 1 and sum(copies) - 10 <= before


def test_the_courier_is_killed(place):
    """Deliveries into files cannot go on: the daemon ends with 1, and the next one has a courier."""
    facteur = place.facteur(start=False, more="""
domain home.test { catch-all ada }
postmaster pm@home.test
mailbox ada@home.test { maildir box }
""")
    box = facteur.folder("box")
    facteur.start()
    children = subprocess.run(["pgrep", "-P", str(facteur.process.pid)], capture_output=True,
                              text=True, check=True).stdout.split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    assert facteur.process.wait(harness.PATIENCE) == 1
    facteur.start(compile_first=False)
    smtp.send(facteur.port, "a@client.test", ["x@home.test"], smtp.message())
    facteur.wait_empty()
    assert len(os.listdir(box / "new")) == 1
