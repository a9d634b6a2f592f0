"""Who an address is, by a real PostgreSQL, slapd and SQLite: found, not found, away, hung, and back."""
import pathlib
import sqlite3
import time

import directory
import harness
import smtp
from test_logins import Pivot

SLACK = 20  # a busy machine

DOMAIN = """
transport boxes {{ lmtp 127.0.0.1:{lmtp} }}
table virtual {{ pgsql "{place}"; query "SELECT goes FROM virtual WHERE address = '%s' ORDER BY goes"
	timeout 1500ms; cache 0 }}
table boxes   {{ pgsql "{place}"; query "SELECT 1 FROM boxes WHERE name = '%u' AND domain = '%d'"
	timeout 1500ms; cache 0 }}
table ways    {{ pgsql "{place}"; query "SELECT way FROM ways WHERE address = '%s'"
	timeout 1500ms; cache 0 }}
domain asked.test {{
	virtual-table virtual
	recipient-table boxes
	transport-table ways
	mailboxes {{ transport boxes }}
}}
"""


def postgres(place):
    server = place.keep(directory.Postgres(place.folder)).start()
    server.sql("CREATE TABLE virtual (address text, goes text);"
               "CREATE TABLE boxes (name text, domain text);"
               "CREATE TABLE ways (address text, way text);"
               "INSERT INTO virtual VALUES ('team@asked.test', 'anna@asked.test'),"
               "('team@asked.test', 'out@sink.test'), ('x@asked.test', 'y@asked.test'),"
               "('y@asked.test', 'x@asked.test'), ('writer@asked.test', 'w@sink.test'),"
               "('run@asked.test', '|/bin/true');"
               "INSERT INTO boxes VALUES ('anna', 'asked.test');"
               "INSERT INTO ways VALUES ('away@asked.test', 'onward:'),"
               "('closed@asked.test', 'error:5.2.1 Closed')")
    return server


def said(facteur, *recipients):
    """What RCPT is answered, one after the other."""
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        return [client.say(f"RCPT TO:<{recipient}>") for recipient in recipients]


def codes(facteur, *recipients):
    return [(reply.code, reply.status) for reply in said(facteur, *recipients)]


def test_a_domain_in_postgresql(place):
    server, boxes = postgres(place), place.sink(lmtp=True)
    sink = place.sink(script={"RCPT": lambda session, argument: "550 5.1.1 no" if "away" in argument else None})
    facteur = place.facteur(sink.port, more=DOMAIN.format(place=server.place, lmtp=boxes.port))

    assert codes(facteur, "team@asked.test", "anna+t@asked.test", "nobody@asked.test", "closed@asked.test",
                 "x@asked.test", "run@asked.test") == \
        [(250, "2.1.5"), (250, "2.1.5"), (550, "5.1.1"), (550, "5.2.1"), (451, "4.4.6"), (451, "4.3.0")]
    assert "neither programs nor files" in facteur.event("table-failed", key="run@asked.test")["reason"]

    smtp.send(facteur.port, "a@client.test", ["team@asked.test"], smtp.message())
    assert boxes.wait()[0].recipients == ["anna@asked.test"]
    assert sink.wait()[0].recipients == ["out@sink.test"]

    # what fails goes back to a sender who stands in the database, too; its ORCPT is what he said
    smtp.send(facteur.port, "writer@asked.test", ["away@asked.test"], smtp.message())
    bounce = sink.wait(2)[1]
    assert bounce.sender == "" and bounce.recipients == ["w@sink.test"]
    assert b"Final-Recipient: rfc822;away@asked.test" in bounce.data.replace(b"; ", b";")

    # the administrator sees the same, and a compile does not ask
    told = facteur.json("alias", "team@asked.test")
    assert [target["address"] for target in told["targets"]] == ["anna@asked.test", "out@sink.test"]
    assert told["steps"][0]["rule"].startswith("conf.d/20-more.conf:3")
    assert "alias loop" in facteur.cli("alias", "x@asked.test", code=1)

    # hung: each costs its timeout and a 451 with the line; other mail flows on
    with directory.Frozen(server):
        begin = time.monotonic()
        with smtp.Client(facteur.port) as waiting:
            waiting.hello()
            waiting.say("MAIL FROM:<a@client.test>", 250)
            waiting.send(b"RCPT TO:<anna@asked.test>\r\n")
            smtp.send(facteur.port, "a@client.test", ["b@sink.test"], smtp.message())
            reply = waiting.reply()
        assert (reply.code, reply.status) == (451, "4.3.0"), reply
        assert 1.5 <= time.monotonic() - begin < 1.5 + SLACK
    refused = harness.wait_for(lambda: [r for r in facteur.events("refused") if r.get("code") == "451" and
                                        r.get("rule", "").startswith("conf.d/20-more.conf:3")], "the line")
    assert refused
    harness.wait_for(lambda: codes(facteur, "anna@asked.test")[0][0] == 250, "an answer again")

    # dead: the same at once; what is in the queue needs no answer any more
    server.stop()
    assert codes(facteur, "anna@asked.test", "nobody@asked.test", "b@sink.test") == \
        [(451, "4.3.0"), (451, "4.3.0"), (250, "2.1.5")]
    assert facteur.event("table-failed", key="nobody@asked.test")["table"] == "virtual"
    facteur.cli("compile")
    facteur.cli("reload")
    server.start()
    harness.wait_for(lambda: codes(facteur, "anna@asked.test")[0][0] == 250, "an answer again")


def test_mail_waits_and_a_row_holds_over_a_restart(place):
    """The way that a table gave is kept with the recipient: nobody is asked for what is queued."""
    server = postgres(place)
    port = harness.free_port()
    boxes = place.sink(lmtp=True)
    facteur = place.facteur(port, more=DOMAIN.format(place=server.place, lmtp=boxes.port)
                            + "queue { retry 1s }\n")
    smtp.send(facteur.port, "a@client.test", ["away@asked.test", "team@asked.test"], smtp.message())
    boxes.wait()
    server.stop()
    facteur.kill()
    facteur.start(compile_first=False)
    sink = place.sink(address=("127.0.0.1", port))
    assert sorted(address for mail in sink.wait() for address in mail.recipients) == \
        ["away@asked.test", "out@sink.test"]
    facteur.wait_empty()


def test_a_login_sends_as_what_a_table_gives_it(place):
    base = pathlib.Path(place.folder) / "users.db"
    with sqlite3.connect(base) as db:
        db.execute("CREATE TABLE aliases (name TEXT, goes TEXT)")
        db.executemany("INSERT INTO aliases VALUES (?, ?)",
                       [("shop@own.test", "ada@pivot.test"), ("other@own.test", "bob@pivot.test")])
    base.chmod(0o644)
    pivot = Pivot(place, "passwd-file users", [("ada", "SCRAM-SHA-256")], more=f"""
table owns {{ sqlite {base}; query "SELECT goes FROM aliases WHERE name = '%s'"; cache 0 }}
domain own.test {{ virtual-table owns }}
""")
    with pivot.login("ada") as client:
        for address, code in [("shop@own.test", 250), ("other@own.test", 553), ("no@own.test", 553)]:
            reply = client.say(f"MAIL FROM:<{address}>")
            assert reply.code == code, (address, reply)
            client.say("RSET", 250)
        base.write_bytes(b"no database any more" * 100)
        assert client.say("MAIL FROM:<shop@own.test>").code == 451


def ldap(server):
    common = f"""ldap ldap://127.0.0.1:{server.port}; base {directory.BASE}; timeout 1500ms; cache 0
	bind "cn=reader,{directory.BASE}"; password-file ldap-password"""
    return f"""
table people {{ {common}
	filter "(&(objectClass=inetOrgPerson)(mail=%s))"; attribute cn; result "%s@sink.test" }}
domain people.test {{ virtual-table people }}
rewrite {{ recipient people }}
copy-to {{ sender people }}
"""


def refused(facteur):
    """What MAIL or RCPT is answered, if that is no 250."""
    with smtp.Client(facteur.port) as client:
        client.hello()
        for line in ("MAIL FROM:<a@client.test>", "RCPT TO:<anna@people.test>"):
            reply = client.say(line)
            if reply.code != 250:
                return reply.code, reply.status
    return None


def test_ldap_for_addresses_rewriting_and_copies(place):
    """And hung, for each of the three: 451 within the timeout."""
    server = place.keep(directory.Slapd(place.folder, {
        "reader": [], "Anna": ["anna@people.test"], "Bea": ["anna@else.test"],
        "Copy": ["a@client.test"]})).start()
    sink = place.sink()
    facteur = place.facteur(sink.port, more=ldap(server), files={"ldap-password": "secret\n"})
    smtp.send(facteur.port, "a@client.test", ["anna@else.test", "anna@people.test"], smtp.message())
    harness.wait_for(lambda: sorted(a for mail in sink.mails for a in mail.recipients) ==
                     ["Anna@sink.test", "Bea@sink.test", "Copy@sink.test"], "all three")
    assert codes(facteur, "nobody@people.test") == [(550, "5.1.1")]
    uses = ("domain", "rewrite", "copy-to")
    for word in uses:
        facteur.write("conf.d/20-more.conf", "".join(
            line for line in ldap(server).splitlines(True)
            if not line.startswith(uses) or line.startswith(word)))
        facteur.cli("compile")
        facteur.cli("reload")
        assert refused(facteur) is None, word
        with directory.Frozen(server):
            begin = time.monotonic()
            assert refused(facteur) == (451, "4.3.0"), word
            assert 1.5 <= time.monotonic() - begin < 1.5 + SLACK
        harness.wait_for(lambda: refused(facteur) is None, "an answer again")
