"""What rules do with a message besides letting it in: fields on top, another way, another recipient; and
rules for the lines of its body."""
import harness
import smtp

FILES = {
    "senders": "marked@b.test prepend X-Rule: marked by a rule\n"
               "scanned@b.test filter scanner:\n"
               "lost@b.test redirect desk@sink.test\n",
    "rcpts": "mark@sink.test prepend X-Rule: for mark\nno@own.test prepend X-Rule: never\n",
    "headers": "/^Subject: to the desk/ redirect desk@sink.test\n",
    "body": "/^You have won/ refuse 554 5.7.1 No luck here\n/^hold me/ hold\n/^copy me/ copy copy@sink.test\n"
            "/^not me/ discard\n",
}


def start(place, sink, scanner):
    return place.facteur(sink.port, files=FILES, more=f"""
domain own.test {{ }}
mailbox void@own.test {{ discard }}
transport scanner {{ smtp 127.0.0.1:{scanner.port} }}
access {{ sender hash:senders; recipient hash:rcpts }}
headers pcre:headers
body pcre:body
""")


def test_what_rules_do_with_a_message(place):
    sink, scanner = place.sink(), place.sink()
    facteur = start(place, sink, scanner)

    def send(sender, recipients=("c@sink.test",), **more):
        return smtp.send(facteur.port, sender, list(recipients), smtp.message(**more))

    # a field on top, once, by rules of those who came in only
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<marked@b.test>", 250)
        client.say("RCPT TO:<no@own.test>", 550)
        client.say("RCPT TO:<mark@sink.test>", 250)
        client.say("RCPT TO:<c@sink.test>", 250)
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message()))
        assert client.reply().code == 250
    text = sink.wait(1)[0].data
    assert text.startswith(b"X-Rule: marked by a rule\r\nX-Rule: for mark\r\nReceived: "), text[:200]
    assert text.count(b"X-Rule:") == 2

    # another way for all of them, over a restart too
    assert send("scanned@b.test", ["c@sink.test", "d@sink.test"]).code == 250
    assert sorted(scanner.wait(1)[0].recipients) == ["c@sink.test", "d@sink.test"]
    assert len(sink.mails) == 1

    # another recipient in the place of all, by the sender and by a field
    assert send("lost@b.test", ["c@sink.test", "d@sink.test"]).code == 250
    assert sink.wait(2)[1].recipients == ["desk@sink.test"]
    assert send("a@b.test", subject="to the desk").code == 250
    assert sink.wait(3)[2].recipients == ["desk@sink.test"]
    assert [e["to"] for e in facteur.told("redirected", 2)] == ["desk@sink.test"] * 2

    # even of those who throw their mail away
    assert send("lost@b.test", ["void@own.test"]).code == 250
    assert sink.wait(4)[3].recipients == ["desk@sink.test"]
    assert not facteur.events("discarded")

    # lines of the body
    assert send("a@b.test", body="Dear.\r\nYou have won!\r\n").text == "5.7.1 No luck here"
    assert send("a@b.test", body="You have not won.\r\n").code == 250
    sink.wait(5)
    assert send("a@b.test", body="not me\r\n").code == 250
    assert send("a@b.test", body="copy me\r\n").code == 250
    harness.wait_for(lambda: sorted(a for m in sink.mails[5:] for a in m.recipients) ==
                     ["c@sink.test", "copy@sink.test"], "the copy")
    assert send("a@b.test", body="hold me\r\n").code == 250
    assert len(facteur.queue()) == 1
    refused = [e for e in facteur.events("refused") if e.get("rule", "").startswith("body:1")]
    assert len(refused) == 1, facteur.events("refused")


def test_what_no_rule_can_mean_is_refused(place):
    facteur = place.facteur(place.sink().port, more="access sender hash:s\nheaders pcre:h\nbody pcre:b\n",
                            files={"s": "a@b.test filter nowhere:\nb@b.test prepend no field\n",
                                   "h": "/x/ filter smtp:[127.0.0.1]\n", "b": "/x/ remove\n"}, start=False)
    said = facteur.cli("compile", code=1)
    for text in ("s:1:10: unknown transport 'nowhere'", "s:2:10: 'prepend' is followed by a field",
                 "h:1:1: 'filter' is no verdict", "b:1:1: 'remove' is no verdict"):
        assert text in said, said
