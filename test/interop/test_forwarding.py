"""Mail that an alias sends on out of our domains: a sender of ours (SRS), the way of its bounces, and
the seal (ARC).  The message itself is not touched."""
import email
import re
import subprocess

import dkim
import pytest

import harness
import smtp
from test_judge import key_pair
from test_sign import rsa

STRANGER = "127.0.0.66"
SECRET = "a secret of more than sixteen octets"


def zone():
    return f"""\
good.test TXT "v=spf1 ip4:{STRANGER} -all"
_dmarc.good.test TXT "v=DMARC1; p=reject"
s._domainkey.good.test TXT "v=DKIM1; p={key_pair()[1]}"
"""


def forwarder(place, sink, words="", aliases="friend: u@far.test\nboth: u@far.test, local\nout: u@far.test\n"
              "list: u@far.test, v@far.test\nowner-list: local\n", **more):
    files = {"aliases": aliases, "srs.secrets": SECRET + "\n", **more.pop("files", {})}
    facteur = place.facteur(sink.port, start=False, zone=zone(), files=files, more=f"""
postmaster local@here.test
domain here.test {{ aliases aliases }}
mailbox local@here.test {{ smtp 127.0.0.1:{sink.port} }}
srs {{ secrets srs.secrets }}
queue {{ retry 1s }}
{words}
""", **more)
    (facteur.dir / "srs.secrets").chmod(0o600)  # root's: mail asks the vault
    return facteur


def send(facteur, sender, to, data=None, source=STRANGER):
    """The replies to RCPT and to the end; None where it did not come so far."""
    with smtp.Client(facteur.port, source=source) as client:
        client.hello()
        client.say(f"MAIL FROM:<{sender}>", 250)
        reply = client.say(f"RCPT TO:<{to}>")
        if reply.code != 250:
            return reply, None
        client.say("DATA", 354)
        client.send(smtp.stuffed(data or smtp.message(sender=sender or "mailer@far.test")))
        return reply, client.reply()


def signed(sender="a@good.test", **more):
    data = smtp.message(sender=sender, **more).encode()
    field = dkim.sign(data, b"s", b"good.test", key_pair()[0])
    return field.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + data


def verified(data, record=None):
    lookup = lambda name, timeout=5: (record or f"v=DKIM1; p={key_pair()[1]}").encode()
    return dkim.verify(data, dnsfunc=lookup)


def test_there_and_back(place):
    """The issue's own words: the signature byte for byte, SRS, and the bounce comes back."""
    sink = place.sink()
    facteur = forwarder(place, sink, "dkim { }\nspf { }\ndmarc { reject }").start()
    data = signed(body="Words.\r\n" * 20000)
    assert send(facteur, "a@good.test", "friend@here.test", data)[1].code == 250
    mail = sink.wait()[0]
    assert mail.recipients == ["u@far.test"]
    assert re.fullmatch(r"SRS0=[a-z2-7]{8}=[a-z2-7]{2}=good\.test=a@pivot\.test", mail.sender), mail.sender
    assert mail.data.endswith(data) and verified(mail.data)
    assert facteur.event("accepted")["forwarded_as"] == mail.sender

    # what the far server would send when it cannot deliver; it may have folded the letters
    for n, address in enumerate((mail.sender, mail.sender.lower())):
        rcpt, end = send(facteur, "", address)
        assert end.code == 250, rcpt
        bounce = sink.wait(n + 2)[n + 1]
        assert bounce.sender == "" and bounce.recipients == ["a@good.test"]
    assert facteur.cli("srs", "decode", mail.sender).strip() == "a@good.test"
    facteur.stop()


def test_a_real_server_bounces_it(place):
    """A Postfix on the far side takes it, cannot deliver, and sends the bounce to where it came from."""
    home = place.sink()
    facteur = forwarder(place, home, words="route far.test { transport far }")
    nobody = place.sink(script={"RCPT": lambda session, argument: "550 5.1.1 nobody here"})
    far = place.keep(harness.Postfix(place.folder, facteur.port, "far", {
        "myhostname": "mx.far.test", "relay_domains": "far.test",
        "transport_maps": f"inline:{{far.test=smtp:[127.0.0.1]:{nobody.port}}}"}))
    facteur.write("conf.d/30-far.conf", f"transport far {{ smtp 127.0.0.1:{far.port} }}\n")
    facteur.start()
    far.start()
    data = signed()
    assert send(facteur, "a@good.test", "friend@here.test", data)[1].code == 250
    bounce = home.wait()[0]
    assert bounce.sender == "" and bounce.recipients == ["a@good.test"], bounce
    assert b"nobody here" in bounce.data
    assert data[:data.index(b"\r\n\r\n")] in bounce.data  # the original's header, as it left
    facteur.wait_empty()


def test_only_what_leaves_our_domains(place):
    sink = place.sink()
    facteur = forwarder(place, sink).start()
    cases = (("a@good.test", "local@here.test", ["a@good.test"]),  # it stays
             ("a@here.test", "friend@here.test", ["a@here.test"]),  # ours is ours
             ("", "friend@here.test", [""]),
             ("a@good.test", "list@here.test", ["owner-list@here.test"]),
             ("a@good.test", "both@here.test", ["SRS0", "a@good.test"]))
    count = 0
    for sender, to, want in cases:
        assert send(facteur, sender, to)[1].code == 250, (sender, to)
        count += len(want)
        seen = sorted(mail.sender[:4] if mail.sender.startswith("SRS0") else mail.sender
                      for mail in sink.wait(count)[-len(want):])
        assert seen == sorted(want), (sender, to)
    # a client that may relay is no alias
    send(facteur, "a@good.test", "x@far.test", source="127.0.0.1")
    assert sink.wait(count + 1)[-1].sender == "a@good.test"
    # what another forwarder has rewritten goes back to him
    send(facteur, "SRS0=abcd=ef=first.test=a@other.test", "friend@here.test")
    again = sink.wait(count + 2)[-1].sender
    assert re.fullmatch(r"SRS1=[a-z2-7]{8}=other\.test==abcd=ef=first\.test=a@pivot\.test", again), again
    assert send(facteur, "", again)[1].code == 250
    assert sink.wait(count + 3)[-1].recipients == ["SRS0=abcd=ef=first.test=a@other.test"]


def test_it_relays_nothing(place):
    sink = place.sink()
    facteur = forwarder(place, sink).start()
    send(facteur, "a@good.test", "friend@here.test")
    ours = sink.wait()[0].sender
    forged = re.sub(r"=good\.test=a@", "=victim.test=a@", ours)
    no_hash = "SRS0=aaaaaaaa=aa=victim.test=a@pivot.test"
    for sender, to, source in (
            ("x@good.test", ours, STRANGER), ("x@good.test", ours, "127.0.0.1"),  # no bounce: not even ours
            ("", forged, STRANGER), ("", forged, "127.0.0.1"), ("", no_hash, STRANGER),
            ("", "SRS0=x@pivot.test", STRANGER), ("", "SRS1=x=y==z@pivot.test", STRANGER)):
        reply, _ = send(facteur, sender, to, source=source)
        assert reply.code == 550 and reply.status == "5.7.1", (sender, to, reply)
    assert len(sink.mails) == 1
    rules = {event["rule"] for event in facteur.told("refused", 7)}
    assert rules == {"conf.d/20-more.conf:5"}, rules


def test_a_new_secret(place):
    sink = place.sink()
    facteur = forwarder(place, sink).start()
    send(facteur, "a@good.test", "friend@here.test")
    old = sink.wait()[0].sender
    said = facteur.cli("srs", "secret", str(facteur.dir / "srs.secrets"))
    assert "1 older" in said, said
    assert (facteur.dir / "srs.secrets").read_text().endswith("\n" + SECRET + "\n")
    facteur.cli("reload")
    send(facteur, "a@good.test", "friend@here.test")
    new = sink.wait(2)[1].sender
    assert new != old
    for n, address in enumerate((old, new)):
        assert send(facteur, "", address)[1].code == 250
        assert sink.wait(n + 3)[-1].recipients == ["a@good.test"]
    # the old one is taken away: what it has signed is no address of ours any more
    text = (facteur.dir / "srs.secrets").read_text().splitlines()[0]
    facteur.write("srs.secrets", text + "\n")
    facteur.cli("reload")
    assert send(facteur, "", old)[0].code == 550
    assert send(facteur, "", new)[1].code == 250
    # the vault dies: the next one knows the secrets
    pid = facteur.process_of("vault")
    subprocess.run([*harness.SUPER, "kill", "-9", str(pid)], check=True)
    harness.wait_for(lambda: facteur.process_of("vault") not in (None, pid), "another vault")
    assert send(facteur, "", new)[1].code == 250


def test_wrong_secrets_are_named(place):
    sink = place.sink()
    facteur = forwarder(place, sink, files={"srs.secrets": "# none\nshort\n"})
    said = facteur.cli("compile", code=1)
    assert f"{facteur.dir}/srs.secrets:2:1: a secret is 16 to 1024 octets long" in said, said
    (facteur.dir / "srs.secrets").unlink()
    said = facteur.cli("compile", code=1)
    assert "conf.d/20-more.conf:5:" in said and "srs.secrets" in said, said
    facteur.cli("srs", "secret", str(facteur.dir / "srs.secrets"))
    assert (facteur.dir / "srs.secrets").stat().st_mode & 0o777 == 0o600
    facteur.cli("compile")


def arc_verdict(data, records):
    """dkimpy's, and that of Mail::DKIM, which authentication_milter asks."""
    lookup = lambda name, timeout=5: records[name.decode().rstrip(".")].encode()
    cv, _, why = dkim.arc_verify(data, dnsfunc=lookup)
    return cv.decode() if cv else why


PERL = """
use Mail::DKIM::ARC::Verifier; use Mail::DKIM::DNS; use Mail::DKIM::PublicKey;
my %records = @ARGV; @ARGV = ();
no warnings 'redefine';
*Mail::DKIM::DNS::query = sub { my ($name) = @_; return () unless $records{$name};
    my $rr = Net::DNS::RR->new(name => $name, type => 'TXT', txtdata => [$records{$name} =~ /(.{1,255})/g]);
    return ($rr); };
my $arc = Mail::DKIM::ARC::Verifier->new();
while (<STDIN>) { $arc->PRINT($_); }
$arc->CLOSE; print $arc->result_detail, "\\n";
"""


def mail_dkim_says(data, records):
    words = [word for pair in records.items() for word in pair]
    done = subprocess.run(["perl", "-MNet::DNS", "-e", PERL, "--", *words], input=data, capture_output=True)
    return done.stdout.decode().strip() or done.stderr.decode()


def sealing(place, sink, words="spf { }\ndkim { }\ndmarc { }"):
    facteur = forwarder(place, sink, words=f"""{words}
sign {{ keytable keys; signingtable refile:table; hosts ours }}
arc {{ key seal }}""", files={"keys": "seal here.test:arc:./arc.private\n", "table": "*@here.test seal\n",
                              "ours": "127.0.0.1\n"})
    record = "v=DKIM1; k=rsa; p=" + rsa(facteur.dir / "arc.private")
    (facteur.dir / "arc.private").chmod(0o600)
    return facteur.start(), {"arc._domainkey.here.test": record, "_": ""}


def test_what_proves_nothing_by_itself_is_sealed(place):
    sink = place.sink()
    facteur, records = sealing(place, sink)
    data = smtp.message(sender="a@good.test", body="Words.\r\n" * 20000)
    assert send(facteur, "a@good.test", "friend@here.test", data)[1].code == 250
    mail = sink.wait()[0]
    assert mail.data.endswith(data.encode())
    parsed = email.message_from_bytes(mail.data)
    assert "cv=none" in parsed["ARC-Seal"] and "i=1" in parsed["ARC-Seal"]
    found = " ".join(parsed["ARC-Authentication-Results"].split())
    assert found.startswith("i=1; pivot.test;") and "spf=pass" in found and "arc=none" in found, found
    assert arc_verdict(mail.data, records) == "pass"
    assert mail_dkim_says(mail.data, records).startswith("pass"), mail_dkim_says(mail.data, records)
    changed = mail.data.replace(b"Words.", b"Lies..", 1)
    assert arc_verdict(changed, records) != "pass"
    assert facteur.event("sealed")["chain"] == "none"

    # its own signature is enough; what stays here needs none
    assert send(facteur, "a@good.test", "friend@here.test", signed())[1].code == 250
    assert b"ARC-Seal:" not in sink.wait(2)[1].data
    assert send(facteur, "a@good.test", "local@here.test", data)[1].code == 250
    assert b"ARC-Seal:" not in sink.wait(3)[2].data


def test_a_chain_goes_on(place):
    sink = place.sink()
    facteur, records = sealing(place, sink)
    key, public = key_pair()
    records["first._domainkey.good.test"] = f"v=DKIM1; p={public}"
    with open(facteur.dir / "zone.txt", "a") as file:
        file.write(f"""first._domainkey.good.test TXT "v=DKIM1; p={public}"\n""")
        file.write(f"""arc._domainkey.here.test TXT "{records['arc._domainkey.here.test']}"\n""")
    facteur.stop()
    facteur.start()
    bare = b"Authentication-Results: first.test; none\r\n" + smtp.message(sender="a@good.test").encode()
    fields = dkim.arc_sign(bare, b"first", b"good.test", key, b"first.test")
    once = b"".join(field.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for field in fields) + bare
    assert send(facteur, "a@good.test", "friend@here.test", once)[1].code == 250
    mail = sink.wait()[0]
    parsed = email.message_from_bytes(mail.data)
    assert "i=2" in parsed.get_all("ARC-Seal")[0] and "cv=pass" in parsed.get_all("ARC-Seal")[0]
    assert "arc=pass" in parsed["Authentication-Results"]
    assert arc_verdict(mail.data, records) == "pass"
    # a third one, over ours; and one whose chain is broken gets our word for that, and no more
    assert send(facteur, "a@good.test", "friend@here.test", mail.data)[1].code == 250
    third = sink.wait(2)[1]
    assert arc_verdict(third.data, records) == "pass"
    broken = once.replace(b"Words.", b"Lies..", 1)
    assert send(facteur, "a@good.test", "friend@here.test", broken)[1].code == 250
    fourth = email.message_from_bytes(sink.wait(3)[2].data)
    assert "cv=fail" in fourth.get_all("ARC-Seal")[0] and "arc=fail" in fourth["Authentication-Results"]


@pytest.mark.parametrize("words, want", [
    ("arc { key other }\nsign { keytable keys; signingtable refile:table }", "'other' is no key of the KeyTable"),
    ("arc { key seal }", "'seal' is no key of the KeyTable")])
def test_a_seal_needs_its_key(place, words, want):
    facteur = forwarder(place, place.sink(), words=words, files={
        "keys": "seal here.test:arc:./arc.private\n", "table": "*@here.test seal\n"})
    rsa(facteur.dir / "arc.private")
    said = facteur.cli("compile", code=1)
    assert want in said and "conf.d/20-more.conf:7:" in said, said
