"""Rules for header fields, addresses that are replaced, copies, soft-bounce: what it does to mail."""
import email
import sqlite3

import harness
import smtp

STRANGER = "127.0.0.66"

RULES = """\
/^Subject: .*\\bforbidden\\b/ refuse 554 5.7.1 Not this word
/^X-Secret:/ remove
/^X-Old: (.*)/ replace X-New: $1
/^X-Hold:/ hold to be looked at
/^X-Gone:/ discard
/^X-Watch:/ copy watch@sink.test
/^X-A: (a+)+$/ warn slow
"""

HERE = """
postmaster jo@here.test
domain here.test { aliases here.aliases }
mailbox jo@here.test { smtp 127.0.0.1:%d }
"""


def here(sink):
    return HERE % sink.port


def test_rules_for_header_fields(place):
    """On unfolded fields, while the message streams by; each decision names its line."""
    sink = place.sink()
    facteur = place.facteur(sink.port, more="headers pcre:rules\n", files={"rules": RULES})
    with smtp.Client(facteur.port) as client:
        client.hello()
        reply = client.mail("a@b.test", ["c@sink.test"],
                            smtp.message("a\r\n forbidden word", "x" * 70 + "\r\n" * 5000))
        assert reply.code == 554 and reply.text == "5.7.1 Not this word"
        extra = "X-Secret: one\r\n two\r\n\tthree\r\nX-Old: value\r\nX-A: " + "a" * 50 + "b\r\n"
        slow = client.mail("a@b.test", ["c@sink.test"], smtp.message(extra=extra))
        assert slow.code == 451, "an expression that takes for ever is a table that failed"
        extra = "X-Secret: one\r\n two\r\n\tthree\r\nX-Old: value\r\n"
        for more in ("", "X-Gone: 1\r\n", "X-Hold: 1\r\n"):
            assert client.mail("a@b.test", ["c@sink.test"], smtp.message(extra=extra + more)).code == 250
    data = sink.wait(1)[0].data
    assert b"three" not in data and b"\r\nX-New: value\r\n" in data and b"X-Old" not in data
    facteur.wait_until(lambda: len(facteur.queue()) == 1, "one message held")
    assert len(sink.mails) == 1
    assert facteur.queue()[0]["recipients"][0]["reason"]["text"] == "to be looked at"
    facteur.cli("queue", "release", facteur.queue()[0]["id"])
    assert b"X-Hold" in sink.wait(2)[1].data
    refused = facteur.event("refused")
    assert refused["rule"] == "rules:1" and refused["from"] == "a@b.test"
    assert refused["message_id"].endswith("@client.test>")
    assert [e["discarded_by"] for e in facteur.told("discarded", 1)] == ["rules:5"]
    assert facteur.event("accepted", held_by="rules:4")
    assert facteur.event("access", rule="rules:2") and facteur.event("access", rule="rules:3")
    assert {e["signed"] for e in facteur.told("header-changed", 1)} == {"no"}


def test_a_broken_signature_is_said_and_what_is_missing_then_is_added(place):
    sink = place.sink()
    facteur = place.facteur(sink.port, more="headers pcre:rules\n",
                            files={"rules": "/^Message-ID:/ remove\n"})
    smtp.send(facteur.port, "a@b.test", ["c@sink.test"],
              smtp.message(extra="DKIM-Signature: v=1; d=b.test\r\n"))
    seen = email.message_from_bytes(sink.wait(1)[0].data)
    assert seen.get_all("Message-ID")[0].endswith("@pivot.test>") and len(seen.get_all("Message-ID")) == 1
    assert facteur.event("header-changed")["signed"] == "yes"


REWRITE = """
rewrite {
	sender           hash:canonical
	header-sender    hash:canonical
	recipient        hash:moved
	header-recipient hash:moved
	masquerade       corp.test
	masquerade-except root
}
"""

REWRITE_FILES = {
    "canonical": "jd@corp.test Jo.Doe@corp.test\n@old.test @here.test\n",
    "moved": "gone@here.test jo@here.test\nout@here.test x@else.test\nfar@else.test jo@here.test\n",
    "here.aliases": "none: /dev/null\n",
}


def test_addresses_are_replaced(place):
    sink = place.sink()
    facteur = place.facteur(sink.port, more=REWRITE + here(sink), files=REWRITE_FILES)
    letter = ("From: \"Doe, Jo\" <jd@Corp.test> (at home),\r\n root@h.corp.test\r\n"
              "Reply-To: www@web.corp.test\r\nTo: A (x@old.test) <gone@here.test>,\r\n\tz@old.test\r\n"
              "Subject: jd@corp.test\r\n\r\njd@corp.test\r\n")
    with smtp.Client(facteur.port) as client:
        client.hello()
        assert client.mail("jd@corp.test", ["gone@here.test"], letter).code == 250
        assert client.mail("any@old.test", ["out@here.test"], letter).code == 250
    first, second = sink.wait(2)
    if first.recipients == ["x@else.test"]:
        first, second = second, first
    assert (first.sender, first.recipients) == ("Jo.Doe@corp.test", ["jo@here.test"])
    assert (second.sender, second.recipients) == ("any@here.test", ["x@else.test"])
    assert (b"From: \"Doe, Jo\" <Jo.Doe@corp.test> (at home),\r\n root@h.corp.test\r\n"
            b"Reply-To: www@corp.test\r\nTo: A (x@old.test) <jo@here.test>,\r\n\tz@old.test\r\n"
            b"Subject: jd@corp.test\r\n") in first.data
    assert first.data.endswith(b"\r\njd@corp.test\r\n")
    facteur.wait_until(lambda: len(facteur.events("rewritten")) >= 8, "what was rewritten")
    said = {(e["of"], e["said"], e["becomes"], e["rule"]) for e in facteur.events("rewritten")}
    assert {("sender", "jd@corp.test", "Jo.Doe@corp.test", "canonical:1"),
            ("recipient", "gone@here.test", "jo@here.test", "moved:1"),
            ("header", "www@web.corp.test", "www@corp.test", "conf.d/20-more.conf:7")} <= said


def test_mail_of_strangers_keeps_its_header_and_relays_nothing(place):
    """Their envelopes are rewritten, as Postfix does; what comes out must be ours (P3)."""
    sink = place.sink()
    facteur = place.facteur(sink.port, more=REWRITE + here(sink), files=REWRITE_FILES)
    letter = smtp.message(sender="jd@corp.test", to="gone@here.test")
    with smtp.Client(("127.0.0.1", facteur.port), STRANGER) as client:
        client.hello()
        assert client.mail("jd@corp.test", ["far@else.test"], letter).code == 250
        client.say("MAIL FROM:<a@b.test>", 250)
        client.say("RCPT TO:<out@here.test>", 550)
        client.say("RCPT TO:<x@else.test>", 550)
        client.say("RCPT TO:<jo@here.test>", 250)
    mail = sink.wait(1)[0]
    assert (mail.sender, mail.recipients) == ("Jo.Doe@corp.test", ["jo@here.test"])
    assert b"From: <jd@corp.test>\r\nTo: <gone@here.test>\r\n" in mail.data


def test_copies(place):
    """Everybody who is to have one gets one, once, and nobody sees it in the message."""
    sink = place.sink()
    facteur = place.facteur(sink.port, more="""
copy-to { always all@sink.test; sender hash:senders; recipient pcre:recipients }
headers pcre:rules
access recipient hash:access
""", files={
        "senders": "@b.test s1@sink.test, s2@sink.test\n", "rules": RULES,
        "recipients": "/^(c)@sink/ $1-copy@sink.test\n/^d@/ c-copy@sink.test\n",
        "access": "no@sink.test refuse\ne@sink.test copy e-copy@sink.test\n"})
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<a@b.test>", 250)
        for name, code in (("c", 250), ("d", 250), ("e", 250), ("s2", 250), ("no", 550)):
            client.say(f"RCPT TO:<{name}@sink.test> NOTIFY=SUCCESS", code)
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message(extra="X-Watch: 1\r\n")))
        assert client.reply().code == 250
        client.say("MAIL FROM:<>", 250)
        client.say("RCPT TO:<c@sink.test>", 250)
        client.say("RCPT TO:<all@sink.test>", 250)
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message("null")))
        assert client.reply().code == 250
        assert client.mail("a@b.test", ["c@sink.test"], smtp.message(extra="X-Gone: 1\r\n")).code == 250
    facteur.wait_empty()

    def got(subject):
        return sorted(r.split("@")[0] for m in sink.mails if subject in m.data for r in m.recipients)
    assert got(b"Subject: A test\r\n") == ["all", "c", "c-copy", "d", "e", "e-copy", "s1", "s2", "watch"]
    assert got(b"Subject: null\r\n") == ["all", "c", "c-copy"]
    assert {m.sender for m in sink.mails} == {"a@b.test", ""}
    assert not any(b"copy" in m.data.split(b"\r\n\r\n")[0] for m in sink.mails)
    rules = {e["to"]: e["rule"] for e in facteur.events("copied")}
    assert rules["s1@sink.test"] == "senders:1" and rules["e-copy@sink.test"] == "access:2"
    assert rules["all@sink.test"] == "conf.d/20-more.conf:2" and rules["watch@sink.test"] == "rules:6"


def test_compile_refuses_copies_and_addresses_that_lead_nowhere(place):
    facteur = place.facteur(more=here(place.sink()) + """
copy-to { always nobody@here.test; sender hash:c }
rewrite sender hash:r
""", start=False, files={"c": "a@b.test c d\n", "r": "a@b.test c\n", "here.aliases": ""})
    said = facteur.cli("compile", code=1)
    assert "conf.d/20-more.conf:6:18: <nobody@here.test>: nobody here" in said
    assert "c:1:10: 'c d' is no address" in said and "r:1:10: 'c' is no address" in said


def test_soft_bounce(place):
    """Permanent refusals become temporary ones: ours, the next hop's, beyond the lifetime."""
    sink = place.sink(script={"RCPT": "550 5.1.1 Nobody"})
    more = "soft-bounce on\naccess sender hash:s\nheaders pcre:rules\nqueue { retry 1s; lifetime 1s }\n"
    facteur = place.facteur(sink.port, more=more,
                            files={"s": "bad@b.test refuse 554 5.7.1 Bad\n", "rules": RULES})
    with smtp.Client(facteur.port) as client:
        client.hello()
        reply = client.say("MAIL FROM:<bad@b.test>", 454)
        assert reply.text == "4.7.1 Bad"
        client.say("NONSENSE", 400)
        reply = client.mail("a@b.test", ["c@sink.test"], smtp.message("forbidden"))
        assert reply.code == 454 and reply.text == "4.7.1 Not this word"
        assert client.mail("a@b.test", ["c@sink.test"], smtp.message()).code == 250
    assert facteur.event("refused", code="454")
    facteur.wait_until(lambda: len(facteur.events("not-delivered")) >= 3, "three attempts")
    assert facteur.reasons() == ["4.1.1"] and not facteur.events("bounced")
    # without it, what is too old goes back
    facteur.write("conf.d/20-more.conf", more.replace("soft-bounce on", "soft-bounce off"))
    facteur.cli("compile")
    facteur.cli("reload")
    facteur.wait_until(lambda: all(m["sender"] == "" for m in facteur.queue()), "a bounce, or nothing")


def test_who_is_accepted_by_a_table_pays_nothing_for_spf_and_is_not_called_out_for(place):
    """And yet no relay is opened, and the verdict stands in the message."""
    sink = place.sink()
    known = place.sink(script={"RCPT": lambda _, to: "550 5.1.1 Nobody" if "<no" in to else None})
    facteur = place.facteur(more=f"""
domain here.test {{ relay 127.0.0.1:{sink.port} }}
domain asked.test {{ relay 127.0.0.1:{known.port} }}
postmaster pm@here.test
spf {{ fail refuse }}
access {{ sender hash:senders; recipient hash:recipients }}
call-out {{ }}
""", zone='bad.test TXT "v=spf1 -all"\nfine.test TXT "v=spf1 +all"\n',
        files={"senders": "friend@bad.test accept\n", "recipients": "nobody@asked.test OK\n"})
    with smtp.Client(("127.0.0.1", facteur.port), STRANGER) as client:
        client.hello()
        assert client.say("MAIL FROM:<foe@bad.test>", 550).status == "5.7.23"
        client.say("MAIL FROM:<friend@bad.test>", 250)
        client.say("RCPT TO:<x@else.test>", 550)
        client.say("RCPT TO:<jo@here.test>", 250)
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message()))
        assert client.reply().code == 250
        client.say("MAIL FROM:<a@fine.test>", 250)
        client.say("RCPT TO:<noone@asked.test>", 550)
        client.say("RCPT TO:<nobody@asked.test>", 250)
        client.say("RSET", 250)
    assert b"spf=fail" in sink.wait(1)[0].data
    facteur.event("judged", **{"from": "friend@bad.test"})
    judged = [e for e in facteur.events("judged") if e["from"] == "friend@bad.test"]
    assert [(e["spf"], e["excused"], e["cost"]) for e in judged] == [("fail", "yes", "none")]


def test_tables_that_are_asked_replace_and_copy_too(place):
    """Off the loop; what it means that one gives no answer is the admin's to say (P9)."""
    sink = place.sink()
    facteur = place.facteur(sink.port, start=False, more="""
table who { sqlite who.db; query "SELECT becomes FROM who WHERE address = %s"; cache 0 }
table copies { sqlite who.db; query "SELECT becomes FROM copies WHERE address = %s"; cache 0; on-failure hold }
rewrite { sender who; recipient who }
copy-to { sender copies; recipient copies }
""")
    path = facteur.dir / "who.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE who (address TEXT, becomes TEXT)")
        base.execute("CREATE TABLE copies (address TEXT, becomes TEXT)")
        base.executemany("INSERT INTO who VALUES (?, ?)", [
            ("old@b.test", "new@b.test"), ("@far.test", "@sink.test"), ("odd@b.test", "nonsense")])
        base.executemany("INSERT INTO copies VALUES (?, ?)", [
            ("new@b.test", "s1@sink.test"), ("new@b.test", "s2@sink.test"), ("c@sink.test", "copy@sink.test"),
            ("odd@sink.test", "nonsense")])
    path.chmod(0o644)
    facteur.start()
    assert smtp.send(facteur.port, "old@b.test", ["c@far.test"], smtp.message()).code == 250
    facteur.wait_empty()
    assert sorted(r for m in sink.mails for r in m.recipients) == [
        "c@sink.test", "copy@sink.test", "s1@sink.test", "s2@sink.test"]
    assert {m.sender for m in sink.mails} == {"new@b.test"}
    shown = facteur.json("alias", "c@far.test")
    assert (shown["steps"][0]["to"], shown["targets"][0]["address"]) == ("c@sink.test", "c@sink.test")
    with smtp.Client(facteur.port) as client:
        client.hello()
        assert "no answer" in client.say("MAIL FROM:<odd@b.test>", 451).text
        assert client.mail("a@b.test", ["odd@sink.test"], smtp.message("held")).code == 250
    facteur.wait_until(lambda: len(facteur.events("table-failed")) == 2, "both failures")
    assert [e["of"] for e in facteur.events("table-failed")] == ["rewrite", "copy"]
    assert facteur.queue()[0]["recipients"][0]["state"] == "held"
