"""Who the client really is, as HAProxy, swaks and Postfix say it, and who may not say it."""
import hashlib
import re
import socket
import ssl
import struct
import subprocess

import harness
import pytest
import smtp

V2 = b"\r\n\r\n\0\r\nQUIT\n"


class Haproxy(harness.Daemon):
    """Ports that hand what comes on to others, with a PROXY header in front."""

    def __init__(self, folder, ways):
        path = folder + "/haproxy.cfg"
        with open(path, "w", encoding="ascii") as file:
            file.write("global\n  maxconn 100\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 60s\n"
                       "  timeout server 60s\n")
            for number, (port, to, send) in enumerate(ways):
                file.write(f"listen way{number}\n  bind 127.0.0.1:{port}\n  server pivot 127.0.0.1:{to} {send}\n")
        super().__init__("haproxy", folder, ["haproxy", "-db", "-f", path])

    def start(self, port):
        self.launch()
        self.wait_until(lambda: harness.listening(port), "listening")
        return self

    def stop(self):
        self.terminate()


def pivot(place, more="", **others):
    """Trusts 127.0.0.2 and nobody else; 127.0.0.1 is a proxy."""
    sink = place.sink()
    cert, key = harness.certificate(place.folder, "pivot.test")
    ports = {name: harness.free_port() for name in ("clear", "implicit")}
    facteur = place.facteur(onward=sink.port, listen=False, relay_for="127.0.0.2", more=f"""
tls {{ certificate {cert}; key {key} }}
listen clear    {{ on 127.0.0.1:{ports['clear']}; tls offered; proxy-protocol 127.0.0.1 }}
listen implicit {{ on 127.0.0.1:{ports['implicit']}; tls implicit; proxy-protocol 127.0.0.1 }}
{more}
""", **others)
    facteur.ports, facteur.sink = ports, sink
    return facteur


def under_tls(client, shown=None):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if shown:
        context.load_cert_chain(*shown)
    client.sock = context.wrap_socket(client.sock)
    client.file = client.sock.makefile("rb")


def relays(port, source, implicit=False):
    """Send to the world from an address; the reply to RCPT."""
    with smtp.Client(port, source=source) as client:
        if implicit:
            under_tls(client)
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        reply = client.say("RCPT TO:<b@sink.test>")
        if reply.code == 250:
            client.say("DATA", 354)
            client.send(smtp.stuffed(smtp.message()))
            assert client.reply().code == 250
        client.say("QUIT", 221)
        return reply.code


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
def test_haproxy(place, send):
    facteur = pivot(place)
    ways = {name: harness.free_port() for name in facteur.ports}
    place.keep(Haproxy(place.folder, [(ways[name], facteur.ports[name], send) for name in ways])).start(
        ways["clear"])
    for name in ways:
        assert relays(ways[name], "127.0.0.2", name == "implicit") == 250
        assert relays(ways[name], "127.0.0.3", name == "implicit") == 550
    for mail in facteur.sink.wait(2):
        assert re.match(rb"Received: from client\.test \(\[127\.0\.0\.2\]\)", mail.data), mail.data[:200]
    sessions = harness.wait_for(lambda: [s for s in facteur.events("session") if "through" in s][3:] and
                                facteur.events("session"), "the sessions in the log")
    assert {(s["client"], s.get("through")) for s in sessions if s.get("accepted") == "1"} == {("127.0.0.2", "127.0.0.1")}
    assert any(s["client"] == "127.0.0.3" and s.get("through") == "127.0.0.1" for s in sessions)


def header_v2(client, command=1):
    body = socket.inet_aton(client) + socket.inet_aton("127.0.0.1") + struct.pack(">HH", 1234, 25)
    tlv = b"\x04" + struct.pack(">H", 300) + b"x" * 300  # PP2_TYPE_NOOP
    return V2 + bytes([0x20 | command, 0x11]) + struct.pack(">H", len(body + tlv)) + body + tlv


def test_headers_in_pieces_and_broken_ones(place):
    facteur = pivot(place, more="limits { handshake-timeout 2s }\n")

    def begin(*pieces, name="clear", tls=False):
        client = smtp.Client(facteur.ports[name])
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            client.send(piece)
        return client

    v2 = header_v2("127.0.0.2")
    for header in (b"PROXY TCP4 127.0.0.2 127.0.0.1 1234 25\r\n", v2):
        with begin(*(header[i:i + 1] for i in range(len(header)))) as client:
            client.hello()
            client.say("MAIL FROM:<a@client.test>", 250)
            client.say("RCPT TO:<b@sink.test>", 250)
    # the proxy for itself is nobody's friend
    for header in (header_v2("127.0.0.2", command=0), b"PROXY UNKNOWN\r\n"):
        with begin(header) as client:
            client.hello()
            client.say("MAIL FROM:<a@client.test>", 250)
            client.say("RCPT TO:<b@sink.test>", 550)
    # a handshake right behind it, in the same segment
    with begin(name="implicit") as client:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        shaking = context.wrap_bio(incoming, outgoing)
        with pytest.raises(ssl.SSLWantReadError):
            shaking.do_handshake()
        client.send(v2 + outgoing.read())
        while True:
            try:
                incoming.write(client.sock.recv(65536))
                shaking.do_handshake()
                break
            except ssl.SSLWantReadError:
                pass
        client.send(outgoing.read())
    # none, a bad one, one that is cut off by an end, one that never comes
    for pieces in ((b"EHLO client.test\r\n",), (b"PROXY TCP4 nonsense\r\n",), (V2 + b"\xff\xff\0\0",)):
        with begin(*pieces) as client:
            assert client.closed()
    with begin(v2[:20]) as client:
        client.sock.shutdown(socket.SHUT_WR)
        assert client.closed()
    with begin(v2[:20]) as client:
        assert client.closed()
    for words in ("there is none", "took too long"):
        facteur.wait_until(lambda: any(words in r["reason"] for r in facteur.events("refused")), words)


def test_who_is_no_proxy_is_taken_as_he_is(place):
    facteur = pivot(place)
    assert relays(facteur.ports["clear"], "127.0.0.2") == 250
    with smtp.Client(facteur.ports["clear"], source="127.0.0.3") as client:
        assert client.reply().code == 220
        assert client.say("PROXY TCP4 127.0.0.2 127.0.0.1 1234 25").code == 500


def swaks(port, *words):
    return subprocess.run(["swaks", "--server", f"127.0.0.1:{port}", "--from", "ada@pivot.test", "--to", "b@sink.test",
                           "--ehlo", "client.test", *words], capture_output=True, text=True, timeout=60)


def test_xclient(place):
    """swaks says it, and only who may is believed."""
    facteur = place.facteur(start=False, relay_for="127.0.0.2", onward=(sink := place.sink()).port,
                            more="domain pivot.test { aliases aliases }\nmailbox ada@pivot.test { discard }\n"
                            "xclient-hosts 127.0.0.1\n", files={"aliases": "postmaster: ada\n"})
    facteur.start()
    result = swaks(facteur.port, "--xclient-addr", "127.0.0.2", "--xclient-name", "real.test")
    assert result.returncode == 0, result.stdout
    assert re.search(r"XCLIENT NAME ADDR PORT PROTO HELO LOGIN", result.stdout)
    result = swaks(facteur.port, "--xclient-addr", "127.0.0.3")
    assert result.returncode and "Relaying denied" in result.stdout, result.stdout
    result = swaks(facteur.port, "--xclient-addr", "192.0.2.9", "--xclient-login", "Ada@pivot.test")
    assert result.returncode == 0, result.stdout
    result = swaks(facteur.port, "--xclient-addr", "192.0.2.9", "--xclient-login", "bob@pivot.test")
    assert result.returncode and "5.7.1" in result.stdout, result.stdout  # not ada's address
    result = swaks(facteur.port)
    assert result.returncode and "Relaying denied" in result.stdout  # the proxy itself
    mails = sink.wait(2)
    assert b"([127.0.0.2])" in mails[0].data and b"([192.0.2.9])" in mails[1].data
    assert b"with ESMTPA id" in mails[1].data
    with smtp.Client(facteur.port, source="127.0.0.4") as client:
        assert "XCLIENT" not in client.hello().text
        assert client.say("XCLIENT ADDR=127.0.0.2").code == 550


def test_xclient_takes_trust_away(place):
    """What the proxy may do by its own certificate, whenever it shows that, and what an earlier client of
    the session might, is not the next one's, nor that of a client without an address."""
    proxy = harness.certificate(place.folder, "proxy.test")
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(proxy[0].read_text())).hexdigest()
    facteur = pivot(place, more=f"xclient-hosts 127.0.0.1\nrelay-for-certificate {digest}\n")

    def relays(*words):
        with smtp.Client(facteur.ports["clear"]) as client:
            client.send(b"PROXY UNKNOWN\r\n")
            client.hello()
            for word in words:
                if word == "STARTTLS":
                    client.say(word, 220)
                    under_tls(client, proxy)
                else:
                    client.say(f"XCLIENT {word}", 220)
                client.say("EHLO client.test", 250)
            client.say("MAIL FROM:<a@client.test>", 250)
            return client.say("RCPT TO:<b@sink.test>").code == 250

    assert relays("STARTTLS") and relays("ADDR=127.0.0.2") and relays("STARTTLS", "ADDR=127.0.0.2")
    assert not relays() and not relays("ADDR=192.0.2.9")
    assert not relays("STARTTLS", "ADDR=192.0.2.9") and not relays("ADDR=192.0.2.9", "STARTTLS")
    assert not relays("STARTTLS", "ADDR=[UNAVAILABLE]") and not relays("ADDR=[UNAVAILABLE]", "STARTTLS")
    assert not relays("ADDR=127.0.0.2", "ADDR=[UNAVAILABLE]")


def test_xforward_of_postfix(place):
    """A Postfix that hands mail on; SPF is asked about the client that it had."""
    facteur = place.facteur(
        relay_for="", listen=True, zone='bad.test TXT "v=spf1 ip4:192.0.2.1 -all"\n'
        'good.test TXT "v=spf1 ip4:127.0.0.5 -all"\n', files={"aliases": "postmaster: ada\n"},
        more="spf { fail refuse }\nxforward-hosts 127.0.0.1\ndomain pivot.test { aliases aliases }\n"
        "mailbox ada@pivot.test { discard }\n")
    postfix = place.postfix(facteur.port, settings={"smtp_send_xforward_command": "yes", "mynetworks": "127.0.0.0/8"})
    with smtp.Client(postfix.port, source="127.0.0.5") as client:
        client.hello()
        assert client.mail("a@good.test", ["ada@pivot.test"], smtp.message()).code == 250
        assert client.mail("a@bad.test", ["ada@pivot.test"], smtp.message()).code == 250
    harness.wait_for(lambda: facteur.events("discarded"), "the good one")
    refused = harness.wait_for(lambda: facteur.events("refused"), "the bad one")[0]
    assert "SPF" in refused["reason"] or "spf" in refused.get("rule", ""), refused
    of = {(f["client"], f["of"], f["helo"]) for f in facteur.told("forwarded", 1)}
    assert of == {("127.0.0.1", "127.0.0.5", "client.test")}, of
    with smtp.Client(facteur.port, source="127.0.0.4") as client:
        assert "XFORWARD" not in client.hello().text
        assert client.say("XFORWARD ADDR=127.0.0.5").code == 550


def test_nobody_trusts_a_gateway(place):
    """In a network of its own, whose default route is known."""
    if harness.SUPER:
        pytest.skip("networks are root's")
    facteur = place.facteur(start=False, relay_for="10.77.0.0/24", listen=False)
    script = ("ip link set lo up && ip link add one type veth peer name two && ip addr add 10.77.0.2/24 dev one && "
              "ip link set one up && ip link set two up && ip route add default via 10.77.0.1 && "
              f"exec {harness.FACTEUR} check -c {facteur.dir}")

    def check():
        result = subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr
    code, text = check()
    assert code == 1 and re.search(r"conf\.d/10-least\.conf:\d+:11: 'relay-for 10\.77\.0\.0/24' has the default "
                                   r"gateway of this machine, 10\.77\.0\.1", text), text
    facteur.write("conf.d/00-first.conf", "relay-for !10.77.0.1\n")
    assert check()[0] == 0, check()
