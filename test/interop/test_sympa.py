"""Mailing lists by a real Sympa, behind the reference installation's own files.

Sympa has fixed paths, so it lives in a mount namespace with its own /etc, /var and /run, and Facteur
with it, which runs Sympa's programs.  Its sendmail is a script that submits to Facteur.
"""
import os
import pathlib
import shutil
import subprocess

import harness
import pytest
import smtp

PAGE = harness.ROOT / "test" / "page"
DOMAIN = "listes.chapril.org"

SETUP = """
set -e
mount --make-rprivate /
cd "$1"
for under in etc lib spool; do mkdir $under.upper $under.work; done
mount -t overlay none -o lowerdir=/etc,upperdir=etc.upper,workdir=etc.work /etc
mount -t overlay none -o lowerdir=/var/lib,upperdir=lib.upper,workdir=lib.work /var/lib
mount -t overlay none -o lowerdir=/var/spool,upperdir=spool.upper,workdir=spool.work /var/spool
mount -t tmpfs -o mode=755 none /run
mkdir -p /run/sympa /var/lib/sympa/list_data /var/lib/sympa/list_data/$4
mkdir -p /var/spool/sympa /etc/sympa/$4 dev
for name in null zero full random urandom tty; do
    touch dev/$name
    mount --bind /dev/$name dev/$name
done
mkdir dev/shm dev/pts
ln -s /proc/self/fd dev/fd
mount --rbind dev /dev
cp "$2/sympa.conf" /etc/sympa/sympa/sympa.conf
cp "$2/list_aliases.tt2" /etc/sympa/list_aliases.tt2
cp "$3/transport.sympa" /etc/sympa/
touch /etc/sympa/sympa_transport
chown -R sympa:sympa /run/sympa /var/lib/sympa /var/spool/sympa /etc/sympa
echo set up
exec "$5" -c "$6"
"""

# Something has to read what it logs.
SYSLOG = """
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
os.chmod("/dev/log", 0o666)
print("reading", flush=True)
while True:
    print(s.recv(65536).decode(errors="replace"), flush=True)
"""

SENDMAIL = """#!{python}
# As Sympa calls it: -oi -odi -oem -f SENDER -- RECIPIENT ...
import smtplib, sys
words = sys.argv[1:]
sender = words[words.index("-f") + 1]
with smtplib.SMTP("127.0.0.1", {port}) as server:
    server.sendmail("" if sender == "<>" else sender, words[words.index("--") + 1:],
                    sys.stdin.buffer.read().replace(b"\\n", b"\\r\\n"))
"""

CONF = """\
domain {domain}
listmaster listmaster@{domain}
db_type SQLite
db_name /var/lib/sympa/sympa.sqlite
sendmail {base}/sendmail
sendmail_aliases /etc/sympa/sympa_transport
aliases_program none
aliases_db_type hash
syslog LOCAL1
log_socket_type unix
cookie 0123456789
"""

ALIASES = """\
[% list.name %]@[% list.domain %] sympa:[% list.name %]@[% list.domain %]
[% list.name %]-request@[% list.domain %] sympa:[% list.name %]-request@[% list.domain %]
[% list.name %]-editor@[% list.domain %] sympa:[% list.name %]-editor@[% list.domain %]
[% list.name %]-subscribe@[% list.domain %] sympa:[% list.name %]-subscribe@[% list.domain %]
[% list.name %]-unsubscribe@[% list.domain %] sympa:[% list.name %]-unsubscribe@[% list.domain %]
[% list.name %]-owner@[% list.domain %] sympabounce:[% list.name %]@[% list.domain %]
"""

LIST = f"""<?xml version="1.0" ?>
<list>
<listname>membres</listname>
<type>discussion_list</type>
<subject>Members</subject>
<description/>
<status>open</status>
<language>en</language>
<owner multiple="1"><email>anna@d1.test</email></owner>
<topics>computers</topics>
</list>
"""


class Sympa(harness.Facteur):
    def __init__(self, place):
        self.sink = place.sink()
        self.dir = pathlib.Path(place.folder) / "facteur"
        self.base = pathlib.Path(place.folder) / "sympa"
        self.port = harness.free_port()
        (self.dir / "conf.d").mkdir(parents=True)
        self.base.mkdir()
        shutil.copytree(PAGE / "aliases", self.dir / "aliases")
        for name in ("30-domains.conf", "40-transports.conf"):
            shutil.copy(PAGE / "conf.d" / name, self.dir / "conf.d")
        self.write("zone.txt", "")
        self.write("conf.d/20-test.conf", f"""\
hostname pivot.test
postmaster root@chapril.org
listen mx {{ on 127.0.0.1:{self.port}; tls off }}
relay-for 127.0.0.1
resolver {{ zone zone.txt }}
directories {{ spool spool; state state; run run }}
user {harness.SERVER_USER}
route d1.test d2.test {{ smtp 127.0.0.1:{self.sink.port} }}
""")
        (self.base / "sendmail").write_text(SENDMAIL.format(python="/usr/bin/python3", port=self.port))
        (self.base / "sendmail").chmod(0o755)
        (self.base / "sympa.conf").write_text(CONF.format(domain=DOMAIN, base=self.base))
        (self.base / "list_aliases.tt2").write_text(ALIASES)
        (self.base / "list.xml").write_text(LIST)
        self.base.chmod(0o755)
        self.space = place.keep(harness.Daemon("space", place.folder, [
            "unshare", "--mount", "sh", "-c", SETUP, "sh", str(self.base), str(self.base), str(PAGE),
            DOMAIN, "/usr/bin/python3", SYSLOG]))
        self.space.stop = self.space.destroy
        self.space.launch()
        self.space.wait_until(lambda: "reading" in self.space.log, "the namespace")
        self.enter = ["nsenter", "--mount", "--target", str(self.space.process.pid)]
        harness.Daemon.__init__(self, "run", self.dir, [
            *self.enter, harness.FACTEUR, "run", "-c", str(self.dir)])

    def sympa(self, *words, data=None):
        run = subprocess.run([*self.enter, "runuser", "-u", "sympa", "--", *words], text=True,
                             input=data, capture_output=True, timeout=60)
        assert run.returncode == 0, f"{words}: {run.stdout}{run.stderr}{self.space.log[-2000:]}"
        return run.stdout

    def daemon(self, place, name):
        daemon = place.keep(harness.Daemon(name, place.folder, [
            *self.enter, "runuser", "-u", "sympa", "--", f"/usr/lib/sympa/bin/{name}.pl",
            "--foreground"]))
        daemon.stop = daemon.terminate
        daemon.launch()
        return daemon

    def rcpt(self, address):
        with smtp.Client(self.port) as client:
            client.hello()
            client.say("MAIL FROM:<anna@d1.test>", 250)
            return client.say(f"RCPT TO:<{address}>")

    def ask(self, sql):
        return self.sympa("sqlite3", "-cmd", ".timeout 20000", "/var/lib/sympa/sympa.sqlite", sql)


def copies(facteur):
    """What Sympa has sent to members; beside it, it writes to listmaster and owners."""
    return [mail for mail in facteur.sink.mails if b"Subject: To all" in mail.data]


@pytest.mark.skipif(os.geteuid() != 0, reason="users and mounts are root's")
def test_a_list_on_a_real_sympa(place):
    facteur = place.keep(Sympa(place))
    facteur.start()
    facteur.sympa("/usr/lib/sympa/bin/sympa.pl", "--health_check")
    assert facteur.rcpt(f"membres@{DOMAIN}").code == 550
    facteur.sympa("/usr/lib/sympa/bin/sympa.pl", "--create_list", f"--robot={DOMAIN}",
                  "--input_file", str(facteur.base / "list.xml"))
    # Sympa has rewritten its transport file; Facteur sees that by itself
    harness.wait_for(lambda: facteur.rcpt(f"membres@{DOMAIN}").code == 250, "the list's address")
    assert "sympa_transport:" in facteur.cli("alias", f"membres-owner@{DOMAIN}")
    assert facteur.rcpt(f"others@{DOMAIN}").code == 550
    facteur.sympa("/usr/lib/sympa/bin/sympa.pl", "add", "--quiet", f"membres@{DOMAIN}",
                  data="anna@d1.test\nbob@d2.test\ngone@d1.test\n")

    facteur.sink.script["RCPT"] = lambda _, argument: (
        "550 5.1.1 gone for good" if "gone@" in argument else None)
    for name in ("sympa_msg", "bulk", "bounced"):
        facteur.daemon(place, name)
    smtp.send(facteur.port, "anna@d1.test", [f"membres@{DOMAIN}"],
              smtp.message(subject="To all", sender="anna@d1.test", to=f"membres@{DOMAIN}"))
    harness.wait_for(lambda: {r for mail in copies(facteur) for r in mail.recipients} ==
                     {"anna@d1.test", "bob@d2.test"}, "the copies of the members", 60)
    for mail in copies(facteur):
        assert mail.sender == f"membres-owner@{DOMAIN}"
        assert f"List-Id: <membres.{DOMAIN}>".encode() in mail.data and b"Words." in mail.data

    # the bounce of the third one went to the list's owner address, and Sympa knows whose it is
    harness.wait_for(lambda: facteur.ask(
        "SELECT bounce_subscriber FROM subscriber_table WHERE user_subscriber = 'gone@d1.test'"
        " AND bounce_subscriber IS NOT NULL"), "the bounce in Sympa's database", 60)
    facteur.wait_empty()
