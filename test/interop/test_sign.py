"""Our mail is signed, last of all, with opendkim's files as they are; mail of strangers never is.  The
receiving side judges with opendkim itself, and with dkimpy."""
import base64
import email
import pathlib
import subprocess

import dkim
import pytest

import harness
import slow_dns
import smtp

PAGE = harness.ROOT / "test" / "page" / "dkim"
STRANGER = "127.0.0.66"


def rsa(path):
    """A key in a file; the p= of its record."""
    subprocess.run(["openssl", "genrsa", "-out", str(path), "2048"], capture_output=True, check=True)
    return public(path)


def public(path):
    der = subprocess.run(["openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER"],
                         capture_output=True, check=True).stdout
    return base64.b64encode(der[-32:] if len(der) < 60 else der).decode()


def pivot(place, sink, files, words, keys, **more):
    """keys: by their path in the folder, what makes each."""
    facteur = place.facteur(sink.port, start=False, files=files, more=words, **more)
    made = {}
    for name, make in keys.items():
        path = facteur.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made[name] = make(path)
        path.chmod(0o600)  # root's: mail asks the vault
    return facteur.start(), made


def ed25519(path):
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(path)],
                   capture_output=True, check=True)
    return public(path)


def verifies(data, records):
    """dkimpy's word, of each signature."""
    def lookup(name, timeout=5):
        return records.get(name.decode().rstrip(".")).encode()
    judge = dkim.DKIM(data)
    count = len(email.message_from_bytes(data).get_all("DKIM-Signature", []))
    return [judge.verify(n, dnsfunc=lookup) for n in range(count)]


def opendkim_says(folder, data, name, record):
    (folder / "records").write_text(f"{name} {record}\n")
    (folder / "verify.conf").write_text(f"Mode v\nTestDNSData {folder}/records\nSyslog no\n")
    (folder / "message").write_bytes(data.replace(b"\r\n", b"\n"))
    done = subprocess.run(["opendkim", "-v", "-x", str(folder / "verify.conf"), "-t",
                           str(folder / "message")], capture_output=True, text=True)
    return done.stdout + done.stderr


def reference(place, sink, more="", hosts=None):
    files = {f"dkim/{name}": (PAGE / name).read_text()
             for name in ("keytable", "signingtable", "TrustedHosts")}
    files["dkim/TrustedHosts"] = hosts or files["dkim/TrustedHosts"]
    facteur, keys = pivot(place, sink, files, f"""
postmaster root@chapril.org
domain chapril.org {{ }}
mailbox root@chapril.org {{ smtp 127.0.0.1:{sink.port} }}
sign {{
    keytable      dkim/keytable
    signingtable  dkim/signingtable
    hosts         dkim/TrustedHosts
}}
{more}""", {"dkim/mail.private": rsa})
    return facteur, f"v=DKIM1; k=rsa; p={keys['dkim/mail.private']}"


def test_the_reference_installations_files_as_they_are(place):
    sink = place.sink()
    facteur, record = reference(place, sink, "spf { }\ndkim { }")
    data = smtp.message(sender="root@chapril.org", body="Words.\r\n" * 30000)
    smtp.send(facteur.port, "root@chapril.org", ["x@far.test"], data)
    mail = sink.wait()[0]
    assert mail.data.endswith(data.encode())
    signature = email.message_from_bytes(mail.data)["DKIM-Signature"]
    assert "d=chapril.org; s=mail" in " ".join(signature.split()), signature
    said = opendkim_says(pathlib.Path(place.folder), mail.data, "mail._domainkey.chapril.org", record)
    assert "succeeded" in said, said
    changed = mail.data.replace(b"Words.", b"Lies..", 1)
    said = opendkim_says(pathlib.Path(place.folder), changed, "mail._domainkey.chapril.org", record)
    assert "succeeded" not in said, said
    event = facteur.event("signed")
    assert event["domain"] == "chapril.org" and event["rule"] == "dkim/signingtable:1"
    assert event["ours_by"].startswith("dkim/TrustedHosts:"), event
    # an author without a key leaves unsigned
    smtp.send(facteur.port, "a@other.test", ["x@far.test"], smtp.message(sender="a@other.test"))
    assert b"DKIM-Signature:" not in sink.wait(2)[1].data
    assert len(facteur.events("signed")) == 1


def test_a_stranger_who_says_that_he_is_one_of_us(place):
    sink = place.sink()
    # not the file as it is: in that every loopback address is ours, and tests have no others
    facteur, _ = reference(place, sink, "spf { }\ndkim { }", hosts="127.0.0.1\n192.168.0.0/24\n")
    with smtp.Client(facteur.port, source=STRANGER) as client:
        client.hello()
        assert client.mail("root@chapril.org", ["root@chapril.org"],
                           smtp.message(sender="root@chapril.org")).code == 250
    mail = sink.wait()[0]
    assert b"DKIM-Signature:" not in mail.data and b"dkim=none" in mail.data
    assert not facteur.events("signed")


def test_whom_a_proxy_does_not_name_is_none_of_us(place):
    """The proxy is on this machine, which the default of sign hosts has; who stands behind it need not be."""
    port, sink = harness.free_port(), place.sink()
    facteur, _ = pivot(place, sink, {"keys": "k here.test:m:./m.private\n", "signing": "here.test k\n"}, f"""
listen behind {{ on 127.0.0.1:{port}; tls off; proxy-protocol 127.0.0.1 }}
xclient-hosts 127.0.0.1
postmaster b@here.test
domain here.test {{ }}
mailbox b@here.test {{ smtp 127.0.0.1:{sink.port} }}
sign {{ keytable keys; signingtable signing }}
""", {"m.private": rsa}, relay_for="127.0.0.9")

    def is_signed(*words):
        count = len(sink.mails)
        with smtp.Client(port) as client:
            client.send(words[0].encode() + b"\r\n")
            client.hello()
            for word in words[1:]:
                client.say(word, 220)
                client.say("EHLO client.test", 250)
            assert client.mail("a@here.test", ["b@here.test"], smtp.message(sender="a@here.test")).code == 250
        return b"DKIM-Signature" in sink.wait(count + 1)[count].data

    assert is_signed("PROXY TCP4 127.0.0.1 127.0.0.1 1 25")
    assert not is_signed("PROXY TCP4 192.0.2.9 127.0.0.1 1 25") and not is_signed("PROXY UNKNOWN")
    assert not is_signed("PROXY UNKNOWN", "XCLIENT ADDR=[UNAVAILABLE]")
    assert is_signed("PROXY UNKNOWN", "XCLIENT ADDR=[UNAVAILABLE] LOGIN=jo", "XCLIENT ADDR=127.0.0.1")


def test_what_is_added_is_signed_and_nothing_after_it(place):
    sink = place.sink()
    facteur, record = reference(place, sink)
    bare = "From: Root <root@chapril.org>\r\nSubject: no date\r\n\r\nWords.\r\n"
    smtp.send(facteur.port, "bounce@chapril.org", ["x@far.test"], bare)
    mail = sink.wait()[0]
    parsed = email.message_from_bytes(mail.data)
    assert parsed["Date"] and parsed["Message-ID"]
    signed = " ".join(parsed["DKIM-Signature"].split())
    names = signed.split("h=")[1].split(";")[0].replace(" ", "").split(":")
    assert names.count("from") == 2 and names.count("subject") == 2 and "message-id" in names
    assert "date" in names
    assert verifies(mail.data, {"mail._domainkey.chapril.org": record}) == [True]
    with_field = mail.data.replace(b"Subject:", b"Subject: another one\r\nSubject:", 1)
    assert verifies(with_field, {"mail._domainkey.chapril.org": record}) == [False]


def test_two_signatures_and_patterns(place):
    sink = place.sink()
    facteur, keys = pivot(place, sink, {
        "keys": "r two.test:r:./r.private\ne two.test:e:./e.private\n",
        "table": "*@two.test r\n*@*two.test e\n"},
        "sign { keytable keys; signingtable refile:table; signatures all; "
        "canonicalization simple/simple }",
        {"r.private": rsa, "e.private": ed25519})
    smtp.send(facteur.port, "a@two.test", ["x@far.test"], smtp.message(sender="a@two.test"))
    mail = sink.wait()[0]
    assert verifies(mail.data, {
        "r._domainkey.two.test": f"v=DKIM1; p={keys['r.private']}",
        "e._domainkey.two.test": f"v=DKIM1; k=ed25519; p={keys['e.private']}"}) == [True, True]
    assert facteur.event("signed")["signatures"] == "2"
    facteur.write("keys", "r two.test:other:./r.private\ne two.test:e:./e.private\n")
    facteur.cli("compile")
    facteur.cli("reload")
    smtp.send(facteur.port, "a@two.test", ["x@far.test"], smtp.message(sender="a@two.test"))
    assert verifies(sink.wait(2)[1].data, {
        "other._domainkey.two.test": f"v=DKIM1; p={keys['r.private']}",
        "e._domainkey.two.test": f"v=DKIM1; k=ed25519; p={keys['e.private']}"}) == [True, True]


def test_a_key_for_each_domain_without_the_lines_of_pem(place):
    sink = place.sink()

    def bare(path):
        record = rsa(path)
        path.write_text("".join(path.read_text().splitlines(True)[1:-1]))
        return record
    facteur, keys = pivot(place, sink, {"keys": "k %:s:./%.private\n", "table": "* k\n"},
                          "domain one.test { }\npostmaster root@far.test\n"
                          "sign { keytable keys; signingtable refile:table }",
                          {"one.test.private": bare})
    for sender in ("a@one.test", "a@two.test"):
        smtp.send(facteur.port, sender, ["x@far.test"], smtp.message(sender=sender))
    mails = {b"a@one.test" in mail.data: mail.data for mail in sink.wait(2)}
    assert verifies(mails[True], {"s._domainkey.one.test": f"v=DKIM1; p={keys['one.test.private']}"}) == [True]
    assert b"DKIM-Signature" not in mails[False]


@pytest.mark.parametrize("files, error", (
    ({}, "20-more.conf:1:17: "),
    ({"keys": "k a.test:s:./gone.private\n", "table": "a.test k\n"}, "keys:1:1: key 'k': "),
    ({"keys": "k a.test\n", "table": "a.test k\n"}, "keys:1:3: "),
    ({"keys": "k a.test:s:./k\n", "k": "no key\n", "table": "a.test k\n"}, "keys:1:1: key 'k': "),
))
def test_compile_refuses_what_cannot_sign(place, files, error):
    facteur = place.facteur(start=False, files=files,
                            more="sign { keytable keys; signingtable table }")
    said = facteur.cli("compile", code=1)
    assert error in said, said


def test_our_own_bounces_are_signed(place):
    sink = place.sink(script={"RCPT": lambda session, argument: "550 5.1.1 nobody" if "bad" in argument else None})
    facteur, keys = pivot(place, sink, {"keys": "k pivot.test:s:./k.private\n", "table": "*@pivot.test k\n"},
                          "sign { keytable keys; signingtable refile:table }", {"k.private": rsa})
    # its original is in 8 bits, and comes back so
    smtp.send(facteur.port, "writer@client.test", ["bad@far.test"],
              smtp.message(sender="writer@client.test", body="Vous \u00eates absent.\r\n",
                           extra="MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Transfer-Encoding: 8bit\r\n"), " BODY=8BITMIME")
    bounce = sink.wait()[0]
    assert bounce.sender == "" and bounce.recipients == ["writer@client.test"]
    assert verifies(bounce.data, {"s._domainkey.pivot.test": f"v=DKIM1; p={keys['k.private']}"}) == [True]
    event = facteur.event("signed")
    assert event["ours_by"] == "our own" and event["author"] == "MAILER-DAEMON@pivot.test", event


def test_a_key_is_replaced_without_a_gap(place):
    dns = place.keep(slow_dns.SlowDns(0, {}))
    dns.process = dns  # it is stopped as a process is
    dns.poll = lambda: None
    sink = place.sink()
    facteur = place.facteur(sink.port, start=False, resolver=f"server 127.0.0.1@{dns.port}", files={
        "keys": "new here.test:new:./new.private\nold here.test:old:./old.private\n",
        "table": "*@here.test new\n*@here.test old\n"},
        more="sign { keytable keys; signingtable refile:table; look 1s; settle 3s; retire 3s }")
    records = {f"{name}._domainkey.here.test": f"v=DKIM1; k=ed25519; p={ed25519(facteur.dir / f'{name}.private')}"
               for name in ("new", "old")}
    old, new = "old._domainkey.here.test", "new._domainkey.here.test"
    dns.texts[old] = records[old]
    facteur.start()

    def signs():
        smtp.send(facteur.port, "a@here.test", ["x@far.test"], smtp.message(sender="a@here.test"))
        signs.count += 1
        mail = sink.wait(signs.count)[-1]
        assert verifies(mail.data, records) == [True]
        field = email.message_from_bytes(mail.data)["DKIM-Signature"].replace(" ", "")
        return "new" if "s=new" in field else "old"
    signs.count = 0

    def roles():
        return {key["selector"]: key["role"] for key in facteur.json("dkim", "status")["keys"]}
    harness.wait_for(lambda: facteur.events("key-shown"), "the old record is seen")
    assert signs() == "old" and roles() == {"new": "waits", "old": "signs"}
    dns.texts[new] = records[new]  # prepared: it is in the DNS from now on
    harness.wait_for(lambda: len(facteur.events("key-shown")) == 2, "the new record is seen")
    if not facteur.events("key-replaced"):  # a busy machine may be slower than it settles
        first = signs()
        assert first == "old" or facteur.events("key-replaced")
    harness.wait_for(lambda: facteur.events("key-replaced"), "the old key is replaced")
    assert signs() == "new"
    event, = facteur.events("key-replaced")
    assert event["selector"] == "old", event
    harness.wait_for(lambda: facteur.events("key-retired"), "the old key is retired")
    assert roles() == {"new": "signs", "old": "retired"}
    facteur.stop()
    seen = (facteur.dir / "state" / "dkim-keys").read_text().split()
    assert seen[0] == new and int(seen[1]) > 0 and seen[2] == "0" and seen[3] == old and int(seen[5]) > 0, seen
    facteur.start()  # it has not forgotten
    assert signs() == "new"
    # the new record vanishes: what is retired signs no more than what is missing... but one must
    del dns.texts[new]
    harness.wait_for(lambda: any(e["selector"] == "new" for e in facteur.events("key-missing")), "it is missed")
