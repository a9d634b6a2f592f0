"""The reference installation, its files as they stand, with its users and its neighbours' paths.

They are absolute paths and users that a test machine lacks, so all of it runs in a mount namespace
of its own, with /etc, /usr/lib and /run laid over.
"""
import os
import pathlib
import shutil
import subprocess

import harness
import pytest
import smtp

PAGE = harness.ROOT / "test" / "page"

QUEUE = """#!/bin/sh
# As Sympa's queue and bouncequeue: the list is the argument, the message the input; as its user.
set -e
[ "$(id -un)" = sympa ]
out=$(mktemp "/run/sympa/$(basename "$0") $1 XXXXXX")
cat > "$out"
"""

SETUP = """
set -e
mount --make-rprivate /
cd "$1"
mount -t tmpfs none "$1"
for under in etc lib; do mkdir -p $under.upper $under.work; done
mount -t overlay none -o lowerdir=/etc,upperdir=etc.upper,workdir=etc.work /etc
mount -t overlay none -o lowerdir=/usr/lib,upperdir=lib.upper,workdir=lib.work /usr/lib
mount -t tmpfs -o mode=755 none /run
echo 'sympa:x:4242:4242::/run/sympa:/bin/sh' >> /etc/passwd
echo 'sympa:x:4242:' >> /etc/group
mkdir -p /etc/sympa /usr/lib/sympa/bin /run/sympa /run/dovecot
chown sympa:sympa /run/sympa
ln -s "$2" /run/dovecot/lmtp
cp "$3/transport.sympa" /etc/sympa/
echo 'membres@listes.chapril.org sympa:membres@listes.chapril.org' > /etc/sympa/sympa_transport
for name in queue bouncequeue; do
    cp "$4" /usr/lib/sympa/bin/$name
    chmod 755 /usr/lib/sympa/bin/$name
done
echo set up
exec sleep 3600
"""


class Page(harness.Facteur):
    """conf.d of the page with what is built of it, and a listener and a resolver for the test."""

    def __init__(self, place, dovecot):
        self.dir = pathlib.Path(place.folder) / "facteur"
        self.port = harness.free_port()
        (self.dir / "conf.d").mkdir(parents=True)
        shutil.copytree(PAGE / "aliases", self.dir / "aliases")
        for name in ("10-identity.conf", "30-domains.conf", "40-transports.conf"):
            shutil.copy(PAGE / "conf.d" / name, self.dir / "conf.d")
        self.write("zone.txt", "")
        self.write("conf.d/20-test.conf", f"""\
listen mx {{ on 127.0.0.1:{self.port}; tls off }}
resolver {{ zone zone.txt }}
directories {{ spool spool; state state; run run }}
user {harness.SERVER_USER}
""")
        self.write("queue", QUEUE)
        over = pathlib.Path(place.folder) / "over"
        over.mkdir()
        self.space = place.keep(harness.Daemon("space", place.folder, [
            *harness.SUPER, "unshare", "--mount", "sh", "-c", SETUP, "sh", str(over),
            str(dovecot.socket), str(PAGE), str(self.dir / "queue")]))
        self.space.stop = self.space.destroy
        self.space.launch()
        self.space.wait_until(lambda: "set up" in self.space.log, "the namespace")
        self.enter = [*harness.SUPER, "nsenter", "--mount", "--target", str(self.space.process.pid)]
        harness.Daemon.__init__(self, "run", self.dir, [
            *self.enter, harness.FACTEUR, "run", "-c", str(self.dir)])

    def inside(self, *command):
        return subprocess.run([*self.enter, *command], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="users and mounts are root's")
def test_the_page_behaves(place):
    dovecot = place.dovecot(["root"])
    facteur = place.keep(Page(place, dovecot))
    assert "the configuration is right" in facteur.cli("check")
    facteur.start()

    for address in ("sympa", "listmaster", "bounce", "membres", "Abuse-Feedback-Report"):
        smtp.send(facteur.port, "a@client.test", [f"{address}@listes.chapril.org"],
                  smtp.message("To a list"))
    for address in ("root", "abuse", "postmaster", "hostmaster"):
        smtp.send(facteur.port, "a@client.test", [f"{address}@chapril.org"], smtp.message("To us"))
    smtp.send(facteur.port, "a@client.test", ["no-reply@chapril.org"], smtp.message())
    facteur.wait_empty()

    taken = sorted(line.rpartition(" ")[0] for line in
                   facteur.inside("ls", "/run/sympa").splitlines())
    assert taken == ["bouncequeue sympa@listes.chapril.org"] * 2 + [
        "queue listmaster@listes.chapril.org", "queue membres@listes.chapril.org",
        "queue sympa@listes.chapril.org"]
    assert facteur.inside("sh", "-c", "cat /run/sympa/queue*membres*").startswith(
        "Return-Path: <a@client.test>\n")
    assert len(dovecot.box("root")) == 4

    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        refused = client.say("RCPT TO:<nobody@listes.chapril.org>", 550)
        assert "5.1.1" in refused.text and "User unknown in recipient table" in refused.text
        client.say("RCPT TO:<nobody@chapril.org>", 550)
    assert "/etc/sympa/transport.sympa:2" in facteur.event("refused")["rule"]
    slow = facteur.cli("alias", "someone@laposte.net")
    assert "smtp" in slow and "40-transports.conf" in slow
