"""Certificates that change under a running server, and one for each name."""
import os
import pathlib
import shutil
import socket
import ssl
import time

import harness
import smtp

SESSIONS = 100


def served(port, name="pivot.test"):
    """The certificate that a new handshake shows, PEM."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 30) as sock:
        with context.wrap_socket(sock, server_hostname=name) as tls:
            return ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))


def leaf(path):
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(pathlib.Path(path).read_text()))


def put(files, place):
    """As an ACME client does it: each file is replaced in one step, one after the other."""
    for new, old in zip(files, place):
        beside = str(old) + ".new"
        shutil.copy(new, beside)
        os.rename(beside, old)


class Place:
    """A Facteur with implicit TLS, and an authority that renews its certificate."""

    def __init__(self, place, more="", files=None):
        self.authority = harness.Authority(place.folder)
        self.sink, self.port, self.clear = place.sink(), harness.free_port(), harness.free_port()
        self.files = (place.folder + "/pivot.pem", place.folder + "/pivot.key")
        put(files or self.authority.sign("pivot.test"), self.files)
        self.facteur = place.facteur(onward=self.sink.port, listen=False, more=f"""
tls {{ certificate {self.files[0]}; key {self.files[1]} }}
listen implicit {{ on 127.0.0.1:{self.port}; tls implicit }}
listen offered  {{ on 127.0.0.1:{self.clear}; tls offered }}
limits {{ sessions-per-client 1000 }}
{more}""")

    def session(self, under_tls):
        client = smtp.Client(self.port if under_tls else self.clear)
        if under_tls:
            context = ssl.create_default_context(cafile=self.authority.file)
            client.sock = context.wrap_socket(client.sock, server_hostname="pivot.test")
            client.file = client.sock.makefile("rb")
        client.hello()
        return client


def test_a_renewed_certificate_is_served_under_open_sessions(place):
    here = Place(place)
    old = leaf(here.files[0])
    assert served(here.port) == old
    clients = [here.session(number % 2 == 0) for number in range(SESSIONS)]
    for client in clients[::3]:
        client.say("MAIL FROM:<a@client.test>", 250)
    new = here.authority.sign("pivot.test")
    put(new, here.files)
    since = time.monotonic()
    harness.wait_for(lambda: served(here.port) == leaf(new[0]), "the new certificate", 20)
    took = time.monotonic() - since
    print(f"a renewed certificate was served after {took:.2f} s, under {SESSIONS} sessions")
    assert took < 2 or os.getloadavg()[0] > 2 * os.cpu_count(), took
    for number, client in enumerate(clients):
        if number % 3:
            client.say("MAIL FROM:<a@client.test>", 250)
        client.say("RCPT TO:<b@sink.test>", 250)
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message(subject=str(number))))
        assert client.reply().code == 250
        client.say("QUIT", 221)
        client.close()
    here.sink.wait(SESSIONS)
    assert here.facteur.events("certificate-renewed")


def test_a_broken_pair_changes_nothing(place):
    here = Place(place)
    old = leaf(here.files[0])
    other = here.authority.sign("other.test")
    expired = here.authority.sign("expired.test", days=0)
    garbage = (place.folder + "/garbage.pem", place.folder + "/garbage.key")
    for name in garbage:
        pathlib.Path(name).write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")
    broken = [((here.files[0], other[1]), "not the key of the certificate"),
              (expired, "has expired on"), (garbage, "no certificate"),
              ((other[0], garbage[1]), "the vault refuses")]
    keep = [place.folder + "/keep.pem", place.folder + "/keep.key"]
    put(here.files, keep)
    for count, (pair, _) in enumerate(broken, 1):
        put([keep[0] if pair[0] == here.files[0] else pair[0], pair[1]], here.files)
        harness.wait_for(lambda: len(here.facteur.events("certificate-refused")) >= count,
                         f"refusal {count}")
        assert served(here.port) == old
    with here.session(True) as client:
        assert client.mail("a@client.test", ["b@sink.test"], smtp.message()).code == 250
    for refusal in here.facteur.events("certificate-refused"):
        assert refusal["effect"] == "the former one stays", refusal
    log = here.facteur.log
    for _, what in broken:
        assert what in log, what
    new = here.authority.sign("pivot.test")  # and one that is good again is taken
    put(new, here.files)
    harness.wait_for(lambda: served(here.port) == leaf(new[0]), "the repaired certificate")


def test_a_certificate_for_each_name(place):
    authority = harness.Authority(place.folder)
    pairs = {name: authority.sign(name) for name in ("a.test", "x.b.test", "s.test")}
    port = harness.free_port()
    here = Place(place, more=f"""
tls A.test {{ certificate {pairs['a.test'][0]}; key {pairs['a.test'][1]} }}
tls .b.test {{ certificate {pairs['x.b.test'][0]}; key {pairs['x.b.test'][1]} }}
listen own {{ on 127.0.0.1:{port}; tls implicit; certificate {pairs['s.test'][0]}; key {pairs['s.test'][1]} }}
""")
    default = leaf(here.files[0])
    for name, want in (("a.test", leaf(pairs["a.test"][0])), ("A.TEST", leaf(pairs["a.test"][0])),
                       ("x.b.test", leaf(pairs["x.b.test"][0])), ("b.test", default),
                       ("nobody.test", default), (None, default)):
        assert served(here.port, name) == want, name
    assert served(port, None) == leaf(pairs["s.test"][0])
    assert served(port, "a.test") == leaf(pairs["a.test"][0])
    # one of them is renewed, the others stay
    authority.sign("a.test")
    new = leaf(pairs["a.test"][0])
    harness.wait_for(lambda: served(here.port, "a.test") == new, "the renewed name")
    assert served(here.port) == default


def test_the_end_of_a_certificate_is_foretold(place):
    authority = harness.Authority(place.folder)
    here = Place(place, files=authority.sign("pivot.test", days=5))
    warning = harness.wait_for(lambda: here.facteur.events("certificate-expires"), "a warning")[0]
    assert warning["ends"].startswith("20")
    assert f"tls implicit until {warning['ends']}" in here.facteur.cli("status")
    assert here.facteur.json("status")["listeners"][0]["certificate_ends"] == warning["ends"]
    assert "warning: conf.d/20-more.conf:2:" in here.facteur.cli("check")
    put(authority.sign("pivot.test", days=90), here.files)
    harness.wait_for(lambda: here.facteur.events("certificate-renewed"), "the renewal")
    assert "warning" not in here.facteur.cli("check")


def test_compile_refuses_what_cannot_be_served(place):
    authority = harness.Authority(place.folder)
    good, expired = authority.sign("pivot.test"), authority.sign("old.test", days=0)
    facteur = place.facteur(listen=False, start=False)
    for pair, what in (((good[0], expired[1]), "not the key of the certificate"),
                       (expired, "has expired on"), ((good[0], "/nowhere.key"), "/nowhere.key: No such")):
        facteur.write("conf.d/30-tls.conf", f"tls {{\n certificate {pair[0]}\n key {pair[1]}\n}}\n"
                      f"listen mx {{ on 127.0.0.1:{facteur.port} }}\n")
        errors = facteur.cli("check", code=1)
        line = 3 if "key" in what else 2
        assert f"conf.d/30-tls.conf:{line}:" in errors and what in errors, errors


def test_a_bundle_of_public_authorities_makes_no_relay(place):
    own, bundle = (pathlib.Path(place.folder) / name for name in ("own.pem", "bundle.pem"))
    certificates = [harness.certificate(place.folder, f"ca{n}.test")[0].read_text() for n in range(11)]
    own.write_text("".join(certificates[:10]))
    bundle.write_text("".join(certificates))
    facteur = place.facteur(listen=False, start=False)
    for path, code in ((own, 0), (bundle, 1)):
        facteur.write("conf.d/30-tls.conf", f"relay-for-authority {path}\n")
        said = facteur.cli("check", code=code)
    assert f"conf.d/30-tls.conf:1:21: {bundle} makes this an open relay: it has 11 authorities" in said, said


def test_a_server_whose_certificate_has_gone_starts_all_the_same(place):
    """Mail comes in, in clear where that may be; where it may not, nobody is let in."""
    here = Place(place)
    here.facteur.stop()
    for name in here.files:
        os.rename(name, name + ".away")
    here.facteur.start(compile_first=False)
    assert here.facteur.told("certificate-refused", 1)[-1]["effect"] == "there is no TLS without it"
    with smtp.Client(here.clear) as client:
        assert "STARTTLS" not in str(client.hello())
        assert client.mail("a@client.test", ["b@sink.test"], smtp.message()).code == 250
    with smtp.Client(here.port) as client:
        assert client.closed()
    for name in here.files:
        os.rename(name + ".away", name)
    harness.wait_for(lambda: here.facteur.events("certificate-renewed"), "its return")
    assert served(here.port) == leaf(here.files[0])
