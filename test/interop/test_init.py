"""facteur init pivot: a configuration that compiles, serves TLS and takes mail, and is never overwritten."""
import base64
import os
import re
import ssl
import stat
import subprocess

import dkim

import harness
import smtp


def init(folder, *words, code=0, data=None):
    result = subprocess.run([harness.FACTEUR, "init", "pivot", "-c", str(folder), *words],
                            capture_output=True, text=True, input=data, timeout=harness.PATIENCE)
    harness.ended_well(result.stderr)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


def files(folder):
    return {os.path.relpath(os.path.join(where, name), folder): open(os.path.join(where, name), errors="replace").read()
            for where, _, names in os.walk(folder) for name in names}


OPTIONS = ["--domain", "example.test", "--domain", "second.test", "--network", "192.0.2.0/24"]


def test_by_options(place):
    folder = os.path.join(place.folder, "new")
    out = init(folder, *OPTIONS)
    written = files(folder)
    assert set(written) == {
        "conf.d/10-identity.conf", "conf.d/20-listen.conf", "conf.d/30-domains.conf",
        "aliases/example.test.aliases", "aliases/second.test.aliases", "users",
        "conf.d/40-sender.conf", "dkim/keytable", "dkim/signingtable", "dkim/hosts", "srs.secrets",
        "dkim/example.test/mail.private", "dkim/example.test/mail.txt",
        "dkim/second.test/mail.private", "dkim/second.test/mail.txt",
        "tls/mail.example.test.pem", "tls/mail.example.test.key"}
    assert "relay-for   192.0.2.0/24" in written["conf.d/10-identity.conf"]
    assert "192.0.2.0/24" in written["dkim/hosts"].splitlines()
    assert written["dkim/example.test/mail.private"] != written["dkim/second.test/mail.private"]
    assert len(written["srs.secrets"].strip()) == 64
    for name in ("tls/mail.example.test.key", "users", "srs.secrets", "dkim/example.test/mail.private",
                 "dkim/second.test/mail.private"):
        assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) == 0o600
    certificate = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-ext", "subjectAltName", "-in",
         os.path.join(folder, "tls/mail.example.test.pem")], capture_output=True, text=True, check=True)
    assert "DNS:mail.example.test" in certificate.stdout
    digest = re.search(r"Fingerprint=(\S+)", certificate.stdout).group(1).replace(":", "").lower()
    assert digest in out
    # compiles, and is not written over
    subprocess.run([harness.FACTEUR, "compile", "-c", folder], check=True, capture_output=True)
    again = init(folder, *OPTIONS, code=1)
    assert "is there already; nothing was written" in again
    assert {k: v for k, v in files(folder).items() if k in written} == written


def test_asked_for(place):
    folder = os.path.join(place.folder, "new")
    init(folder, data="not..a..domain\nexample.test\nmx.example.test\n10.0.0.0/8 2001:db8::/32\n"
         "ada@elsewhere.test\n")
    written = files(folder)
    assert "hostname    mx.example.test" in written["conf.d/10-identity.conf"]
    assert "relay-for   2001:db8::/32" in written["conf.d/10-identity.conf"]
    assert "root:       ada@elsewhere.test" in written["aliases/example.test.aliases"]
    assert "nobody answers" in init(os.path.join(place.folder, "other"), data="", code=2)


def test_wrong_options(place):
    folder = os.path.join(place.folder, "new")
    for words in (["--domain"], ["--domain", "a..b"], ["--network", "10.0.0.1/8", "--domain", "a.b"],
                  ["--hostname", "a.b"], ["--colour", "blue", "--domain", "a.b"]):
        init(folder, *words, code=2)
    assert not os.path.exists(folder)


def test_it_serves(place):
    """What was written, but for the port and the folders, takes mail under TLS."""
    folder = os.path.join(place.folder, "facteur")
    init(folder, "--domain", "example.test", "--postmaster", "ada@elsewhere.test")
    sink = place.sink()
    port = harness.free_port()
    listen = os.path.join(folder, "conf.d/20-listen.conf")
    ports = {name: harness.free_port() for name in ("25", "587", "465")}
    text = open(listen).read()
    for name, free in {**ports, "25": port}.items():
        assert f"*:{name};" in text
        text = text.replace(f"*:{name};", f"127.0.0.1:{free};")
    open(listen, "w").write(text)
    user = "" if harness.SUPER else f"user {harness.SERVER_USER}\n"
    os.rename(folder, folder + "-kept")
    facteur = place.facteur(start=False)
    for name in ("conf.d/10-least.conf",):
        os.unlink(os.path.join(folder, name))
    for name in os.listdir(folder + "-kept"):
        kept = os.path.join(folder + "-kept", name)
        if name == "conf.d":
            for part in os.listdir(kept):
                os.rename(os.path.join(kept, part), os.path.join(folder, "conf.d", part))
        else:
            os.rename(kept, os.path.join(folder, name))
    facteur.write("conf.d/90-test.conf", "directories { spool spool; state state; run run }\n"
                  f"resolver {{ zone zone.txt }}\n{user}route * {{ smtp 127.0.0.1:{sink.port} }}\n")
    facteur.start()
    with smtp.Client(port) as client:
        client.hello()
        client.say("STARTTLS", 220)
        context = ssl.create_default_context(cafile=os.path.join(folder, "tls/mail.example.test.pem"))
        client.sock = context.wrap_socket(client.sock, server_hostname="mail.example.test")
        client.file = client.sock.makefile("rb")
        client.say("EHLO client.test", 250)
        assert client.mail("a@client.test", ["postmaster@example.test"], smtp.message()).code == 250
    forwarded = sink.wait()[0]
    assert forwarded.recipients == ["ada@elsewhere.test"]
    # what an alias sends on has a sender of ours, to which a bounce comes
    assert forwarded.sender.startswith("SRS0=") and forwarded.sender.endswith("@mail.example.test")
    with smtp.Client(port) as client:
        client.hello()
        assert client.mail("", [forwarded.sender], smtp.message()).code == 250
    assert sink.wait(2)[1].recipients == ["a@client.test"]
    # people log in, on both of their ports, and nobody sends there without
    facteur.cli("user", "set", "ada", data="a secret\n")
    for name in ("587", "465"):
        with smtp.Client(ports[name]) as client:
            if name == "587":
                client.hello()
                client.say("MAIL FROM:<ada@example.test>", 530)
                client.say("STARTTLS", 220)
            client.sock = context.wrap_socket(client.sock, server_hostname="mail.example.test")
            client.file = client.sock.makefile("rb")
            if name == "465":
                assert client.reply().code == 220
            client.say("EHLO client.test", 250)
            client.say("MAIL FROM:<ada@example.test>", 530)
            secret = base64.b64encode(b"\0ada\0a secret").decode()
            harness.wait_for(lambda: client.say(f"AUTH PLAIN {secret}").code == 235, "the new login")
            assert client.mail("ada@example.test", ["b@elsewhere.test"],
                               smtp.message(sender="ada@example.test")).code == 250
    for mail in sink.wait(4)[2:]:  # signed by the key that was made
        assert dkim.verify(mail.data, dnsfunc=lambda name, timeout=5: record_of(folder, name))


def record_of(folder, name):
    """What the zone would answer, had the record been put there."""
    assert name.rstrip(b".") == b"mail._domainkey.example.test", name
    with open(os.path.join(folder, "dkim/example.test/mail.txt")) as file:
        return "".join(re.findall(r'"([^"]*)"', file.read())).encode()
