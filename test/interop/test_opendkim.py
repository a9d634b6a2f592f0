"""The receiving side is a real one: Postfix with opendkim as its milter judges what we have signed."""
import email

import harness
import smtp
from test_sign import STRANGER, reference

NAME = "mail._domainkey.chapril.org"


def opendkim(place, record):
    """A milter that verifies; its port."""
    port = harness.free_port()
    folder = place.folder
    harness.pathlib.Path(folder, "public").write_text(f"{NAME} {record}\n")
    harness.pathlib.Path(folder, "internal").write_text("192.0.2.1\n")  # else 127.0.0.1 is nobody to judge
    harness.pathlib.Path(folder, "opendkim.conf").write_text(f"""\
Mode v
Socket inet:{port}@127.0.0.1
Syslog no
RequireSafeKeys no
TestPublicKeys {folder}/public
InternalHosts {folder}/internal
AuthservID far.test
AlwaysAddARHeader yes
On-BadSignature reject
""")
    milter = place.keep(harness.Daemon("opendkim", folder, ["opendkim", "-f", "-x", f"{folder}/opendkim.conf"]))
    milter.stop = milter.terminate
    milter.launch()
    milter.wait_until(lambda: harness.listening(port), "listening")
    return port


def verdict(mail):
    found = [" ".join(field.split()) for field in
             email.message_from_bytes(mail.data).get_all("Authentication-Results", [])]
    return [field for field in found if field.startswith("far.test")]


def test_opendkim_behind_postfix_believes_what_we_signed(place):
    last = place.sink()
    far_port = harness.free_port()
    hop = type("Hop", (), {"port": far_port})  # where the Postfix will listen
    facteur, record = reference(place, hop, "spf { }\ndkim { }", hosts="127.0.0.1\n")
    milter = opendkim(place, record)
    far = harness.Postfix(place.folder, last.port, "far", {
        "smtpd_milters": f"inet:127.0.0.1:{milter}", "milter_default_action": "tempfail"})
    far.port = far_port
    far.write("master.cf", f"127.0.0.1:{far_port} inet n - n - - smtpd\n" + far.SERVICES)
    place.keep(far).start()

    data = smtp.message(sender="root@chapril.org", body="Words, and a line with a blank at its end. \r\n" * 2000)
    smtp.send(facteur.port, "root@chapril.org", ["x@far.test"], data)
    said = verdict(last.wait()[0])
    assert said and "dkim=pass" in said[0] and "header.d=chapril.org" in said[0], last.mails[0].data[:1500]

    # a stranger in our name is not signed: nothing for it to believe
    with smtp.Client(facteur.port, source=STRANGER) as client:
        client.hello()
        assert client.mail("root@chapril.org", ["root@chapril.org"],
                           smtp.message(sender="root@chapril.org")).code == 250
    said = verdict(last.wait(2)[1])
    assert said and "dkim=none" in said[0], last.mails[1].data[:1500]

    # it does look: what was changed on the way is refused by it
    changed = last.mails[0].data[last.mails[0].data.index(b"DKIM-Signature:"):].replace(b"Words", b"Lies!", 1)
    reply = smtp.send(far_port, "root@chapril.org", ["x@far.test"], changed)
    assert reply.code // 100 == 5, reply
