"""What the process that speaks to strangers cannot do, tried from inside of it."""
import os
import re
import subprocess

import pytest

import harness
import smtp

FORBIDDEN = {"run a program", "make a process", "trace another process", "send the parent a signal",
             "open a netlink socket", "listen on a port", "make memory executable", "read /etc/passwd"}


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)


def test_the_walls_hold(place):
    facteur = place.facteur(start=False)
    facteur.tries_walls = True
    facteur.start()
    tried = facteur.json("walls")
    assert tried["hold"] is True
    assert all(attempt["refused"] for attempt in tried["attempts"])
    assert FORBIDDEN < {attempt["what"] for attempt in tried["attempts"]}
    # the same from outside
    facts = status_of(facteur.process_of("mail"))
    assert facts["Seccomp"] == "2" and facts["NoNewPrivs"] == "1"
    assert int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == int(facts["CapAmb"], 16) == 0
    if not harness.SUPER:
        assert set(facts["Uid"].split()) == {"65534"}
        assert os.stat(f"/proc/{facteur.process_of('mail')}/mem").st_uid == 0  # not traceable
    walls = next(p for p in facteur.json("status")["processes"] if p["name"] == "mail")["walls"]
    assert "seccomp" in walls and "Landlock" in walls and "NO" not in walls
    assert re.search(r"mail +\d+: .*seccomp, Landlock \d", facteur.cli("status"))
    # each kind of call is said once, and mail goes on
    seen = facteur.log.count("sandbox-refused")
    assert seen >= 4
    facteur.cli("walls")
    assert facteur.log.count("sandbox-refused") == seen


def test_a_transport_file_is_read_through_the_parent(place):
    """It lies where mail may not read, is replaced by its writer, and is taken up all the same."""
    sink = place.sink()
    facteur = place.facteur(sink.port, files={"map": ""},
                            more="domain lists.test { transports map }\npostmaster pm@sink.test\n")
    with smtp.Client(facteur.port) as session:
        session.hello()
        session.say("MAIL FROM:<a@client.test>", 250)
        session.say("RCPT TO:<one@lists.test>", 550)
    facteur.write("map.new", f"one@lists.test smtp:[127.0.0.1]:{sink.port}\n")
    os.rename(facteur.dir / "map.new", facteur.dir / "map")
    harness.wait_for(lambda: len(facteur.events("rows-read")) >= 1, "its rows")

    def taken():
        with smtp.Client(facteur.port) as session:
            session.hello()
            session.say("MAIL FROM:<a@client.test>", 250)
            return session.say("RCPT TO:<one@lists.test>").code == 250
    harness.wait_for(taken, "a recipient of the new file")


@pytest.mark.skipif(bool(harness.SUPER), reason="only root can become another user")
def test_as_an_ordinary_user(place):
    """On high ports everything works, in the same walls."""
    sink = place.sink()
    facteur = place.facteur(sink.port, start=False, more="""
domain home.test { catch-all ada }
postmaster pm@home.test
mailbox ada@home.test { maildir box }
""")
    facteur.tries_walls = True
    facteur.cli("compile")
    for path in [facteur.dir, *facteur.dir.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    facteur.command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                       *facteur.command]
    facteur.start(compile_first=False)
    assert facteur.json("walls")["hold"] is True
    assert smtp.send(facteur.port, "a@client.test", ["b@sink.test", "x@home.test"],
                     smtp.message()).code == 250
    facteur.wait_empty()
    assert len(sink.mails) == 1 and len(os.listdir(facteur.dir / "box" / "new")) == 1
    for name in ("mail", "courier"):
        assert set(status_of(facteur.process_of(name))["Uid"].split()) == {"65534"}
    pid = facteur.process_of("mail")
    subprocess.run(["kill", "-9", str(pid)], check=True)
    harness.wait_for(lambda: facteur.process_of("mail") not in (None, pid), "its next life")
    assert smtp.send(facteur.port, "a@client.test", ["b@sink.test"], smtp.message()).code == 250
