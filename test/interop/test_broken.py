"""What only a new start of a process mends: it says so and ends, and its next life goes on."""
import os
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
    """451, nothing more is delivered that could not be written down, and the process ends and is
    started again; while the disk fails, that does not help; then all goes on."""
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
    facteur.wait_until(lambda: "process-died" in facteur.log, "the end of the broken process")
    assert "spool_fenced" in facteur.log and "broken" in facteur.log
    before = len(sink.mails)
    assert before <= 10
    gate.unlink()
    facteur.wait_until(lambda: facteur.process_of("mail") and not facteur.queue(), "its next life")
    copies = [sum(f"n{number}@sink.test" in mail.recipients for mail in sink.mails)
              for number in range(10)]
    assert min(copies) == 1 and sum(copies) - 10 <= before
