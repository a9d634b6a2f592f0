"""TLS towards peers: the levels, with Postfix's meanings, in front of sinks and of a real Postfix."""
import hashlib
import pathlib
import re
import ssl
import subprocess

import harness
import pytest
import smtp

ZONE = """
sink.test       MX 10 mx.sink.test
mx.sink.test    A  127.0.0.1
other.test      MX 10 mx.sink.test
"""


def digest(certificate):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pathlib.Path(certificate).read_text())).hexdigest()


def key_digest(certificate):
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"],
                         capture_output=True, check=True)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key.stdout,
                         capture_output=True, check=True)
    return hashlib.sha256(der.stdout).hexdigest()


def pivot(place, words, port):
    """A Facteur whose only way out is by MX, with these words."""
    return place.facteur(zone=ZONE, more=f"transport out {{ smtp; port {port}; {words} }}\n"
                         "route * { transport out }\nqueue { retry 1h }\n")


def deliver(facteur, to="b@sink.test"):
    assert smtp.send(facteur.port, "a@client.test", [to], smtp.message()).code == 250


@pytest.mark.parametrize("name,words,delivers,verified", [
    ("mx.sink.test", "tls verify; trust {ca}", True, "yes"),
    ("sink.test", "tls verify; trust {ca}", False, "ostname mismatch"),
    ("sink.test", "tls secure; trust {ca}", True, "yes"),
    ("mx.sink.test", "tls secure; trust {ca}", True, "yes"),  # below the next hop
    ("mx.evil.test", "tls secure; trust {ca}", False, "ostname mismatch"),
    ("mx.evil.test", "tls secure; trust {ca}; match .evil.test", True, "yes"),
    ("mx.sink.test", "tls verify", False, "unable to get local issuer"),
    ("mx.sink.test", "tls fingerprint; fingerprint {digest}", True, "yes"),
    ("mx.sink.test", "tls fingerprint; fingerprint {key_digest}", True, "yes"),
    ("mx.sink.test", "tls fingerprint; fingerprint {other}", False, "not one of those that are listed"),
    ("mx.sink.test", "tls encrypt", True, "unable to get local issuer"),
    ("mx.sink.test", "tls may", True, "unable to get local issuer"),
])
def test_levels(place, name, words, delivers, verified):
    authority = harness.Authority(place.folder)
    files = authority.sign(name)
    sink = place.sink(tls=smtp.tls_server(*files))
    facteur = pivot(place, words.format(ca=authority.file, digest=digest(files[0]), other="00" * 32,
                                        key_digest=key_digest(files[0])), sink.port)
    deliver(facteur)
    if delivers:
        assert sink.wait()[0].tls
        done = harness.wait_for(lambda: facteur.events("delivered"), "a delivery in the log")[0]
        assert done["tls"] == "TLSv1.3" and verified in done["verified"], done
        return
    facteur.wait_reason("4.7.5")
    assert not sink.mails
    trouble = facteur.event("no-conversation")
    assert trouble["status"] == "4.7.5" and verified in trouble["reason"], trouble
    if "fingerprint" in words:
        assert digest(files[0]) in trouble["reason"]  # what there is to be pinned


@pytest.mark.parametrize("level", ["encrypt", "verify", "secure", "fingerprint"])
def test_a_peer_without_tls_gets_nothing(place, level):
    sink = place.sink()
    words = f"tls {level}" + ("; fingerprint " + "00" * 32 if level == "fingerprint" else "")
    facteur = pivot(place, words, sink.port)
    deliver(facteur)
    facteur.wait_reason("4.7.4")
    assert not sink.mails


def test_no_password_and_no_clear_text_behind_a_broken_handshake(place):
    """Above may, nobody who breaks the handshake gets the mail in clear."""
    sink = place.sink(tls=place.tls(), script={"STARTTLS": smtp.STARTTLS_FAILS})
    facteur = pivot(place, "tls encrypt", sink.port)
    deliver(facteur)
    facteur.wait_reason("4.7.5")
    assert not sink.mails


def test_the_name_is_said_and_a_certificate_shown(place):
    """SNI, and a client certificate for a server that insists on one."""
    authority = harness.Authority(place.folder)
    context = smtp.tls_server(*authority.sign("mx.sink.test"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    said = []
    context.sni_callback = lambda sock, name, _: said.append(name)
    sink = place.sink(tls=context)
    ours = authority.sign("pivot.test")
    facteur = pivot(place, f"tls verify; trust {authority.file}; certificate {ours[0]}; key {ours[1]}",
                    sink.port)
    deliver(facteur)
    assert sink.wait()[0].tls and said == ["mx.sink.test"]


def test_connections_are_not_shared_between_levels(place):
    """Two transports to one host, of different trust: two connections; one of them is used again."""
    authority = harness.Authority(place.folder)
    sink = place.sink(tls=smtp.tls_server(*authority.sign("mx.sink.test")))
    facteur = place.facteur(zone=ZONE, more=f"""
transport a {{ smtp; port {sink.port}; tls verify; trust {authority.file} }}
transport b {{ smtp; port {sink.port}; tls encrypt }}
route sink.test {{ transport a }}
route other.test {{ transport b }}
""")
    for to in ("1@sink.test", "2@other.test", "3@sink.test", "4@other.test"):
        deliver(facteur, to)
        harness.wait_for(lambda: any(d["to"] == to for d in facteur.events("delivered")), to)
    session = {mail.recipients[0]: mail.session for mail in sink.wait(4)}
    assert session["1@sink.test"] != session["2@other.test"]
    assert session["1@sink.test"] == session["3@sink.test"]
    assert session["2@other.test"] == session["4@other.test"]


def test_postfix_behind_verified_tls(place):
    """A real Postfix as the next hop; it sees our certificate, too."""
    authority = harness.Authority(place.folder)
    sink = place.sink()
    certificate, key = authority.sign("mx.sink.test")
    ours = authority.sign("pivot.test")
    subprocess.run([*harness.SUPER, "chown", "root", key], check=True)
    postfix = place.postfix(sink.port, settings={
        "smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": certificate,
        "smtpd_tls_key_file": key, "smtpd_tls_CAfile": authority.file, "smtpd_tls_ask_ccert": "yes",
        "smtpd_tls_loglevel": "1", "smtpd_tls_received_header": "yes"})
    facteur = pivot(place, f"tls secure; trust {authority.file}; certificate {ours[0]}; key {ours[1]}",
                    postfix.port)
    deliver(facteur)
    data = sink.wait()[0].data.decode()
    assert re.search(r"\(using TLSv1\.3 with cipher \S+", data)
    assert re.search(r'Client CN "pivot\.test", Issuer "authority\.test" \(verified OK\)', data), data


def test_files_are_checked(place):
    facteur = place.facteur(listen=False, start=False, more="""
transport out { smtp; tls verify; trust nowhere.pem }
transport our { smtp; tls verify; certificate nowhere.crt; key nowhere.key }
""")
    errors = facteur.cli("check", code=1)
    assert re.search(r"conf\.d/20-more\.conf:2:41: .*nowhere\.pem: No such file", errors), errors
    assert re.search(r"conf\.d/20-more\.conf:3:47: .*nowhere\.crt: No such file", errors), errors
