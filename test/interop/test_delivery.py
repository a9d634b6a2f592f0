"""The last hop: LMTP to Dovecot, Maildir, the rest; and aliases on the way to it."""
import email
import os
import re

import smtp


def hosted(mailboxes, aliases=""):
    """The configuration of a hosted domain, home.test."""
    more = "domain home.test { aliases home.aliases }\npostmaster pm@elsewhere.test\n"
    return more + mailboxes, {"home.aliases": aliases}


def test_dovecot_lmtp(place):
    """One status a recipient: the full box is bounced, the other gets the mail."""
    dovecot = place.dovecot(["ada", "bob"])
    sink = place.sink()
    more, files = hosted("".join(
        f"mailbox {user}@home.test {{ lmtp unix:{dovecot.socket} }}\n" for user in ("ada", "bob", "eve")))
    facteur = place.facteur(sink.port, more=more, files=files)
    smtp.send(facteur.port, "a@client.test", ["ada@home.test", "bob@home.test", "eve@home.test"],
              smtp.message("By LMTP"))
    bounce = sink.wait()[0]
    assert bounce.sender == "" and b"eve@home.test" in bounce.data
    facteur.wait_empty()
    for user in ("ada", "bob"):
        (mail,) = dovecot.box(user)
        assert b"Subject: By LMTP" in mail


def test_maildir(place):
    """Written into tmp, found in new, once; lines end in LF, and Return-Path stands on top."""
    more, files = hosted("mailbox ada@home.test { maildir box/{domain}/{local} }\n")
    facteur = place.facteur(start=False, more=more, files=files)
    box = facteur.folder("box") / "home.test" / "ada"
    facteur.start()
    smtp.send(facteur.port, "a@client.test", ["Ada@Home.test"], smtp.message("In a box", ".dot\r\n"))
    facteur.wait_empty()
    (name,) = os.listdir(box / "new")
    assert os.listdir(box / "tmp") == [] and os.listdir(box / "cur") == []
    data = (box / "new" / name).read_bytes()
    assert b"\r" not in data
    parsed = email.message_from_bytes(data)
    assert parsed["Return-Path"] == "<a@client.test>"
    assert parsed["Delivered-To"].lower() == "ada@home.test"
    assert parsed.get_payload() == ".dot\n"
    assert facteur.events("accepted")[0]["message_id"] == parsed["Message-ID"]


TAKER = """#!/bin/sh
# Writes down what it was called with and given; ends as the recipient's name says.
cd "$1" && shift
case "$1" in
later@*) echo "4.2.1 not today"; exit 75 ;;
never@*) echo "No room for you"; exit 77 ;;
hangs@*) exec sleep 600 ;;
esac
out=$(mktemp ./box.XXXXXX)
{ for word; do echo "argument $word"; done; env | sort; echo "--"; cat; } > "$out"
mv "$out" "$out.mail"
"""


def piped(place, more, **words):
    sink = place.sink()
    facteur = place.facteur(sink.port, start=False, more=f"""
domain home.test {{ catch-all taker }}
postmaster pm@elsewhere.test
queue {{ retry 1h }}
{more}
""", **words)
    box = facteur.folder("taken")
    program = facteur.dir / "taker"
    program.write_text(TAKER)
    program.chmod(0o755)
    conf = facteur.dir / "conf.d" / "30-pipe.conf"
    conf.write_text(f"""
transport taker {{
    pipe "{program} {box} {{recipient}} {{nexthop}} {{sender}} {{id}} x{{local}}"
    return-path; delivered-to; timeout 2s
}}
mailbox taker@home.test {{ transport taker }}
mailbox never@home.test {{ transport taker }}
mailbox later@home.test {{ transport taker }}
mailbox hangs@home.test {{ transport taker }}
mailbox -x@home.test {{ transport taker }}
""")
    return sink, facteur.start(), box


def test_pipe(place):
    """A program gets arguments without a shell, a small environment, and lines that end in LF."""
    _, facteur, box = piped(place, "")
    smtp.send(facteur.port, "a$IFS&{x}|y@client.test", ["Taker+Tag@home.test"],
              smtp.message("Into a pipe", ".dot\r\n"))
    facteur.wait_empty()
    (name,) = os.listdir(box)
    text = (box / name).read_text()
    head, _, mail = text.partition("--\n")
    words = re.findall("^argument (.*)$", head, re.M)
    assert words[:3] == ["Taker+Tag@home.test", "home.test", "a$IFS&{x}|y@client.test"]
    assert re.fullmatch("[0-9A-Z]{13}", words[3]) and words[4:] == ["xtaker"]
    names = {line.partition("=")[0] for line in head.splitlines() if "=" in line}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "PATH", "SHELL", "HOME", "USER", "LOGNAME", "RECIPIENT", "SENDER", "NEXTHOP", "LOCAL",
        "DOMAIN", "QUEUE_ID"}
    parsed = email.message_from_string(mail)
    assert parsed["Return-Path"] == "<a$IFS&{x}|y@client.test>"
    assert parsed["Delivered-To"] == "Taker+Tag@home.test"
    assert parsed.get_payload() == ".dot\n" and "\r" not in mail


def test_what_a_program_says(place):
    """Its exit code decides, its words are told, its time is bounded; no address is an option."""
    sink, facteur, box = piped(place, "")
    smtp.send(facteur.port, "a@client.test", ["never@home.test"], smtp.message())
    bounce = sink.wait(1)[0]
    assert bounce.sender == "" and b"No room for you" in bounce.data and b"5.7.0" in bounce.data
    smtp.send(facteur.port, "a@client.test", ["later@home.test"], smtp.message())
    facteur.wait_until(lambda: "not today" in facteur.log, "put off")
    smtp.send(facteur.port, "a@client.test", ["hangs@home.test"], smtp.message())
    facteur.wait_until(lambda: "hangs@home.test" in facteur.cli("queue", "list") and "took longer than 2s" in facteur.log, "killed")
    smtp.send(facteur.port, "a@client.test", ["-x@home.test"], smtp.message())
    assert b"would be an option" in sink.wait(2)[1].data
    assert os.listdir(box) == []
    assert "later@home.test" in facteur.cli("queue", "list")


def test_discard_and_error(place):
    sink = place.sink()
    facteur = place.facteur(sink.port, more="""
transport nowhere { discard }
transport closed { error 5.2.1 This mailbox is closed }
route gone.test { transport nowhere }
route closed.test { transport closed }
""")
    smtp.send(facteur.port, "a@client.test", ["x@gone.test"], smtp.message())
    smtp.send(facteur.port, "a@client.test", ["x@closed.test"], smtp.message())
    bounce = sink.wait()[0]
    assert b"5.2.1" in bounce.data and b"This mailbox is closed" in bounce.data
    facteur.wait_empty()
    assert len(sink.mails) == 1


def test_aliases(place):
    """Nested, several targets, an external one, /dev/null, owner-, a sub-address, postmaster."""
    sink = place.sink()
    more, files = hosted(f"mailbox ada@home.test {{ smtp 127.0.0.1:{sink.port} }}\n"
                         f"mailbox bob@home.test {{ smtp 127.0.0.1:{sink.port} }}\n", """\
# people
team: ada, friends
friends: bob, "carol"@outside.test, team-archive
team-archive: :include:archive
list: ada, bob
owner-list: bob
devnull: /dev/null
postmaster: ada
""")
    files["archive"] = "dora@outside.test\n"
    facteur = place.facteur(sink.port, more=more, files=files)

    def arrives(recipient, wanted, sender="a@client.test"):
        seen = len(sink.mails)
        smtp.send(facteur.port, "a@client.test", [recipient], smtp.message())
        facteur.wait_empty()
        new = sink.mails[seen:]
        assert sorted(sum((m.recipients for m in new), [])) == sorted(wanted)
        assert all(m.sender == sender for m in new)

    arrives("team@home.test", ["ada@home.test", "bob@home.test", "carol@outside.test",
                               "dora@outside.test"])
    arrives("TEAM@HOME.TEST", ["ada@home.test", "bob@home.test", "carol@outside.test",
                               "dora@outside.test"])
    arrives("devnull@home.test", [])
    arrives("postmaster@home.test", ["ada@home.test"])
    arrives("list@home.test", ["ada@home.test", "bob@home.test"], "owner-list@home.test")
    arrives("ada+news@home.test", ["ada+news@home.test"])

    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<a@client.test>", 250)
        assert client.say("RCPT TO:<nobody@home.test>", 550).status == "5.1.1"

    steps = facteur.cli("alias", "team@home.test")
    assert re.search(r"home\.aliases:2\b", steps) and "dora@outside.test" in steps


def test_lmtp_over_tcp_one_status_a_recipient(place):
    def end(session, recipient):
        return "452 4.2.2 Full" if recipient.startswith("full") else None

    lmtp = place.sink(lmtp=True, script={"END": end})
    sink = place.sink()
    more, files = hosted("".join(f"mailbox {user}@home.test {{ lmtp 127.0.0.1:{lmtp.port} }}\n"
                                 for user in ("ada", "full")))
    facteur = place.facteur(sink.port, more=more, files=files)
    smtp.send(facteur.port, "a@client.test", ["ada@home.test", "full@home.test"], smtp.message())
    assert "ada@home.test" in lmtp.wait()[0].recipients
    facteur.wait_reason("4.2.2")
    (entry,) = facteur.queue()
    assert [r["address"] for r in entry["recipients"] if r["state"] == "waiting"] == ["full@home.test"]
