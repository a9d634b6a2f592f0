"""SMTP smuggling: no sequence but CRLF.CRLF ends a message (P6), in either direction."""
import json

import pytest

import harness
import smtp

VECTORS = json.loads((harness.VECTORS / "smtp" / "smuggling-sequences.json").read_text())
INBOUND = VECTORS["inbound_must_not_end_data"]
OUTBOUND = VECTORS["outbound_must_not_be_emitted"]
SECOND = (b"MAIL FROM:<smuggled@client.test>\r\nRCPT TO:<smuggled@sink.test>\r\nDATA\r\n"
          b"Subject: smuggled\r\n\r\nsmuggled\r\n.\r\n")


@pytest.mark.parametrize("sequence", INBOUND, ids=[repr(s) for s in INBOUND])
@pytest.mark.parametrize("repair", [False, True], ids=["strict", "repair"])
def test_inbound(place, sequence, repair):
    sink = place.sink()
    facteur = place.facteur(sink.port, more="bare-newlines repair 127.0.0.1\n" if repair else "")
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        client.say("RCPT TO:<b@sink.test>", 250)
        client.say("DATA", 354)
        client.send(b"Subject: first\r\n\r\nOne line." + sequence.encode() + SECOND)
        reply = client.reply()
        # What follows the sequence was content: there is one reply, to the one end of data.
        assert client.say("NOOP").code in (250, 421)
    if "\0" not in sequence and not repair:
        assert reply.code // 100 == 5, reply
    assert smtp.send(facteur.port, "a@client.test", ["last@sink.test"], smtp.message()).code == 250
    harness.wait_for(lambda: any("last@sink.test" in m.recipients for m in sink.mails), "the last")
    facteur.wait_empty()
    assert not any("smuggled@sink.test" in m.recipients for m in sink.mails)
    assert not sink.bad_lines
    for mail in sink.mails:
        for never in OUTBOUND:
            if "\0" not in never:
                assert never.encode() not in mail.data


@pytest.mark.parametrize("chunks", [[b"a\r", b"\n.\r\nb\r\n"], [b"a\n.\n", b"b\r\n"], [b"a\r\n.\r\n", b"b"]],
                         ids=["cr-over-the-border", "bare-lf", "no-crlf-at-the-end"])
def test_inbound_by_bdat(place, chunks):
    """Chunks carry lines, too: a bare LF, or an end without CRLF, would change what a peer sees."""
    sink = place.sink()
    facteur = place.facteur(sink.port)
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        client.say("RCPT TO:<b@sink.test>", 250)
        client.send(b"BDAT %d\r\n" % len(chunks[0]) + chunks[0])
        client.reply()
        client.send(b"BDAT %d LAST\r\n" % len(chunks[1]) + chunks[1])
        reply = client.reply()
    good = chunks[0].endswith(b"\r")
    assert (reply.code == 250) == good, reply
    facteur.wait_empty()
    assert len(sink.mails) == good and not sink.bad_lines


def test_pipelined_before_354(place):
    """Content sent before 354 was said by somebody who does not listen: never taken as commands."""
    sink = place.sink()
    facteur = place.facteur(sink.port)
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.send(b"MAIL FROM:<a@client.test>\r\nRCPT TO:<b@sink.test>\r\nDATA\r\n"
                    b"Subject: early\r\n\r\n.\r\n" + SECOND)
        codes = []
        try:
            while len(codes) < 8:
                codes.append(client.reply().code)
        except (EOFError, ConnectionResetError):
            pass
    facteur.wait_empty()
    assert not any(m.sender == "smuggled@client.test" for m in sink.mails) or codes.count(354) == 2
