"""Tables that are looked into: what an administrator of Postfix writes, and what it does to mail."""
import sqlite3

import harness
import smtp

ACCESS = """\
table local { sqlite users.db; query "SELECT verdict FROM rules WHERE name = '%s'" }
access {
	client    cidr:clients
	helo      hash:helos
	sender    pcre:senders local
	recipient hash:recipients
}
"""

FILES = {
    "clients": "127.0.0.9 accept\n127.0.0.8 refuse 554 5.7.1 Not from there\n",
    "helos": "bad.test REJECT\n.late.test defer 450 4.7.1 Later\n",
    "senders": "/^list-(.*)@/ warn a list: $1\n/^(.*)\\+held@/ hold\n/^gone@/ discard\n",
    "recipients": "secret@sink.test refuse 550 5.7.1 It is secret\nnull@ discard\n",
}


def database(path):
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE rules (name TEXT PRIMARY KEY, verdict TEXT)")
        base.executemany("INSERT INTO rules VALUES (?, ?)",
                         [("spam.test", "refuse 5.7.1 No spam"), ("odd@odd.test", "nonsense")])
    path.chmod(0o644)


def start(place, sink):
    facteur = place.facteur(sink.port, more=ACCESS, files=FILES, start=False,
                            relay_for="127.0.0.1 127.0.0.8 127.0.0.9")
    database(facteur.dir / "users.db")
    return facteur.start()


def told(facteur, helo, sender, recipient, source=None):
    """What MAIL and RCPT are answered, as far as they come."""
    with smtp.Client(("127.0.0.1", facteur.port), source) as client:
        client.hello(helo)
        reply = client.say(f"MAIL FROM:<{sender}>")
        return reply if reply.code >= 400 else client.say(f"RCPT TO:<{recipient}>")


def test_access_refuses_with_its_words_and_says_by_which_line(place):
    sink = place.sink()
    facteur = start(place, sink)
    cases = [
        ("h.test", "a@b.test", "c@sink.test", "127.0.0.8", 554, "Not from there", "clients:2"),
        ("x.bad.test", "a@b.test", "c@sink.test", None, 550, "", "helos:1"),
        ("x.late.test", "a@b.test", "c@sink.test", None, 450, "Later", "helos:2"),
        ("h.test", "a@x.spam.test", "c@sink.test", None, 550, "No spam", "conf.d/20-more.conf:1"),
        ("h.test", "a@b.test", "secret@sink.test", None, 550, "It is secret", "recipients:1"),
        ("h.test", "odd@odd.test", "c@sink.test", None, 451, "no answer", "conf.d/20-more.conf:1"),
    ]
    for helo, sender, recipient, source, code, words, rule in cases:
        reply = told(facteur, helo, sender, recipient, source)
        assert reply.code == code and words in reply.text, (sender, recipient, reply)
    rules = [case[6] for case in cases]
    facteur.wait_until(lambda: len(facteur.events("refused")) == len(cases), "all refusals")
    assert sorted(e["rule"] for e in facteur.events("refused")) == sorted(rules)
    assert sorted(e["from"] for e in facteur.events("refused")) == sorted(case[1] for case in cases)
    assert sorted(e["rule"] for e in facteur.events("access")) == sorted(rules[:-1])
    failed = facteur.told("table-failed", 1)[-1]
    assert failed["table"] == "local" and "nonsense" in failed["reason"]
    # who is accepted by the first table is asked nothing more
    assert told(facteur, "bad.test", "a@spam.test", "secret@sink.test", "127.0.0.9").code == 250
    assert told(facteur, "h.test", "list-x@b.test", "c@sink.test").code == 250
    facteur.wait_until(lambda: "a list: x" in [e["text"] for e in facteur.events("access")
                                               if "text" in e], "the warning")


def test_accept_opens_no_relay(place):
    """P3: whatever the tables say, a stranger is no client that may relay."""
    facteur = place.facteur(relay_for=None, more="""
postmaster a@here.test
domain here.test { }
mailbox a@here.test { discard }
access { client cidr:all; helo pcre:any; sender pcre:any; recipient pcre:any }
""", files={"all": "0.0.0.0/0 accept\n", "any": "/./ accept\n"})
    assert told(facteur, "h.test", "a@here.test", "b@else.test").code == 550
    assert told(facteur, "h.test", "a@here.test", "nobody@here.test").code == 550
    assert told(facteur, "h.test", "a@here.test", "a@here.test").code == 250


def test_hold_and_discard(place):
    """Held mail waits, over a restart too, until it is released; discarded mail goes nowhere."""
    sink = place.sink()
    facteur = start(place, sink)
    smtp.send(facteur.port, "gone@b.test", ["c@sink.test"], smtp.message("gone"))
    smtp.send(facteur.port, "a@b.test", ["null@x.test", "c@sink.test"], smtp.message("half"))
    smtp.send(facteur.port, "a+held@b.test", ["c@sink.test"], smtp.message("held"))
    assert b"Subject: half" in sink.wait(1)[0].data
    facteur.wait_until(lambda: len(facteur.events("accepted")) == 2, "two mails")
    assert [e["discarded_by"] for e in facteur.events("discarded")] == ["senders:3"]
    assert "senders:2" in [e.get("held_by") for e in facteur.events("accepted")]
    facteur.kill()
    facteur.start(compile_first=False)
    facteur.wait_until(lambda: len(facteur.queue()) == 1, "the held mail in the queue")
    queue_id = facteur.queue()[0]["id"]
    facteur.cli("queue", "release", queue_id)
    harness.wait_for(lambda: any(b"Subject: held" in m.data for m in sink.mails), "the held mail")
    facteur.wait_empty()


def test_lookup_says_what_a_table_has(place):
    facteur = start(place, place.sink())
    assert facteur.json("lookup", "pcre:senders", "List-news@x") == {
        "table": "pcre:senders", "key": "List-news@x", "found": True, "value": "warn a list: news",
        "rule": "senders:1"}
    assert "554 5.7.1" in facteur.cli("lookup", "cidr:clients", "127.0.0.8")
    assert facteur.json("lookup", "local", "spam.test")["value"] == "refuse 5.7.1 No spam"
    assert facteur.json("lookup", "local", "' OR 1=1 --", code=1)["found"] is False
    assert "the nearest is local" in facteur.cli("lookup", "loca", "x", code=2)


def test_compile_refuses_what_no_rule_can_mean(place):
    facteur = place.facteur(more="access { sender hash:s; helo pcre:h }\n", start=False,
                            files={"s": "a@b.test nonsense\n", "h": "/^Subject: (/ refuse\n"})
    said = facteur.cli("compile", code=1)
    assert "h:1:13: missing closing parenthesis" in said
    facteur.write("h", "/^Subject:/ remove\n")
    said = facteur.cli("compile", code=1)
    assert "s:1:10: 'nonsense' is no verdict" in said and "h:1:1: 'remove' is no verdict" in said
