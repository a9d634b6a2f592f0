"""The neighbours without Facteur: when one of these fails, the machine is wrong, not we."""
import socket
import subprocess

import harness
import smtp


def test_client_and_sink_speak(place):
    sink = place.sink()
    assert smtp.send(sink.port, "a@client.test", ["b@sink.test"], ".dot\r\n").code == 250
    mail = sink.wait()[0]
    assert (mail.sender, mail.recipients, mail.data) == ("a@client.test", ["b@sink.test"], b".dot\r\n")


def test_postfix_relays_to_the_sink(place):
    sink = place.sink()
    postfix = place.postfix(sink.port)
    reply = smtp.send(postfix.port, "a@client.test", ["b@sink.test"], smtp.message())
    assert reply.code == 250
    assert b"postfix.test (Postfix)" in sink.wait()[0].data


def test_postfix_uses_tls_with_the_sink(place):
    sink = place.sink(tls=place.tls())
    postfix = place.postfix(sink.port, settings={"smtp_tls_security_level": "may"})
    smtp.send(postfix.port, "a@client.test", ["b@sink.test"], smtp.message())
    assert sink.wait()[0].tls


def test_swaks(place):
    sink = place.sink()
    harness.swaks(sink.port, "--from", "a@client.test", "--to", "b@sink.test")
    assert sink.wait()[0].recipients == ["b@sink.test"]


def test_smtp_source_to_sink(place):
    sink = place.sink()
    subprocess.run(["smtp-source", "-m", "20", "-s", "4", "-f", "a@client.test", "-t", "b@sink.test",
                    f"127.0.0.1:{sink.port}"], check=True, timeout=30)
    assert len(sink.wait(20)) == 20


def test_dovecot_lmtp(place):
    dovecot = place.dovecot(["ada"])
    with LmtpClient(dovecot.socket) as client:
        assert client.reply().code == 220
        client.say("LHLO client.test", 250)
        client.say("MAIL FROM:<a@client.test>", 250)
        client.say("RCPT TO:<ada>", 250)
        client.say("RCPT TO:<nobody-here>", 550)
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message(subject="By LMTP")))
        assert client.reply().code == 250
    assert b"Subject: By LMTP" in dovecot.box("ada")[0]


def test_nsd_answers(place):
    nsd = place.nsd("test", "example MX 10 mx.example\nmx.example A 127.0.0.9\n")
    query = dns_query("example.test", 15)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(query, ("127.0.0.1", nsd.port))
        answer = sock.recv(4096)
    assert answer[:2] == query[:2] and answer[3] & 15 == 0 and answer[7] == 1


def dns_query(name, kind):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00" + \
        kind.to_bytes(2, "big") + b"\x00\x01"


class LmtpClient(smtp.Client):
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(smtp.PATIENCE)
        self.sock.connect(str(path))
        self.file = self.sock.makefile("rb")
