"""TLS towards clients: STARTTLS and implicit, real clients, hostile ones, certificates that change."""
import hashlib
import pathlib
import re
import shutil
import socket
import ssl
import subprocess

import harness
import pytest
import smtp

LEVELS = """
tls {{ certificate {cert}; key {key} }}
listen offered  {{ on 127.0.0.1:{offered}; tls offered }}
listen required {{ on 127.0.0.1:{required}; tls required }}
listen implicit {{ on 127.0.0.1:{implicit}; tls implicit }}
"""


class Pivot:
    """A Facteur with a listener of each level, in front of a sink."""

    def __init__(self, place, more="", settings=""):
        self.sink = place.sink()
        self.cert, self.key = harness.certificate(place.folder, "pivot.test")
        self.ports = {level: harness.free_port() for level in ("offered", "required", "implicit")}
        self.facteur = place.facteur(
            onward=self.sink.port, listen=False,
            more=LEVELS.format(cert=self.cert, key=self.key, **self.ports) + settings + more)

    def client(self, level, hello=True):
        client = smtp.Client(self.ports[level])
        if level == "implicit":
            secure(client)
        if hello:
            client.hello()
        return client


def lenient(server_name=None, maximum=None):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if maximum:
        context.maximum_version = maximum
    return context


def secure(client, context=None, name="pivot.test"):
    """Become the client of a handshake."""
    client.sock = (context or lenient()).wrap_socket(client.sock, server_hostname=name)
    client.file = client.sock.makefile("rb")


def starttls(client, **more):
    client.say("STARTTLS", 220)
    secure(client, **more)
    return client.say("EHLO client.test", 250)


def test_starttls_and_implicit(place):
    pivot = Pivot(place)
    for level in pivot.ports:
        with pivot.client(level) as client:
            if level != "implicit":
                hello = starttls(client)
                assert "STARTTLS" not in str(hello)
            assert client.mail("a@client.test", ["b@sink.test"], smtp.message(subject=level)).code == 250
            client.say("QUIT", 221)
            assert client.closed()
    for mail in pivot.sink.wait(3):
        received = mail.data.split(b"\r\nFrom:")[0].decode()
        assert re.search(r"with ESMTPS id \w+\r\n\t\(TLSv1\.3 with cipher TLS_AES_256_GCM_SHA384, "
                         r"256 bits\)", received), received
    harness.wait_for(lambda: len(pivot.facteur.events("session")) >= 3, "three sessions in the log")
    for session in pivot.facteur.events("session")[:3]:
        assert (session["tls"], session["cipher"]) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384"), session


def test_clear_text_is_refused_where_tls_is_required(place):
    pivot = Pivot(place)
    with pivot.client("required") as client:
        assert "530 5.7.0" in str(client.say("MAIL FROM:<a@client.test>", 530))
        client.say("NOOP", 250)
        client.say("STARTTLS", 220)
    with pivot.client("offered") as client:
        assert client.mail("a@client.test", ["b@sink.test"], smtp.message()).code == 250
    assert b"with ESMTP id" in pivot.sink.wait()[0].data


def test_tls_1_2_and_nothing_older(place):
    pivot = Pivot(place)
    with pivot.client("offered") as client:
        starttls(client, context=lenient(maximum=ssl.TLSVersion.TLSv1_2))
        assert client.sock.version() == "TLSv1.2"
        assert client.mail("a@client.test", ["b@sink.test"], smtp.message()).code == 250
    assert re.search(rb"\(TLSv1\.2 with cipher ECDHE-ECDSA-\S+, \d+ bits\)", pivot.sink.wait()[0].data)
    for version in ("-tls1_1", "-tls1"):
        result = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{pivot.ports['implicit']}", version,
             "-cipher", "DEFAULT@SECLEVEL=0"], input="", capture_output=True, text=True, timeout=30)
        assert "Cipher is (NONE)" in result.stdout, result.stdout


INJECTED = [b"RSET\r\n", b"EHLO evil.test\r\n", b"x",
            b"EHLO evil.test\r\nMAIL FROM:<evil@client.test>\r\nRCPT TO:<b@sink.test>\r\nDATA\r\n"
            b"evil\r\n.\r\n"]


@pytest.mark.parametrize("apart", [False, True], ids=["in-one-segment", "in-the-next-segment"])
def test_what_is_injected_in_clear_has_no_effect(place, apart):
    """CVE-2011-0411: raw bytes behind STARTTLS, in its segment or before the handshake."""
    pivot = Pivot(place)
    for injected in INJECTED:
        with pivot.client("offered") as client:
            if apart:
                client.say("STARTTLS", 220)
                client.send(injected)
            else:
                client.send(b"STARTTLS\r\n" + injected)
                assert client.reply().code == 554
            with pytest.raises((ssl.SSLError, EOFError, ConnectionError, OSError)):
                secure(client)
                client.say("MAIL FROM:<a@client.test>", 503)
                raise AssertionError("a session with injected bytes went on")
    # and whoever waits is served, without a trace of them
    with pivot.client("offered") as client:
        starttls(client)
        assert client.mail("a@client.test", ["b@sink.test"], smtp.message()).code == 250
    assert pivot.sink.wait()[0].sender == "a@client.test"
    assert b"evil" not in b"".join(mail.data for mail in pivot.sink.mails)


def test_nothing_said_in_clear_is_known_under_tls(place):
    pivot = Pivot(place)
    with pivot.client("offered", hello=False) as client:
        client.hello("in-clear.test")
        client.say("STARTTLS", 220)
        secure(client)
        client.say("MAIL FROM:<a@client.test>", 503)
        client.say("EHLO protected.test", 250)
        assert client.mail("a@client.test", ["b@sink.test"], smtp.message()).code == 250
    data = pivot.sink.wait()[0].data
    assert b"protected.test" in data and b"in-clear.test" not in data


def test_a_handshake_has_its_deadline(place):
    pivot = Pivot(place, settings="limits { handshake-timeout 500ms }\n")
    for level in ("implicit", "offered"):
        client = smtp.Client(pivot.ports[level])
        if level == "offered":
            client.hello()
            client.say("STARTTLS", 220)
        client.sock.settimeout(harness.PATIENCE)
        assert client.closed()
        client.close()
    harness.wait_for(lambda: 2 == sum(r.get("limit") == "handshake-timeout"
                                      for r in pivot.facteur.events("refused")), "both are logged")


def test_a_stranger_to_tls_is_told_in_the_log(place):
    pivot = Pivot(place)
    with socket.create_connection(("127.0.0.1", pivot.ports["implicit"])) as sock:
        sock.sendall(b"EHLO client.test\r\n")
        sock.settimeout(harness.PATIENCE)
        while sock.recv(100):
            pass
    harness.wait_for(lambda: "TLS handshake with" in pivot.facteur.log, "the reason in the log")


def test_sessions_are_resumed(place):
    """By ticket, in both versions, whoever of the workers is met."""
    pivot = Pivot(place)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context, session = lenient(maximum=version), None
        for _ in range(5):
            with smtp.Client(pivot.ports["implicit"]) as client:
                client.sock = context.wrap_socket(client.sock, server_hostname="pivot.test",
                                                  session=session)
                client.file = client.sock.makefile("rb")
                client.hello()  # a ticket of TLS 1.3 comes with the first bytes
                assert client.sock.session_reused == (session is not None)
                session = client.sock.session
    harness.wait_for(lambda: sum(s.get("resumed") == "yes" for s in pivot.facteur.events("session"))
                     == 8, "eight resumed sessions in the log")


def test_swaks(place):
    pivot = Pivot(place)
    for port, words in ((pivot.ports["offered"], ["--tls"]), (pivot.ports["required"], ["--tls"]),
                        (pivot.ports["implicit"], ["--tls-on-connect"])):
        out = harness.swaks(port, "--from", "a@client.test", "--to", "b@sink.test", *words)
        assert "TLS started with cipher TLSv1.3" in out
    assert len(pivot.sink.wait(3)) == 3


def test_postfix_that_insists_on_tls(place):
    """A real Postfix as a satellite: smtp_tls_security_level = encrypt."""
    pivot = Pivot(place)
    postfix = place.postfix(pivot.ports["required"], settings={
        "smtp_tls_security_level": "encrypt", "smtp_tls_loglevel": "1"})
    assert smtp.send(postfix.port, "a@client.test", ["b@sink.test"], smtp.message()).code == 250
    data = pivot.sink.wait()[0].data
    assert b"with ESMTPS id" in data and b"(TLSv1.3 with cipher" in data
    assert "TLS connection established to 127.0.0.1" in postfix.maillog


def test_clients_that_an_authority_vouches_for(place):
    """They may relay, by any of the server's names, until the authority is another one; a session that was
    begun before that is worth nothing after it."""
    folders = [pathlib.Path(place.folder) / name for name in ("ours", "theirs")]
    authorities = []
    for folder in folders:
        folder.mkdir()
        authorities.append(harness.Authority(folder))
    ours, theirs = (authority.sign("web.test") for authority in authorities)
    trusted = pathlib.Path(place.folder) / "authority.pem"
    shutil.copy(authorities[0].file, trusted)
    other, pinned = (harness.certificate(place.folder, name) for name in ("other.test", "pinned.test"))
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pinned[0].read_text())).hexdigest()
    pivot = Pivot(place, settings=f"relay-for-authority {trusted}\nrelay-for-certificate {digest}\n"
                  f"tls other.test {{ certificate {other[0]}; key {other[1]} }}\n")
    (pivot.facteur.dir / "conf.d/10-least.conf").write_text(
        (pivot.facteur.dir / "conf.d/10-least.conf").read_text().replace("relay-for 127.0.0.1\n", ""))
    pivot.facteur.stop()
    pivot.facteur.start()

    def relays(pair, name="pivot.test", context=None, session=None):
        context = context or lenient()
        if pair and not session:
            context.load_cert_chain(*pair)
        with smtp.Client(pivot.ports["implicit"]) as client:
            client.sock = context.wrap_socket(client.sock, server_hostname=name, session=session)
            client.file = client.sock.makefile("rb")
            client.hello()
            client.say("MAIL FROM:<a@client.test>", 250)
            code = client.say("RCPT TO:<b@sink.test>").code
            client.say("QUIT", 221)
            return code == 250, client.sock.session, client.sock.session_reused

    kept = lenient()
    may, session, _ = relays(ours, context=kept)
    assert may and relays(ours, "other.test")[0]
    assert relays(pinned)[0] and relays(pinned, "other.test")[0]
    assert not relays(theirs)[0] and not relays(None)[0] and not relays(other)[0]
    assert relays(ours, context=kept, session=session)[::2] == (True, True)
    trusted.with_suffix(".new").write_bytes(authorities[1].file.read_bytes())
    trusted.with_suffix(".new").rename(trusted)
    harness.wait_for(lambda: relays(theirs)[0], "the other authority")
    assert not relays(ours)[0]
    assert relays(ours, context=kept, session=session)[::2] == (False, False)
