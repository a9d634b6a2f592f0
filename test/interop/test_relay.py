"""Mail that comes in is relayed: by and to real servers, with and without TLS."""
import email
import email.policy

import harness
import smtp


def test_postfix_to_facteur_to_postfix(place):
    """STARTTLS is offered by the second Postfix, and taken, since a transport's tls is may."""
    sink = place.sink()
    cert, key = harness.certificate(place.folder, "last.test")
    last = place.postfix(sink.port, name="last", settings={
        "smtpd_tls_security_level": "may", "smtpd_tls_cert_file": cert, "smtpd_tls_key_file": key,
        "smtpd_tls_received_header": "yes"})
    facteur = place.facteur(last.port)
    first = place.postfix(facteur.port, name="first")

    bodies = [f"Message {n}\r\n" + "." * n + "\r\n" + "é" * (n % 2) + "\r\n" for n in range(20)]
    for n, body in enumerate(bodies):
        smtp.send(first.port, "a@client.test", ["b@sink.test"], smtp.message(f"{n}", body))
    mails = sink.wait(len(bodies))

    assert not sink.bad_lines
    for mail in mails:
        parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
        received = parsed.get_all("Received")
        assert "last.test (Postfix)" in received[0] and "TLSv1.3" in received[0]
        assert "pivot.test" in received[1]
        assert "first.test (Postfix)" in received[2]
        body = mail.data.split(b"\r\n\r\n", 1)[1]
        assert body == bodies[int(parsed["Subject"])].encode()


def test_reply_and_received_name_the_same_id(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    reply = smtp.send(facteur.port, "a@client.test", ["b@sink.test"], smtp.message())
    queue_id = reply.text.rpartition(" ")[2]
    assert f"queued as {queue_id}" in reply.text
    parsed = email.message_from_bytes(sink.wait()[0].data)
    assert f"id {queue_id}" in " ".join(parsed["Received"].split())
    assert queue_id in facteur.log


def test_tls_that_breaks_falls_back(place):
    """Opportunistic: a handshake that fails costs a second connection, not the mail."""
    sink = place.sink(tls=place.tls(), script={"STARTTLS": smtp.STARTTLS_FAILS})
    facteur = place.facteur(sink.port)
    smtp.send(facteur.port, "a@client.test", ["b@sink.test"], smtp.message())
    assert not sink.wait()[0].tls


def test_tls_encrypt_waits_for_tls(place):
    """tls encrypt: no TLS, no mail; it stays in the queue and says why."""
    sink = place.sink()
    facteur = place.facteur(more=f"""
transport strict {{ smtp 127.0.0.1:{sink.port}; tls encrypt }}
route * {{ transport strict }}
""")
    smtp.send(facteur.port, "a@client.test", ["b@sink.test"], smtp.message())
    sink.wait_sessions(1)
    facteur.wait_reason("4.7.4")
    assert not sink.mails


def test_swaks(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    harness.swaks(facteur.port, "--from", "a@client.test", "--to", "b@sink.test,c@sink.test",
                  "--header", "Subject: From swaks", "--pipeline")
    mail = sink.wait()[0]
    assert sorted(sum((m.recipients for m in sink.mails), [])) == ["b@sink.test", "c@sink.test"]
    assert b"Subject: From swaks" in mail.data


def test_connections_are_reused(place):
    sink = place.sink()
    facteur = place.facteur(sink.port, more="""
transport one { smtp 127.0.0.1:%d; connections 1 }
route one.test { transport one }
""" % sink.port)
    with smtp.Client(facteur.port) as client:
        client.hello()
        for n in range(30):
            assert client.mail("a@client.test", ["b@one.test"], smtp.message(str(n))).code == 250
    sink.wait(30)
    assert sink.sessions < 15


def test_content_passes_byte_for_byte(place):
    """Our own Received field on top, and not one other byte changed; by BDAT and by DATA."""
    body = b"\r\n".join([b".", b"..", b".x", b"a" * 900, b"", b"\x80\xff high", b"\ttab ", b"end"]) + b"\r\n"
    content = smtp.message(extra="X-Odd:   spaces \r\n\tfolded\r\n", body="").encode() + body
    chunking, plain = place.sink(), place.sink(offers=("8BITMIME",))
    facteur = place.facteur(chunking.port, more=f"""
transport plain {{ smtp 127.0.0.1:{plain.port} }}
route plain.test {{ transport plain }}
""")
    for sink, domain in ((chunking, "sink.test"), (plain, "plain.test")):
        smtp.send(facteur.port, "a@client.test", [f"b@{domain}"], content, " BODY=8BITMIME")
        mail = sink.wait()[0]
        assert mail.chunked == (sink is chunking)
        at = mail.data.index(b"From: <a@client.test>")
        assert mail.data[at:] == content
        assert mail.data[:at].startswith(b"Received: ")


def test_by_bdat(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    content = smtp.message(body="One.\r\n.\r\nTwo.\r\n").encode()
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        client.say("RCPT TO:<b@sink.test>", 250)
        client.send(b"BDAT 100\r\n" + content[:100])
        assert client.reply().code == 250
        client.send(b"BDAT %d LAST\r\n" % (len(content) - 100) + content[100:])
        assert client.reply().code == 250
    assert sink.wait()[0].data.endswith(content)


def test_large_message(place):
    """20 MiB through, and the daemon does not grow with it."""
    sink = place.sink(keep=False)
    facteur = place.facteur(sink.port)
    line = "x" * 98 + "\r\n"
    content = smtp.message(body=line * (20 * 1024 * 1024 // 100))
    assert smtp.send(facteur.port, "a@client.test", ["b@sink.test"], content).code == 250
    sink.wait()
    facteur.wait_empty()


def test_seven_bit_peer_gets_seven_bits(place):
    sink = place.sink(offers=("PIPELINING",))
    facteur = place.facteur(sink.port)
    text = "Éléphant, très long: " + "é" * 200
    content = smtp.message(body=text + "\r\n", extra="MIME-Version: 1.0\r\nContent-Type: text/plain; "
                           "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n")
    smtp.send(facteur.port, "a@client.test", ["b@sink.test"], content, " BODY=8BITMIME")
    mail = sink.wait()[0]
    assert max(mail.data) < 128
    parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert parsed.get_content().strip() == text


def test_smtputf8(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    smtp.send(facteur.port, "é@client.test", ["ü@sink.test"], smtp.message("Üben"), " SMTPUTF8")
    mail = sink.wait()[0]
    assert (mail.sender, mail.recipients) == ("é@client.test", ["ü@sink.test"])
    assert "SMTPUTF8" in mail.mail_params


def test_strangers_are_not_relayed_for(place):
    """P3: 127.0.0.9 is nobody that we relay for."""
    sink = place.sink()
    facteur = place.facteur(sink.port)
    with smtp.Client(facteur.port, source="127.0.0.9") as client:
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        reply = client.say("RCPT TO:<b@sink.test>", 550)
        assert reply.status == "5.7.1"
    assert not sink.sessions


def test_a_deferred_message_is_tried_again(place):
    refused = []

    def once(session, argument):
        if not refused:
            refused.append(argument)
            return "451 4.3.0 Later"
        return None

    sink = place.sink(script={"RCPT": once})
    facteur = place.facteur(sink.port, more="queue { retry 1s }\n")
    smtp.send(facteur.port, "a@client.test", ["b@sink.test"], smtp.message())
    sink.wait()
    assert refused
    facteur.wait_empty()


def test_two_recipients_one_refused_one_deferred(place):
    """Each recipient has its own end."""
    answers = {"bad": "550 5.1.1 No such user", "late": "450 4.2.0 Busy"}

    def rcpt(session, argument):
        for word, reply in answers.items():
            if word in argument:
                return reply
        return None

    sink = place.sink(script={"RCPT": rcpt})
    facteur = place.facteur(sink.port, more="queue { retry 1s }\n")
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.mail("a@sink.test", ["good@sink.test", "bad@sink.test", "late@sink.test"], smtp.message())
    mails = sink.wait(2)
    assert sorted(m.sender for m in mails) == ["", "a@sink.test"]
    del answers["late"]
    mails = sink.wait(3)
    assert sorted(sum((m.recipients for m in mails), [])) == \
        ["a@sink.test", "good@sink.test", "late@sink.test"]
    facteur.wait_empty()
