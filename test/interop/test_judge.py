"""Is the sender who it says: SPF at MAIL, DKIM while the body comes, what verdicts cost, and the fields
that say them."""
import base64
import email
import subprocess
import time

import dkim

import harness
import slow_dns
import smtp

STRANGER, FORWARDER = "127.0.0.66", "127.0.0.77"
TO = "b@here.test"
SESSIONS, SECONDS = 500, 5
KEY = []


def key_pair():
    """One RSA key for all tests here: PEM, and the p= of its record."""
    if not KEY:
        pem = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
        public = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=pem,
                                capture_output=True, check=True).stdout
        KEY.extend((pem, base64.b64encode(public).decode()))
    return KEY


def zone(more=""):
    return f"""\
good.test TXT "v=spf1 ip4:{STRANGER} ip4:192.0.2.1 -all"
client.test TXT "v=spf1 ip4:{STRANGER} ip4:{FORWARDER} -all"
bad.test TXT "v=spf1 exp=why.bad.test -all"
why.bad.test TXT "%{{i}} is a stranger"
soft.test TXT "v=spf1 ~all"
broken.test TXT "v=spf1 what:is:this"
fails.test SERVFAIL
66.0.0.127.in-addr.arpa PTR client.test
client.test A {STRANGER}
s._domainkey.good.test TXT "v=DKIM1; p={key_pair()[1]}"
late._domainkey.good.test SERVFAIL
{more}"""


def pivot(place, words, **more):
    sink = place.sink()
    text = f"""
postmaster {TO}
domain here.test {{ }}
mailbox {TO} {{ smtp 127.0.0.1:{sink.port} }}
{words}
"""
    return place.facteur(more=text, zone=zone(), **more), sink


def say_mail(facteur, sender, source=STRANGER, helo="client.test"):
    """The reply to MAIL."""
    with smtp.Client(facteur.port, source=source) as client:
        client.hello(helo)
        return client.say(f"MAIL FROM:<{sender}>")


def send(facteur, sender, data=None, source=STRANGER, helo="client.test"):
    """The reply to the end of the message."""
    with smtp.Client(facteur.port, source=source) as client:
        client.hello(helo)
        return client.mail(sender, [TO], data or smtp.message(sender=sender))


def arrived(sink, count=1):
    return email.message_from_bytes(sink.wait(count)[count - 1].data)


def results(mail, number=0):
    return " ".join(mail.get_all("Authentication-Results")[number].split())


def signed(data, selector=b"s", **more):
    data = data.encode()
    return dkim.sign(data, selector, b"good.test", key_pair()[0], **more).replace(b"\r\n", b"\n") \
        .replace(b"\n", b"\r\n") + data


def test_spf_refuses_at_mail_and_says_why(place):
    facteur, sink = pivot(place, "spf { permerror refuse; temperror defer }")
    reply = say_mail(facteur, "a@bad.test")
    assert reply.code == 550 and reply.status == "5.7.23", reply
    assert f"{STRANGER} is a stranger" in reply.text and "-all" in reply.text, reply
    reply = say_mail(facteur, "a@broken.test")
    assert reply.code == 550 and reply.status == "5.7.24", reply
    reply = say_mail(facteur, "a@fails.test")
    assert reply.code == 451 and reply.status == "4.7.24", reply
    reply = say_mail(facteur, "a@good.test", helo="bad.test")
    assert reply.code == 550 and "bad.test" in reply.text, reply
    reply = say_mail(facteur, "", helo="bad.test")
    assert reply.code == 550, reply
    for sender in ("a@good.test", "a@soft.test", "a@nothing.test", ""):
        assert say_mail(facteur, sender).code == 250, sender
    assert say_mail(facteur, "a@bad.test", source="127.0.0.1").code == 250  # relay-for
    # each refusal has the line that decided: a word of the block, or the block itself
    rules = [event["rule"] for event in facteur.told("refused", 5)]
    assert len(rules) == 5 and all(rule.startswith("conf.d/20-more.conf:") for rule in rules), rules
    assert {event["cost"] for event in facteur.events("judged")} == {"refuse", "defer"}


def test_what_is_tagged_comes_in_and_says_so(place):
    facteur, sink = pivot(place, "spf { fail tag; helo-fail tag }\n"
                                 "authentication-results { iprev; received-spf }")
    assert send(facteur, "a@bad.test").code == 250
    mail = arrived(sink)
    assert results(mail) == (
        f"pivot.test; iprev=pass policy.iprev={STRANGER}; spf=fail smtp.mailfrom=a@bad.test; "
        "spf=pass smtp.helo=client.test")
    assert mail.get_all("Received-SPF")[0].startswith("fail")
    assert list(mail.keys())[0] == "Authentication-Results"
    judged = facteur.event("judged")
    assert judged["spf"] == "fail" and judged["spf_by"] == "-all" and judged["cost"] == "none"


def test_no_word_means_no_change(place):
    facteur, sink = pivot(place, "")
    data = smtp.message(sender="a@bad.test", extra="Authentication-Results: pivot.test; spf=pass\r\n")
    assert send(facteur, "a@bad.test", data).code == 250
    mail = sink.wait()[0]
    assert mail.data.endswith(data.encode())
    assert len(email.message_from_bytes(mail.data).get_all("Authentication-Results")) == 1


def test_dkim_while_the_body_streams_by(place):
    facteur, sink = pivot(place, "dkim { }")
    whole = smtp.message(sender="a@good.test", body="Words.\r\n" * 3)
    large = smtp.message(sender="a@good.test", body="x" * 70 + "\r\n" + "Many words.\r\n" * 40000)
    for n, (data, want) in enumerate((
            (signed(whole), "dkim=pass header.d=good.test header.i=@good.test header.s=s"),
            (signed(large), "dkim=pass header.d=good.test"),
            (signed(whole).replace(b"Words.", b"Lies.."), "dkim=fail"),
            (signed(whole, b"none"), "dkim=permerror"),
            (signed(whole, b"late"), "dkim=temperror"),
            (whole.encode(), "dkim=none"))):
        assert send(facteur, "a@good.test", data).code == 250
        mails = sink.wait(n + 1)
        assert mails[n].data.endswith(data), "a signed message is passed on as it is"
        assert want in results(email.message_from_bytes(mails[n].data)), mails[n].data[:2000]


def test_dkim_may_be_wanted(place):
    facteur, sink = pivot(place, "dkim { fail refuse; permerror refuse; temperror defer }")
    whole = smtp.message(sender="a@good.test")
    reply = send(facteur, "a@good.test", signed(whole).replace(b"Words", b"Lies!"))
    assert reply.code == 550 and reply.status == "5.7.20" and "body" in reply.text, reply
    assert send(facteur, "a@good.test", signed(whole, b"late")).code == 451
    assert send(facteur, "a@good.test", signed(whole, b"none")).code == 550
    assert send(facteur, "a@good.test", signed(whole)).code == 250
    assert send(facteur, "a@good.test", whole).code == 250
    sink.wait(2)
    facteur.wait_empty()
    assert len(sink.mails) == 2


def test_forged_results_are_left_out(place):
    facteur, sink = pivot(place, "spf { fail tag }\nauthentication-results { id mx.here.test }")
    forged = "".join(f"Authentication-Results: {value}\r\n" for value in (
        "mx.here.test; spf=pass", "MX.Here.Test.; dkim=pass", "\r\n (hidden)\tmx.here.test 1; spf=pass",
        "\"mx.here.test\"; spf=pass", "other.test; spf=pass"))
    huge = "Authentication-Results: mx.here.test;\r\n" + "\tspf=pass\r\n" * 9000
    data = smtp.message(sender="a@good.test", extra=forged + huge + "X-Last: 1\r\n")
    assert send(facteur, "a@good.test", data).code == 250
    mail = arrived(sink)
    assert [value.split(";")[0] for value in mail.get_all("Authentication-Results")] == \
        ["mx.here.test", "other.test"]
    assert mail["X-Last"] == "1" and mail.get_payload() == "Words.\r\n"
    assert facteur.event("forged-results")["left_out"] == "5"
    # from our own network they may be what another server of ours has found out
    assert send(facteur, "a@good.test", data, source="127.0.0.1").code == 250
    assert len(arrived(sink, 2).get_all("Authentication-Results")) == 6


def test_behind_a_forwarder_the_one_before_it_is_judged(place):
    facteur, sink = pivot(place, f"forwarders {FORWARDER}\nspf {{ }}")

    def relayed(sender, *hops):
        fields = "".join(f"Received: {hop}\r\n" for hop in hops)
        return send(facteur, sender, fields + smtp.message(sender=sender), source=FORWARDER)

    far = "from mx.far.test (far [{}]) by backup.test; Mon, 1 Jan 2024 00:00:00 +0000"
    reply = relayed("a@good.test", far.format("192.0.2.7"))
    assert reply.code == 550 and reply.status == "5.7.23" and "192.0.2.7" in reply.text, reply
    assert relayed("a@good.test", far.format("192.0.2.1")).code == 250
    mail = arrived(sink)
    assert "spf=pass smtp.mailfrom=a@good.test smtp.remote-ip=192.0.2.1" in results(mail)
    # hops between servers that hand on for us are passed over
    assert relayed("a@good.test", far.format(FORWARDER), far.format("127.0.0.1"),
                   far.format("192.0.2.7")).code == 550
    # what stands below the stranger's hop is his word
    assert relayed("a@good.test", far.format("192.0.2.7"), far.format("192.0.2.1")).code == 550
    # nobody is named: not judged
    assert relayed("a@bad.test", "by backup.test; now", far.format("192.0.2.7")).code == 250
    assert relayed("a@bad.test").code == 250
    with smtp.Client(facteur.port, source=FORWARDER) as client:  # and it may not relay
        client.hello()
        client.say("MAIL FROM:<a@good.test>", 250)
        client.say("RCPT TO:<c@elsewhere.test>", 550)


def test_nobody_hears_of_mail_whose_sender_was_forged(place):
    refusing = place.sink(script={"RCPT": lambda session, argument: "550 5.1.1 No"
                                  if "gone" in argument else None})
    facteur = place.facteur(zone=zone(), more=f"""
postmaster {TO}
domain here.test {{ }}
mailbox {TO} {{ smtp 127.0.0.1:{refusing.port} }}
mailbox gone@here.test {{ smtp 127.0.0.1:{refusing.port} }}
route * {{ smtp 127.0.0.1:{refusing.port} }}
spf {{ fail tag }}
dkim {{ }}
""")

    def lost(sender, data):
        with smtp.Client(facteur.port, source=STRANGER) as client:
            client.hello()
            assert client.mail(sender, ["gone@here.test"], data).code == 250

    lost("a@bad.test", smtp.message(sender="a@bad.test"))
    mail = refusing.wait()[0]
    assert mail.recipients == [TO] and mail.sender == "", "the postmaster is told instead"
    lost("a@good.test", smtp.message(sender="a@good.test"))
    assert refusing.wait(2)[1].recipients == ["a@good.test"]
    facteur.wait_empty()
    assert len(refusing.mails) == 2


def test_slow_answers_keep_nobody_else_waiting(place):
    texts = {f"h{n}.slow.test": f"v=spf1 ip4:{STRANGER} -all" for n in range(SESSIONS)}
    nsd = place.keep(slow_dns.SlowDns(SECONDS, texts))
    facteur, sink = pivot(place, "spf { }\nlimits { sessions-per-client 1000 }",
                          resolver=f"server 127.0.0.1@{nsd.port}")
    began = time.monotonic()
    clients = [smtp.Client(facteur.port, source=STRANGER) for _ in range(SESSIONS)]
    for n, client in enumerate(clients):
        client.reply()
        client.send(f"EHLO h{n}.slow.test\r\n".encode())
    for n, client in enumerate(clients):
        client.reply()
        client.send(f"MAIL FROM:<a@h{n}.slow.test>\r\n".encode())
    with smtp.Client(facteur.port, source="127.0.0.1") as other:  # while all of them wait
        other.hello()
        assert other.mail("x@y.test", [TO], smtp.message()).code == 250
    for client in clients:
        assert client.reply().code == 250
        client.send(b"RCPT TO:<" + TO.encode() + b">\r\nDATA\r\n")
    side_by_side = time.monotonic() - began
    assert side_by_side < SESSIONS * SECONDS / 20, "they waited for each other"
    for client in clients:
        assert client.reply().code == 250
        assert client.reply().code == 354
        client.send(smtp.stuffed(smtp.message()))
    for client in clients:
        assert client.reply().code == 250
        client.close()
    sink.wait(SESSIONS + 1)
    assert nsd.asked >= SESSIONS


DMARC_ZONE = zone("""\
_dmarc.good.test TXT "v=DMARC1; p=reject"
_dmarc.soft.test TXT "v=DMARC1; p=quarantine"
_dmarc.fails.test SERVFAIL
lists.test TXT "v=spf1 ip4:127.0.0.66 -all"
""")


def dmarc_pivot(place, words):
    sink = place.sink()
    return place.facteur(zone=DMARC_ZONE, more=f"""
postmaster {TO}
domain here.test {{ }}
mailbox {TO} {{ smtp 127.0.0.1:{sink.port} }}
{words}
"""), sink


def test_dmarc_follows_the_policy_as_far_as_it_is_told(place):
    facteur, sink = dmarc_pivot(place, "dmarc { reject; lists lists.test; temperror defer }")
    count = 0

    def passes(sender, data, *wanted):
        nonlocal count
        reply = send(facteur, sender, data)
        assert reply.code == 250, reply
        count += 1
        said = results(arrived(sink, count))
        for want in wanted:
            assert want in said, said

    own = smtp.message(sender="a@good.test")
    passes("a@good.test", own, "spf=pass", "dmarc=pass header.from=good.test policy.dmarc=none")
    passes("a@bad.test", signed(own), "spf=fail", "dkim=pass", "dmarc=pass")
    reply = send(facteur, "a@nothing.test", own)
    assert reply.code == 550 and reply.status == "5.7.26" and "p=reject" in reply.text, reply
    assert facteur.event("refused")["rule"].startswith("conf.d/20-more.conf:")
    passes("a@nothing.test", smtp.message(sender="a@soft.test"), "dmarc=fail",
           "policy.dmarc=quarantine")
    passes("a@nothing.test", smtp.message(sender="a@nothing.test"), "dmarc=none")
    assert send(facteur, "a@nothing.test", smtp.message(sender="a@fails.test")).code == 451
    two = own.replace("From: <a@good.test>", "From: <a@good.test>, <b@soft.test>")
    assert send(facteur, "a@good.test", two).code == 550
    assert send(facteur, "a@good.test", "From: <x@soft.test>\r\n" + own).code == 550
    # a known list that proves to be it
    passes("bounce@lists.test", own, "dmarc=fail", "policy.dmarc=none")
    last = facteur.event("dmarc", override="mailing_list")
    assert last == facteur.events("dmarc")[-1] and last["rule"] == "conf.d/20-more.conf:5", last
    assert last["policy_domain"] == "good.test" and last["spf_aligned"] == "fail", last


def test_dmarc_observes_and_spares_forwarders(place):
    facteur, sink = dmarc_pivot(place, f"dmarc observe\nforwarders {FORWARDER}")
    own = smtp.message(sender="a@good.test")
    assert send(facteur, "a@nothing.test", own).code == 250
    assert "dmarc=fail" in results(arrived(sink)) and "policy.dmarc=none" in results(arrived(sink))
    facteur.write("conf.d/20-more.conf",
                  (facteur.dir / "conf.d/20-more.conf").read_text().replace("observe", "quarantine"))
    facteur.cli("compile")
    facteur.cli("reload")
    assert send(facteur, "a@nothing.test", own).code == 250
    assert "policy.dmarc=quarantine" in results(arrived(sink, 2))
    assert send(facteur, "a@nothing.test", own, source=FORWARDER).code == 250
    assert "policy.dmarc=none" in results(arrived(sink, 3))
    assert facteur.event("dmarc", override="trusted_forwarder") == facteur.events("dmarc")[-1]


def test_quarantine_holds_until_somebody_looks(place):
    facteur, sink = dmarc_pivot(place, "dmarc { quarantine; quarantined hold }")
    fails = smtp.message(sender="a@good.test")
    assert send(facteur, "a@nothing.test", fails).code == 250
    assert send(facteur, "a@nothing.test", fails).code == 250
    assert send(facteur, "a@good.test", fails).code == 250  # it passes, and is not held
    assert "policy.dmarc=none" in results(arrived(sink))
    held = facteur.queue()
    assert len(held) == 2
    for entry in held:
        rcpt, = entry["recipients"]
        assert rcpt["state"] == "held", rcpt
        assert "from good.test" in rcpt["reason"]["text"] and "p=reject" in rcpt["reason"]["text"]
        assert rcpt["reason"]["rule"] == "conf.d/20-more.conf:5", rcpt
    facteur.stop()
    facteur.start()  # a restart forgets nothing
    assert [entry["recipients"][0]["state"] for entry in facteur.queue()] == ["held", "held"]
    facteur.cli("queue", "release", held[0]["id"])
    mail = email.message_from_bytes(sink.wait(2)[1].data)
    assert "policy.dmarc=quarantine" in results(mail)
    facteur.cli("queue", "delete", held[1]["id"])
    facteur.wait_empty()
    assert len(sink.mails) == 2


def test_what_reports_tell_is_kept(place):
    facteur, sink = dmarc_pivot(place, "dmarc { reject; lists lists.test }\nspf { fail tag }")
    own = smtp.message(sender="a@good.test")
    for _ in range(3):
        assert send(facteur, "a@good.test", own).code == 250
    assert send(facteur, "a@nothing.test", signed(own)).code == 250
    assert send(facteur, "a@nothing.test", own).code == 550
    assert send(facteur, "bounce@lists.test", own).code == 250
    assert send(facteur, "", own, helo="good.test").code == 250
    assert send(facteur, "a@nothing.test", smtp.message(sender="a@nothing.test")).code == 250  # no policy
    harness.wait_for(lambda: sum(day["messages"] for day in facteur.json("dmarc")["days"]) == 7, "all of it")
    day, = facteur.json("dmarc", "good.test")["days"]
    assert day["policy"] == "v=DMARC1; p=reject" and day["domain"] == "good.test"
    assert (day["messages"], day["passed"], day["refused"]) == (7, 5, 1), day
    rows = day["rows"]
    assert rows[0]["count"] == 3 and rows[0]["source"] == STRANGER and rows[0]["envelope_from"] == "good.test"
    assert rows[0]["auth"] == [{"method": "spf", "domain": "good.test", "scope": "mfrom", "result": "pass"}]
    refused, = [row for row in rows if row["disposition"] == "reject"]
    assert refused["dkim"] == refused["spf"] == "fail"
    by_dkim, = [row for row in rows if row["dkim"] == "pass"]
    assert by_dkim["auth"][0] == {"method": "dkim", "domain": "good.test", "selector": "s", "result": "pass"}
    spared, = [row for row in rows if "override" in row]
    assert spared["override"].startswith("mailing_list conf.d/20-more.conf:"), spared
    helo, = [row for row in rows if row["auth"][-1].get("scope") == "helo"]
    assert helo["envelope_from"] == "" and helo["spf"] == "pass"
    # it is there after the end, and as text
    facteur.stop()
    said = facteur.cli("dmarc", "good.test", "--day", day["day"])
    assert "good.test: 7 messages, 5 passed, 0 quarantined, 1 refused" in said and STRANGER in said, said
    assert facteur.cli("dmarc", "--day", "2001-01-01") == ""
    assert "YYYY-MM-DD" in facteur.cli("dmarc", "--day", "yesterday", code=2)


QUARANTINE = "dmarc { quarantine; quarantined hold }\nquarantine { messages 2; space 64K; keep %s }"


def quarantined(facteur):
    queue = facteur.json("status")["queue"]
    return queue["quarantined"], queue["quarantined_octets"]


def test_strangers_do_not_fill_the_quarantine(place):
    facteur, sink = dmarc_pivot(place, QUARANTINE % "14d")
    fails = smtp.message(sender="a@good.test")

    def offer(data=fails):
        return send(facteur, "a@nothing.test", data)

    def full(reply, word):
        assert reply.code == 452 and reply.status == "4.2.2", reply
        assert "quarantine" in reply.text and word in reply.text, reply
        last = facteur.event("refused", limit=word)
        assert last["rule"].startswith("conf.d/20-more.conf:"), last

    assert offer().code == offer().code == 250
    assert facteur.event("accepted")["held_by"], "P7: the line that holds it"
    full(offer(), "messages")
    assert send(facteur, "a@good.test", fails).code == 250  # all other mail comes in as ever
    sink.wait(1)
    held = facteur.queue()
    assert len(held) == 2 and quarantined(facteur)[0] == 2
    assert all("kept_until" in entry["recipients"][0] for entry in held)
    assert ", kept for 13 d" in facteur.cli("queue", "list"), facteur.cli("queue", "list")
    assert "2 of these messages" in facteur.cli("status")
    # the same after any end of the process
    facteur.kill()
    facteur.start(compile_first=False)
    assert quarantined(facteur) == (2, sum(entry["octets"] for entry in held))
    full(offer(), "messages")
    # who is released, deleted, or held by an administrator has no place any more
    facteur.cli("queue", "release", held[0]["id"])
    sink.wait(2)
    facteur.cli("queue", "hold", held[1]["id"])
    harness.wait_for(lambda: quarantined(facteur) == (0, 0), "the quarantine is empty")
    assert offer().code == 250
    full(offer(fails + "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 1000), "space")
    assert offer().code == 250
    full(offer(), "messages")
    for entry in facteur.queue():
        facteur.cli("queue", "delete", entry["id"])
    harness.wait_for(lambda: quarantined(facteur) == (0, 0), "the quarantine is empty")
    facteur.wait_empty()
    assert len(sink.mails) == 2


def test_quarantine_comes_to_an_end(place):
    facteur, sink = dmarc_pivot(place, QUARANTINE % "14d")
    fails = smtp.message(sender="a@good.test")

    def ends(entry):
        gone = facteur.event("discarded", id=entry["id"])
        assert gone["to"] == TO and gone["quarantined_by"] == "dmarc", gone
        assert gone["rule"].startswith("conf.d/20-more.conf:"), gone

    assert send(facteur, "a@nothing.test", fails).code == 250
    assert send(facteur, "a@nothing.test", fails).code == 250
    mine, theirs = facteur.queue()
    facteur.cli("queue", "hold", mine["id"])  # what an administrator holds is his
    # time runs out while nobody is there
    facteur.kill()
    facteur.write("conf.d/20-more.conf",
                  (facteur.dir / "conf.d/20-more.conf").read_text().replace("14d", "1s"))
    facteur.start()
    ends(theirs)
    harness.wait_for(lambda: len(facteur.queue()) == 1, "it has ended")
    assert facteur.queue()[0]["id"] == mine["id"] and quarantined(facteur) == (0, 0)
    # and while somebody is
    assert send(facteur, "a@nothing.test", fails).code == 250
    harness.wait_for(lambda: len(facteur.events("discarded")) == 2, "the third one ends")
    assert [entry["id"] for entry in facteur.queue()] == [mine["id"]]
    harness.wait_for(lambda: quarantined(facteur) == (0, 0), "the quarantine is empty")
    assert sink.mails == []
