"""What does not count as proof of a sender: a list that proves nothing, a key that is only tried, an SPF
record that says "perhaps"."""
import smtp
from test_judge import STRANGER, TO, key_pair, send, signed, zone

ZONE = f"""\
_dmarc.good.test TXT "v=DMARC1; p=reject"
try._domainkey.good.test TXT "v=DKIM1; t=y; p={key_pair()[1]}"
lists.test TXT "v=spf1 -all"
"""


def test_who_proves_nothing_is_not_spared_by_dmarc(place):
    sink = place.sink()
    facteur = place.facteur(zone=zone(ZONE), more=f"""
postmaster {TO}
domain here.test {{ }}
mailbox {TO} {{ smtp 127.0.0.1:{sink.port} }}
dmarc {{ reject; lists lists.test }}
""")
    own = smtp.message(sender="a@good.test")
    reply = send(facteur, "bounce@lists.test", own)
    assert reply.code == 550 and reply.status == "5.7.26", "anybody may write the name of a list"
    assert send(facteur, "a@nothing.test", signed(own)).code == 250
    reply = send(facteur, "a@nothing.test", signed(own, b"try"))
    assert reply.code == 550 and reply.status == "5.7.26", "RFC 6376 section 3.6.1: as if it were not signed"
    assert all(event["dkim_aligned"] == "fail" for event in facteur.events("dmarc") if event["result"] == "fail")


def test_nobody_hears_of_mail_that_spf_doubts(place):
    """softfail is a failure where a bounce is concerned (P4)."""
    refusing = place.sink(script={"RCPT": lambda session, argument: "550 5.1.1 No"
                                  if "gone" in argument else None})
    facteur = place.facteur(zone=zone(), more=f"""
postmaster {TO}
domain here.test {{ }}
mailbox {TO} {{ smtp 127.0.0.1:{refusing.port} }}
mailbox gone@here.test {{ smtp 127.0.0.1:{refusing.port} }}
route * {{ smtp 127.0.0.1:{refusing.port} }}
spf {{ }}
dkim {{ }}
""")
    with smtp.Client(facteur.port, source=STRANGER) as client:
        client.hello()
        assert client.mail("a@soft.test", ["gone@here.test"], smtp.message(sender="a@soft.test")).code == 250
    mail, = refusing.wait()
    assert mail.recipients == [TO] and mail.sender == "", "the postmaster is told instead"
    facteur.wait_empty()
    assert len(refusing.mails) == 1
