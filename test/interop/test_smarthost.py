"""Our own login at a smarthost: a real Postfix whose passwords Dovecot knows, a Facteur, and servers that
lie."""
import os
import pathlib
import re
import select
import socket
import ssl
import subprocess
import threading

import harness
import pytest
import smtp
import test_vault

PASSWORD = "a long: secret word"
MECHANISMS = ("plain", "login", "scram-sha-256")


def write_credentials(facteur, text, mode=0o600):
    facteur.write("credentials", text)
    os.chmod(facteur.dir / "credentials", mode)


def behind(place, host, words, credentials, more=""):
    """A Facteur whose only way out is this one."""
    facteur = place.facteur(start=False, more=f"transport out {{ smtp {host}; {words} }}\n"
                            f"route * {{ transport out }}\nqueue {{ retry 1s }}\n{more}")
    write_credentials(facteur, credentials)
    return facteur.start()


def deliver(facteur, subject="A test", to="b@sink.test"):
    assert smtp.send(facteur.port, "a@client.test", [to], smtp.message(subject)).code == 250


@pytest.fixture
def submission(place):
    """A Postfix that takes mail from logins only, with a port for each mechanism."""
    secret = subprocess.run(["doveadm", "-O", "pw", "-s", "SCRAM-SHA-256", "-p", PASSWORD], capture_output=True,
                            text=True, check=True).stdout.strip()
    dovecot = place.dovecot({"jo": secret})
    harness.wait_for(lambda: harness.listening(dovecot.auth), "Dovecot's auth service")
    sink = place.sink()
    cert, key = harness.certificate(place.folder, "mx.sink.test")
    subprocess.run([*harness.SUPER, "chown", "root", str(key)], check=True)
    postfix = harness.Postfix(place.folder, sink.port, settings={
        "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": dovecot.auth, "smtpd_sasl_auth_enable": "yes",
        "smtpd_tls_auth_only": "yes", "smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": cert,
        "smtpd_tls_key_file": key, "smtpd_sasl_authenticated_header": "yes",
        "smtpd_relay_restrictions": "permit_sasl_authenticated,reject"})
    postfix.ports = dict(zip(MECHANISMS, (postfix.port, harness.free_port(), harness.free_port())))
    postfix.write("master.cf", "".join(
        f"127.0.0.1:{port} inet n - n - - smtpd\n  -o smtpd_sasl_mechanism_filter={name}\n"
        for name, port in postfix.ports.items()) + postfix.SERVICES)
    postfix.sink = sink
    return place.keep(postfix).start()


def test_all_mechanisms_before_postfix(place, submission):
    """Each is taken where it is the only one; the password never comes near mail where SCRAM was said."""
    transports = "".join(
        f"transport {name} {{ smtp 127.0.0.1; port {port}; tls encrypt; login credentials }}\n"
        f"route {name}.test {{ transport {name} }}\n" for name, port in submission.ports.items())
    facteur = place.facteur(start=False, more=transports + "queue { retry 1s }\n")
    write_credentials(facteur, "# a comment\n" + "".join(
        f"[127.0.0.1]:{port} jo:{PASSWORD}\n" for port in submission.ports.values()))
    facteur.start()
    for count, name in enumerate(reversed(MECHANISMS), 1):
        deliver(facteur, name, f"b@{name}.test")
        mail = submission.sink.wait(count)[-1]
        assert re.search(rb"Authenticated sender: jo\)", mail.data), mail.data
        harness.wait_for(lambda: any(d["to"] == f"b@{name}.test" and d.get("login") == "jo"
                                     for d in facteur.events("delivered")), "the login in the log")
        if name == "scram-sha-256" and not harness.SUPER:
            assert not test_vault.found_in(facteur.process_of("mail"), {"password": PASSWORD.encode()})


def test_a_wrong_password_waits_until_it_is_right(place, submission):
    port = submission.ports["scram-sha-256"]
    facteur = behind(place, f"127.0.0.1:{port}", "tls encrypt; login credentials", "* jo:wrong\n")
    deliver(facteur)
    trouble = harness.wait_for(lambda: facteur.events("no-conversation"), "the refusal in the log")[0]
    assert trouble["code"] == "535" and trouble["status"] == "5.7.8", trouble
    assert facteur.queue() and not submission.sink.mails
    write_credentials(facteur, f"* jo:{PASSWORD}\n")
    facteur.cli("queue", "retry", "all")
    assert submission.sink.wait()[0].recipients == ["b@sink.test"]


def listener(place):
    """A pivot that takes mail under TLS from logins only: itself, its port, its certificate and key."""
    sink = place.sink()
    pivot = place.keep(harness.Facteur(pathlib.Path(place.folder) / "pivot", onward=sink.port, relay_for="",
                                       listen=False))
    cert, key = harness.certificate(place.folder, "pivot.test")
    port = harness.free_port()
    pivot.write("conf.d/20-more.conf", f"tls {{ certificate {cert}; key {key} }}\n"
                f"listen submissions {{ on 127.0.0.1:{port}; tls implicit; login required }}\n"
                "login { passwd-file users; send-as web * }\n")
    pivot.cli("user", "set", "web", data=PASSWORD + "\n")
    pivot.sink = sink
    return pivot.start(), port, (cert, key)


def test_a_facteur_behind_wrappermode(place):
    """Two of us, by SCRAM, where the handshake comes first."""
    pivot, port, _ = listener(place)
    facteur = behind(place, f"127.0.0.1:{port}", "tls encrypt; tls-wrappermode; login credentials",
                     f"127.0.0.1:{port} web:{PASSWORD}\n")
    for number in range(3):
        deliver(facteur, f"number {number}")
    assert b"with ESMTPSA id" in pivot.sink.wait(3)[0].data
    logins = pivot.told("login", 1)
    assert logins[0]["mechanism"] == "SCRAM-SHA-256-PLUS" and logins[0]["login"] == "web", logins


class Between(threading.Thread):
    """Somebody who has a TLS channel to each of two, and hands on what they say, or changes it."""

    number = 100

    def __init__(self, port, pair, version=ssl.TLSVersion.TLSv1_3, change=lambda bytes: bytes):
        super().__init__(daemon=True)
        self.to, self.change = port, change
        self.context = smtp.tls_server(*pair)
        self.context.maximum_version = version
        self.unseen = ssl.create_default_context()
        self.unseen.check_hostname, self.unseen.verify_mode = False, ssl.CERT_NONE
        Between.number += 1
        self.sock = socket.create_server((f"127.0.1.{Between.number}", 0))  # a provider of its own
        self.host, self.port = self.sock.getsockname()
        self.start()

    def run(self):
        while True:
            try:
                caller = self.sock.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(caller,), daemon=True).start()

    def serve(self, caller):
        with self.context.wrap_socket(caller, server_side=True) as one, \
                self.unseen.wrap_socket(socket.create_connection(("127.0.0.1", self.to))) as other:
            while True:
                ready = [s for s in (one, other) if s.pending()] or select.select([one, other], [], [])[0]
                for sock in ready:
                    said = sock.recv(65536)
                    if not said:
                        return
                    (one if sock is other else other).sendall(self.change(said))

    def stop(self):
        self.sock.close()


def test_nobody_stands_between(place):
    """A server that is not verified: SCRAM-SHA-256-PLUS finds out who has a channel to each of us."""
    pivot, port, pair = listener(place)
    ways = {"own": Between(port, pair, ssl.TLSVersion.TLSv1_2),  # he has its key: the same end point
            "other": Between(port, harness.certificate(place.folder, "evil.test"), ssl.TLSVersion.TLSv1_2),
            "new": Between(port, pair),  # of TLS 1.3 each channel is another one
            "less": Between(port, pair, change=lambda said: said.replace(b" SCRAM-SHA-256-PLUS", b"")),
            "weak": Between(port, pair)}
    for way in ways.values():
        place.keep(way)
    facteur = place.facteur(start=False, more="queue { retry 1h }\n" + "".join(
        f"route {name}.test {{ smtp {way.host}; port {way.port}; tls encrypt; tls-wrappermode; login credentials"
        f"{'; login-mechanisms scram-sha-256' if name == 'weak' else ''} }}\n" for name, way in ways.items()))
    write_credentials(facteur, f"* web:{PASSWORD}\n")
    facteur.start()
    deliver(facteur, to="b@own.test")
    assert pivot.sink.wait()[0].recipients == ["b@own.test"]
    assert pivot.event("login")["mechanism"] == "SCRAM-SHA-256-PLUS"
    for name in ("other", "new", "less"):
        deliver(facteur, to=f"b@{name}.test")
        trouble = facteur.wait_until(lambda: [t for t in facteur.events("no-conversation")
                                              if t["address"].endswith(f":{ways[name].port}")], "its trouble")[0]
        assert trouble["code"] == "535", trouble
    refused = pivot.told("login-refused", 3)
    assert ["between us" in r["why"] for r in refused] == [True] * 3, refused
    assert {r["mechanism"] for r in refused} == {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}
    assert len(pivot.sink.mails) == 1 and len(facteur.queue()) == 3
    deliver(facteur, to="b@weak.test")  # as the administrator wanted it
    assert pivot.sink.wait(2)[1].recipients == ["b@weak.test"]
    assert pivot.told("login", 2)[1]["mechanism"] == "SCRAM-SHA-256"


LIES = [
    ("AUTH SCRAM-SHA-256", {"AUTH": "235 2.7.0 Welcome"}, "before it had proven itself"),
    ("AUTH SCRAM-SHA-256", {"AUTH": "334 cj1hLHM9QlE9PSxpPTQwOTY="}, "somebody else's SCRAM"),
    ("AUTH LOGIN", {"AUTH": "334 ???"}, "no base64"),
    ("AUTH GSSAPI", {}, "no way to log in that we know: GSSAPI"),
    ("", {}, "does not offer AUTH"),
]


def test_a_server_that_lies_gets_nothing(place):
    context = place.tls()
    sinks = [place.sink((f"127.0.1.{number + 1}", 0), offers=(*smtp.Sink.OFFERS, offer), script=script, tls=context)
             for number, (offer, script, _) in enumerate(LIES)]  # each a provider of its own
    facteur = place.facteur(start=False, more="".join(
        f"route d{number}.test {{ smtp 127.0.1.{number + 1}:{sink.port}; tls encrypt; login credentials }}\n"
        for number, sink in enumerate(sinks)))
    write_credentials(facteur, f"* jo:{PASSWORD}\n")
    facteur.start()
    for number, sink in enumerate(sinks):
        deliver(facteur, to=f"b@d{number}.test")
        trouble = harness.wait_for(lambda: [t for t in facteur.events("no-conversation")
                                            if t["address"].endswith(f":{sink.port}")], "the trouble in the log")[0]
        assert LIES[number][2] in trouble["reason"], trouble
        assert not sink.mails


def test_no_login_without_tls_and_none_for_others(place):
    said = []
    sink = place.sink(offers=(*smtp.Sink.OFFERS, "AUTH PLAIN"),
                      script={"AUTH": lambda _, words: said.append(words)})
    facteur = behind(place, f"127.0.0.1:{sink.port}", "tls encrypt; login credentials", f"* jo:{PASSWORD}\n")
    deliver(facteur)
    facteur.wait_reason("4.7.4")
    sink.tls = place.tls()
    write_credentials(facteur, f"else.test jo:{PASSWORD}\n")
    facteur.cli("queue", "retry", "all")
    harness.wait_for(lambda: any("has no login for 127.0.0.1" in t["reason"]
                                 for t in facteur.events("no-conversation")), "no login")
    assert not said and not sink.mails


def test_a_connection_belongs_to_one_identity(place):
    """The same host with a login, with another one and without: three connections."""
    sink = place.sink(offers=(*smtp.Sink.OFFERS, "AUTH PLAIN"), script={"AUTH": "235 2.7.0 Welcome"},
                      tls=place.tls())
    ways = {"a.test": "login one", "b.test": "login two", "c.test": ""}
    facteur = place.facteur(start=False, more="".join(
        f"route {domain} {{ smtp 127.0.0.1:{sink.port}; tls encrypt; {words} }}\n"
        for domain, words in ways.items()))
    for name in ("one", "two"):
        facteur.write(name, f"* {name}:x\n")
        os.chmod(facteur.dir / name, 0o600)
    facteur.start()
    for number in range(2):
        for domain in ways:
            deliver(facteur, to=f"{number}@{domain}")
            harness.wait_for(lambda: any(d["to"] == f"{number}@{domain}" for d in facteur.events("delivered")),
                             "a delivery")
    sessions = {mail.recipients[0]: mail.session for mail in sink.wait(6)}
    assert len({sessions[f"0@{domain}"] for domain in ways}) == 3
    assert all(sessions[f"0@{domain}"] == sessions[f"1@{domain}"] for domain in ways)
    assert {d["to"][2:]: d.get("login") for d in facteur.events("delivered")} == {
        "a.test": "one", "b.test": "two", "c.test": None}


def test_files_are_checked(place):
    facteur = place.facteur(listen=False, start=False, more="""
transport a { smtp x.test; tls encrypt; login nowhere }
transport b { smtp x.test; login credentials }
""")
    errors = facteur.cli("check", code=1)
    assert re.search(r"conf\.d/20-more\.conf:3:34: 'login' asks for 'tls encrypt' or more", errors), errors
    facteur.write("conf.d/20-more.conf", "transport a { smtp x.test; tls encrypt; login nowhere }\n")
    assert re.search(r"conf\.d/20-more\.conf:1:47: .*nowhere: No such file", facteur.cli("check", code=1))
    facteur.write("conf.d/20-more.conf", "transport a { smtp x.test; tls encrypt; login credentials }\n"
                  "route * { transport a }\n")
    write_credentials(facteur, "x.test jo:x\ny.test jo\n")
    assert "credentials:2: behind the host stands NAME:PASSWORD" in facteur.cli("check", code=1)
    write_credentials(facteur, "x.test jo:x\n", 0o644)
    assert "everybody on this machine may read it" in facteur.cli("check", code=1)
    write_credentials(facteur, "x.test jo:x\n")
    facteur.cli("check")
