"""What senders wish to hear, through aliases and lists, and in which language: RFC 3461."""
import smtp
from test_bounces import parts, recipient_fields, refusing

DOMAIN = "domain hosted.test { aliases team.aliases }\npostmaster chief@sink.test\n"
FILES = {"team.aliases": "one: a@sink.test\nmany: a@sink.test, b@sink.test\n"
                         "list: c@sink.test\nowner-list: chief@sink.test\n"}


def send(facteur, recipient, params, mail_params=""):
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say(f"MAIL FROM:<writer@sink.test>{mail_params}", 250)
        client.say(f"RCPT TO:<{recipient}>{params}", 250)
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message()))
        assert client.reply().code == 250


def params_of(mail):
    (params,) = mail.rcpt_params.values()
    return params


def test_the_wishes_of_an_alias_of_one_travel_on(place):
    sink = place.sink()
    facteur = place.facteur(sink.port, more=DOMAIN, files=FILES)
    send(facteur, "one@hosted.test", " NOTIFY=SUCCESS,DELAY", " RET=HDRS ENVID=e+2B1")
    mail = sink.wait()[0]
    assert "NOTIFY=SUCCESS,DELAY" in params_of(mail)
    assert "ORCPT=rfc822;one@hosted.test" in params_of(mail)
    assert "RET=HDRS" in mail.mail_params and "ENVID=e+2B1" in mail.mail_params
    send(facteur, "one@hosted.test", " ORCPT=rfc822;First+2BName@else.test")
    assert "ORCPT=rfc822;First+2BName@else.test" in params_of(sink.wait(2)[1])
    facteur.wait_empty()
    assert len(sink.mails) == 2  # the next hop reports, not we


def test_an_alias_of_several_is_expanded(place):
    sink = place.sink()
    facteur = place.facteur(sink.port, more=DOMAIN, files=FILES)
    send(facteur, "many@hosted.test", " NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x@else.test", " ENVID=e1")
    mails = sink.wait(2)
    facteur.wait_empty()
    mails = sink.mails
    assert len(mails) == 2
    notice, mail = sorted(mails, key=lambda m: m.sender)
    assert mail.recipients == ["a@sink.test", "b@sink.test"]
    for params in mail.rcpt_params.values():
        assert "NOTIFY=FAILURE" in params and "SUCCESS" not in params
    assert notice.sender == "" and notice.recipients == ["writer@sink.test"]
    parsed, words, fields, _ = parts(notice)
    assert fields[0]["Original-Envelope-Id"] == "e1"
    assert fields[1]["Action"] == "expanded" and fields[1]["Status"].startswith("2.")
    assert fields[1]["Final-Recipient"].replace(" ", "") == "rfc822;many@hosted.test"
    assert fields[1]["Original-Recipient"].replace(" ", "") == "rfc822;x@else.test"
    assert "a@sink.test" not in notice.data.decode()  # who is behind it is nobody's business


def test_nothing_else_is_wished_when_success_was_all(place):
    sink = refusing(place)
    facteur = place.facteur(sink.port, more=DOMAIN, files={"team.aliases": "many: a@sink.test, bad@sink.test\n"})
    send(facteur, "many@hosted.test", " NOTIFY=SUCCESS")
    facteur.wait_empty()
    expanded, mail = sorted(sink.wait(2), key=lambda m: m.sender)
    assert "NOTIFY=NEVER" in params_of(mail)
    assert len(sink.mails) == 2  # bad@ was refused, and nobody wanted to know


def test_a_list_with_an_owner_has_received_it(place):
    """The author hears "delivered"; what goes wrong behind the list is its owner's."""
    sink = refusing(place)
    facteur = place.facteur(sink.port, more=DOMAIN, files={
        "team.aliases": "list: bad@sink.test\nowner-list: chief@sink.test\n"})
    send(facteur, "list@hosted.test", " NOTIFY=SUCCESS,FAILURE", " ENVID=e1")
    facteur.wait_empty()
    by_recipient = {mail.recipients[0]: parts(mail) for mail in sink.wait(2)}
    _, _, fields, _ = by_recipient["writer@sink.test"]
    assert fields[1]["Action"] == "delivered"
    assert fields[1]["Final-Recipient"].replace(" ", "") == "rfc822;list@hosted.test"
    _, _, fields, _ = by_recipient["chief@sink.test"]
    assert fields[1]["Action"] == "failed" and "Original-Envelope-Id" not in fields[0]
    assert len(sink.mails) == 2


def test_a_bounce_speaks_french(place):
    """And is in 7 bits, as all mail, for a server that takes no more."""
    sink = refusing(place, offers=("PIPELINING",))
    facteur = place.facteur(sink.port, more="bounce-language fr en\n")
    smtp.send(facteur.port, "writer@sink.test", ["bad@sink.test"], smtp.message())
    bounce = sink.wait()[0]
    bounce.data.decode("ascii")
    parsed, words, fields, _ = parts(bounce)
    assert parsed["Subject"] == "Message non distribué"
    text = words.get_content()
    assert "Cette boîte aux lettres n'existe pas" in text and "There is no such mailbox" in text
    assert fields[1]["Status"] == "5.1.1"


def test_a_delay_names_the_server_that_said_so(place):
    """Both who put it off, and after the lifetime, who is to blame, are in the fields."""
    def busy(session, argument):
        return "450 4.2.1 come again" if "busy" in argument else None
    sink = place.sink(script={"RCPT": busy})
    facteur = place.facteur(sink.port, more="queue { retry 1s; warn 2s; lifetime 6s }\n",
                            zone="sink.test MX 10 mx.sink.test\n")
    smtp.send(facteur.port, "writer@sink.test", ["busy@sink.test"], smtp.message())
    delayed, failed = [parts(mail) for mail in sink.wait(2)]
    for (_, words, fields, _), action in ((delayed, "delayed"), (failed, "failed")):
        fields = recipient_fields(fields)
        assert fields["Action"] == action
        assert fields["Remote-MTA"].replace(" ", "") == "dns;127.0.0.1"
        assert fields["Diagnostic-Code"].replace(" ", "") == "smtp;4504.2.1comeagain"
    assert "tried again and again" in failed[1].get_content()
    assert delayed[2][1]["Will-Retry-Until"]
