"""Transport files that a neighbour writes: whom they accept, where they lead, and their changes."""
import os
import pathlib

import harness
import smtp

QUEUE = """#!/bin/sh
# As Sympa's queue: takes the list on its command line and the message on its input.
out=$(mktemp "$1/$2.XXXXXX") && cat > "$out" && mv "$out" "$out.mail"
"""


def lists(place, rows, sympa_rows, **words):
    sink = place.sink()
    facteur = place.facteur(sink.port, start=False, files={
        "transport.sympa": rows, "sympa_transport": sympa_rows}, more="""
postmaster pm@elsewhere.test
domain lists.test { transports transport.sympa sympa_transport }
""", **words)
    box = facteur.folder("lists")
    program = facteur.dir / "queue"
    program.write_text(QUEUE)
    program.chmod(0o755)
    (facteur.dir / "conf.d" / "30-lists.conf").write_text(
        f'transport sympa {{ pipe "{program} {box} {{nexthop}}"; return-path }}\n')
    return sink, facteur, box


ROWS = """\
# The admin's.
lists.test             error:User unknown in recipient table
sympa@lists.test       sympa:sympa@lists.test
old@lists.test         error:5.1.6 This list has moved
away@lists.test        smtp:[127.0.0.1]:{port}
"""


def names(box):
    return sorted(name.partition(".test.")[0] + ".test" for name in os.listdir(box))


def test_rows(place):
    """A row leads to a program or a host; all others of the domain are refused at RCPT (P4)."""
    sink, facteur, box = lists(place, "", "news@lists.test sympa:news@lists.test\n")
    (facteur.dir / "transport.sympa").write_text(ROWS.format(port=sink.port))
    facteur.start()
    for address in ("sympa@lists.test", "News+tag@Lists.Test", "away@lists.test"):
        smtp.send(facteur.port, "a@client.test", [address], smtp.message("To a list"))
    facteur.wait_empty()
    assert names(box) == ["news@lists.test", "sympa@lists.test"]
    assert sink.wait(1)[0].recipients == ["away@lists.test"]
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        reply = client.say("RCPT TO:<nobody@lists.test>", 550)
        assert "5.1.1" in reply.text and "User unknown in recipient table" in reply.text
        assert "5.1.6" in client.say("RCPT TO:<old@lists.test>", 550).text
        client.say("RCPT TO:<postmaster@lists.test>", 250)
    refused = [line for line in facteur.log.splitlines() if " refused " in line]
    assert "rule=transport.sympa:2" in refused[0] and "rule=transport.sympa:4" in refused[1]
    shown = facteur.cli("alias", "news@lists.test")
    assert "pipe" in shown and "sympa_transport:1" in shown


def test_a_neighbour_rewrites_its_file(place):
    """The new rows are served within seconds, alone; a wrong file changes nothing."""
    _, facteur, box = lists(place, ROWS.format(port=1), "")
    facteur.start()
    (facteur.dir / "conf.d" / "40-half.conf").write_text("half a word {\n")  # stays unread

    def accepted(address):
        with smtp.Client(facteur.port) as client:
            client.hello()
            client.say("MAIL FROM:<a@client.test>", 250)
            return client.say(f"RCPT TO:<{address}>").code == 250

    with smtp.Client(facteur.port) as open_session:
        open_session.hello()
        rows = facteur.dir / "sympa_transport"
        assert not accepted("news@lists.test")
        rows.write_text("news@lists.test sympa:news@lists.test\n")
        harness.wait_for(lambda: accepted("news@lists.test"), "the new row")
        rows.write_text("news@lists.test nonsense:news\n")
        facteur.wait_until(lambda: "rows-refused" in facteur.log, "a refusal")
        assert "unknown transport 'nonsense'" in facteur.log
        assert accepted("news@lists.test")
        beside = pathlib.Path(f"{rows}.new")
        beside.write_text("other@lists.test sympa:other@lists.test\n")
        beside.rename(rows)
        harness.wait_for(lambda: accepted("other@lists.test"), "the renamed file")
        assert not accepted("news@lists.test")
        open_session.say("NOOP", 250)
    smtp.send(facteur.port, "a@client.test", ["other@lists.test"], smtp.message())
    facteur.wait_empty()
    assert names(box) == ["other@lists.test"]


def test_rows_are_checked(place):
    """What a compile refuses of a transport file, with its place."""
    _, facteur, _ = lists(place, "lists.test error:x\n", "news@lists.test symp:news\n")
    said = facteur.cli("check", code=1)
    assert "sympa_transport:1:17: unknown transport 'symp'; the nearest known one is 'sympa'" in said
    (facteur.dir / "sympa_transport").unlink()
    assert "conf.d/20-more.conf:3:" in facteur.cli("check", code=1)
