"""What cannot be delivered comes back, in a form that machines read: RFC 3464."""
import email
import email.policy
import email.utils

import harness
import smtp


def refusing(place, reply="550 5.1.1 <x>: no such person here", **more):
    """A sink that refuses what is for bad@..., and takes bounces."""
    def rcpt(session, argument):
        return reply if "bad" in argument else None
    return place.sink(script={"RCPT": rcpt}, **more)


def parts(mail):
    parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert parsed.get_content_type() == "multipart/report"
    assert parsed.get_param("report-type") == "delivery-status"
    words, status, original = parsed.get_payload()
    assert words.get_content_type() == "text/plain"
    assert status.get_content_type() in ("message/delivery-status", "message/global-delivery-status")
    return parsed, words, status.get_payload(), original


def recipient_fields(fields):
    """The second block; of a message/global-delivery-status Python parses the first one only."""
    if len(fields) > 1:
        return fields[1]
    return email.message_from_string(fields[0].get_payload().lstrip())


def test_a_bounce_is_complete(place):
    sink = refusing(place)
    facteur = place.facteur(sink.port)
    smtp.send(facteur.port, "writer@sink.test", ["bad@sink.test"],
              smtp.message("Hello?", extra="X-Mark: 1\r\n"), " ENVID=QQ+2B314")
    bounce = sink.wait()[0]
    assert bounce.sender == "" and bounce.recipients == ["writer@sink.test"]

    parsed, words, fields, original = parts(bounce)
    assert "writer@sink.test" in parsed["To"]
    assert parsed["Message-ID"] and email.utils.parsedate_to_datetime(parsed["Date"])
    assert parsed["Auto-Submitted"].startswith("auto-replied")
    assert not parsed.defects and not words.defects
    assert "no such person here" in words.get_content()

    per_message, per_recipient = fields
    assert per_message["Reporting-MTA"].replace(" ", "") == "dns;pivot.test"
    assert per_message["Original-Envelope-Id"] == "QQ+314"
    assert per_message["Arrival-Date"]
    assert per_recipient["Final-Recipient"].replace(" ", "") == "rfc822;bad@sink.test"
    assert per_recipient["Action"] == "failed"
    assert per_recipient["Status"] == "5.1.1"
    assert per_recipient["Diagnostic-Code"].replace(" ", "").startswith("smtp;5505.1.1")
    assert "X-Mark: 1" in original.as_string()
    facteur.wait_empty()


def test_return_full_and_headers(place):
    sink = refusing(place)
    facteur = place.facteur(sink.port)
    for ret, body_is_there in (("FULL", True), ("HDRS", False)):
        seen = len(sink.mails)
        smtp.send(facteur.port, "writer@sink.test", ["bad@sink.test"],
                  smtp.message(body="The body itself.\r\n"), f" RET={ret}")
        bounce = sink.wait(seen + 1)[-1]
        assert (b"The body itself." in bounce.data) == body_is_there


def with_notify(facteur, notify, recipient):
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<writer@sink.test>", 250)
        client.say(f"RCPT TO:<{recipient}> NOTIFY={notify} ORCPT=rfc822;First+2BName@elsewhere.test", 250)
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message()))
        assert client.reply().code == 250


def test_notify_never(place):
    sink = refusing(place)
    facteur = place.facteur(sink.port)
    with_notify(facteur, "NEVER", "bad@sink.test")
    facteur.wait_empty()
    assert not sink.mails


def test_orcpt_comes_back(place):
    sink = refusing(place)
    facteur = place.facteur(sink.port)
    with_notify(facteur, "FAILURE", "bad@sink.test")
    _, _, fields, _ = parts(sink.wait()[0])
    assert fields[1]["Original-Recipient"].replace(" ", "") == "rfc822;First+Name@elsewhere.test"


def test_notify_success_is_passed_on_or_answered(place):
    """A peer with DSN gets the wish; one without it: we say "relayed"."""
    with_dsn, without = place.sink(), place.sink(offers=("PIPELINING",))
    facteur = place.facteur(with_dsn.port, more=f"""
transport old {{ smtp 127.0.0.1:{without.port} }}
route old.test {{ transport old }}
""")
    with_notify(facteur, "SUCCESS", "a@sink.test")
    assert "NOTIFY=SUCCESS" in with_dsn.wait()[0].rcpt_params["a@sink.test"]
    with_notify(facteur, "SUCCESS", "a@old.test")
    without.wait()
    _, _, fields, _ = parts(with_dsn.wait(2)[1])
    assert fields[1]["Action"] == "relayed"


def test_a_bounce_is_never_bounced(place):
    """The postmaster is told instead, once."""
    sink = refusing(place)
    facteur = place.facteur(sink.port, more="postmaster chief@sink.test\n")
    smtp.send(facteur.port, "", ["bad@sink.test"], smtp.message())
    notice = sink.wait()[0]
    assert notice.recipients == ["chief@sink.test"] and notice.sender == ""
    facteur.wait_empty()
    assert len(sink.mails) == 1


def test_a_bounce_that_nobody_takes_ends(place):
    """Neither the sender nor the postmaster can be reached: it ends, and is said in the log."""
    sink = place.sink(script={"RCPT": "550 5.1.1 Nobody at all"})
    facteur = place.facteur(sink.port)
    smtp.send(facteur.port, "bad@sink.test", ["bad@sink.test"], smtp.message())
    facteur.wait_empty()
    assert not sink.mails


def test_too_old(place):
    sink, dead = place.sink(), harness.free_port()
    facteur = place.facteur(sink.port, more=f"""
transport dead {{ smtp 127.0.0.1:{dead} }}
route dead.test {{ transport dead }}
queue {{ retry 1s; lifetime 2s }}
""")
    smtp.send(facteur.port, "writer@sink.test", ["x@dead.test"], smtp.message())
    _, words, fields, _ = parts(sink.wait()[0])
    assert fields[1]["Action"] == "failed"
    assert fields[1]["Status"].startswith("4.") or fields[1]["Status"] == "5.4.7"
    facteur.wait_empty()


def test_signed_eight_bit_mail_is_not_converted(place):
    """Changing a signed byte would break the signature: 5.6.3."""
    sink = place.sink()
    old = place.sink(offers=("PIPELINING",))
    facteur = place.facteur(sink.port, more=f"""
transport old {{ smtp 127.0.0.1:{old.port} }}
route old.test {{ transport old }}
""")
    content = smtp.message(body="é\r\n", extra="DKIM-Signature: v=1; a=rsa-sha256; d=x.test; s=s; h=from; "
                           "bh=; b=\r\n")
    smtp.send(facteur.port, "writer@sink.test", ["x@old.test"], content, " BODY=8BITMIME")
    _, _, fields, _ = parts(sink.wait()[0])
    assert fields[1]["Status"] == "5.6.3"
    assert not old.mails


def test_a_raw_header_does_not_keep_the_body_from_being_converted(place):
    """Raw bytes in a header of a client without SMTPUTF8 are tolerated, those in the body are not."""
    sink = place.sink()
    old = place.sink(offers=("PIPELINING",))
    facteur = place.facteur(sink.port, more=f"""
transport old {{ smtp 127.0.0.1:{old.port} }}
route old.test {{ transport old }}
""")
    signature = "DKIM-Signature: v=1; a=rsa-sha256; d=x.test; s=s; h=from; bh=; b=\r\n"
    for extra in ("X-Raw: é\r\n", "X-Raw: é\r\n" + signature):
        smtp.send(facteur.port, "writer@sink.test", ["x@old.test"],
                  smtp.message(body="é\r\n", extra=extra), " BODY=8BITMIME")
    _, _, fields, _ = parts(sink.wait()[0])
    assert fields[1]["Status"] == "5.6.3"
    content = old.wait()[0].data
    assert "X-Raw: é\r\n".encode() in content and b"\r\n\r\n=C3=A9\r\n" in content
    assert len(old.mails) == 1


def test_smtputf8_towards_a_peer_without_it(place):
    sink = place.sink()
    old = place.sink(offers=("PIPELINING", "8BITMIME"))
    facteur = place.facteur(sink.port, more=f"""
transport old {{ smtp 127.0.0.1:{old.port} }}
route old.test {{ transport old }}
""")
    smtp.send(facteur.port, "writer@sink.test", ["ü@old.test"], smtp.message(), " SMTPUTF8")
    _, _, fields, _ = parts(sink.wait()[0])
    assert recipient_fields(fields)["Status"] in ("5.6.7", "5.6.9")
    assert not old.mails


def test_hostile_replies_add_nothing(place):
    """A peer's words are shown, and cannot add a field or close a part."""
    nasty = "550-5.1.1 x\r\n550-Status: 2.0.0\r\n550-\r\n550 5.1.1 \x1b[31m --b-- é " + "y" * 400
    sink = refusing(place, reply=nasty)
    facteur = place.facteur(sink.port)
    smtp.send(facteur.port, "writer@sink.test", ["bad@sink.test"], smtp.message())
    bounce = sink.wait()[0]
    _, _, fields, _ = parts(bounce)
    assert fields[1].get_all("Status") and len(fields[1].get_all("Status")) == 1
    assert b"\x1b" not in bounce.data and b"\0" not in bounce.data
    assert not sink.bad_lines
