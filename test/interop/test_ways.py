"""Aliases that lead into programs and files, domains whose mailboxes another server has, routes by sender."""
import mailbox
import os
import pathlib
import time

import harness
import smtp

QUEUE = """#!/bin/sh
# As Sympa's queue and bouncequeue: the list is the argument, the message the input.
set -e
out=$(mktemp "$(dirname "$0")/out/$(basename "$0").$1.XXXXXX")
cat > "$out"
"""


def sympa(place, **more):
    """Debian's default aliases of Sympa, in their own file, and the admin's beside it."""
    sink = place.sink()
    facteur = place.facteur(sink.port, start=False, more=f"""
postmaster chief@sink.test
domain hosted.test {{
    aliases admin.aliases
    aliases sympa_aliases {{ programs as {harness.SERVER_USER}; files as {harness.SERVER_USER} }}
}}
""", **more)
    out = facteur.folder("out")
    for name in ("queue", "bouncequeue"):
        facteur.write(name, QUEUE)
        os.chmod(facteur.dir / name, 0o755)
    facteur.dir.chmod(0o755)
    return sink, facteur, out


def sympa_aliases(facteur):
    queue = facteur.dir / "queue"
    return f"""\
## main sympa aliases
sympa:                 "| {queue} sympa@hosted.test"
bounce+*:              "| {facteur.dir}/bouncequeue sympa@hosted.test"
news:                  "| {queue} news@hosted.test"
news-request:          "| {queue} news-request@hosted.test"
news-owner:            "| {facteur.dir}/bouncequeue news@hosted.test", a@sink.test
"""


def given(out, name):
    return [path for path in out.iterdir() if path.name.startswith(name) and path.stat().st_size > 0]


def test_debians_aliases_of_sympa(place):
    sink, facteur, out = sympa(place)
    facteur.write("admin.aliases", "info: chief@sink.test\n")
    facteur.write("sympa_aliases", sympa_aliases(facteur).replace("bounce+*:", "bounce:"))
    facteur.start()
    for recipient in ("news@hosted.test", "bounce+u1==a==d1.test==news@hosted.test", "news-owner@hosted.test"):
        smtp.send(facteur.port, "writer@sink.test", [recipient], smtp.message(body="To the list.\r\n"))
    facteur.wait_empty()
    (path,) = given(out, "queue.news@hosted.test")
    assert path.read_bytes().endswith(b"To the list.\n") and b"\r" not in path.read_bytes()
    assert given(out, "bouncequeue.sympa@hosted.test") and given(out, "bouncequeue.news@hosted.test")
    assert sink.wait()[0].recipients == ["a@sink.test"]
    shown = facteur.cli("alias", "news@hosted.test")
    assert "pipe |" in shown and "sympa_aliases:4" in shown
    with smtp.Client(facteur.port) as client:  # no stranger writes a command
        client.hello()
        client.say("MAIL FROM:<x@y.test>", 250)
        client.say(f'RCPT TO:<"|{facteur.dir}/queue x@hosted.test"@hosted.test>', 550)


def test_only_where_it_is_allowed(place):
    _, facteur, _ = sympa(place)
    facteur.write("sympa_aliases", "")
    for line, wrong in (('x: "|/bin/cat"', "no program may stand in this file"),
                        ("x: /tmp/x", "no file but /dev/null may stand here")):
        facteur.write("admin.aliases", line + "\n")
        said = facteur.cli("check", code=1)
        assert "admin.aliases:1:4" in said and wrong in said
    facteur.write("admin.aliases", "")
    facteur.write("sympa_aliases", 'x: "|/bin/cat | /bin/cat"\n')
    assert "needs a shell" in facteur.cli("check", code=1)
    facteur.write("conf.d/30-more.conf", "domain more.test { aliases none { programs as nobody-at-all } }\n")
    facteur.write("none", "")
    facteur.write("sympa_aliases", "")
    assert "nobody-at-all" in facteur.cli("check", code=1)


def test_files_in_mbox_and_maildir_form(place):
    """Ten at once into one mbox: none is mixed with another, From lines are quoted."""
    sink, facteur, out = sympa(place)
    facteur.write("admin.aliases", "")
    facteur.write("sympa_aliases", f"box: {out}/mbox\ndir: {out}/maildir/\nnone: {out}/missing/box\n")
    facteur.start()
    with smtp.Client(facteur.port) as client:
        client.hello()
        for i in range(10):
            client.mail("writer@sink.test", ["box@hosted.test"],
                        smtp.message(subject=f"no. {i}", body="From here\r\n>From there\r\n" + "x" * 70000))
    smtp.send(facteur.port, "", ["dir@hosted.test"], smtp.message())
    facteur.wait_empty()
    mails = list(mailbox.mbox(out / "mbox"))
    assert sorted(mail["Subject"] for mail in mails) == [f"no. {i}" for i in range(10)]
    for mail in mails:
        assert mail.get_payload().startswith(">From here\n>>From there\n" + "x" * 70000)
        assert mail["Delivered-To"] == "box@hosted.test" and mail["Return-Path"] == "<writer@sink.test>"
        assert mail.get_from().startswith("writer@sink.test ")
    assert not (out / "mbox.lock").exists()
    assert len(list((out / "maildir" / "new").iterdir())) == 1
    (out / "mbox.lock").touch()  # another one has it
    smtp.send(facteur.port, "writer@sink.test", ["box@hosted.test"], smtp.message(subject="late"))
    time.sleep(1)
    assert len(list(mailbox.mbox(out / "mbox"))) == 10
    (out / "mbox.lock").unlink()
    facteur.wait_empty()
    assert len(list(mailbox.mbox(out / "mbox"))) == 11


def test_an_alias_that_changed_runs_nothing_old(place):
    """What waits for a program that the table does not name any more is returned."""
    sink, facteur, out = sympa(place)
    facteur.write("admin.aliases", "")
    facteur.write("later", "#!/bin/sh\nexit 75\n")
    os.chmod(facteur.dir / "later", 0o755)
    facteur.write("sympa_aliases", f"x: |{facteur.dir}/later\n")
    facteur.start()
    smtp.send(facteur.port, "writer@sink.test", ["x@hosted.test"], smtp.message())
    facteur.wait_reason("4.3.0")
    facteur.write("sympa_aliases", f"x: {out}/maildir/\n")
    facteur.cli("compile")
    facteur.cli("reload")
    facteur.cli("queue", "retry", "all")
    assert b"5.1.1" in sink.wait()[0].data
    facteur.wait_empty()


def test_another_server_has_the_mailboxes(place):
    inside = place.sink()
    sink = place.sink()
    lmtp = place.sink(lmtp=True)
    facteur = place.facteur(sink.port, more=f"""
postmaster chief@sink.test
domain hosted.test {{ relay 127.0.0.1:{inside.port}; recipients people; aliases a; catch-all chief@sink.test }}
domain boxes.test {{ mailboxes {{ lmtp 127.0.0.1:{lmtp.port} }}; recipients users }}
""", files={"people": "anna@hosted.test OK\nbob@else.test OK\n", "a": "info: anna\n",
            "users": "carl:{PLAIN}secret:1000:1000::/home/carl\n"})
    for recipient in ("anna@hosted.test", "anna+x@hosted.test", "info@hosted.test", "who@hosted.test",
                      "carl@boxes.test"):
        smtp.send(facteur.port, "writer@sink.test", [recipient], smtp.message())
    facteur.wait_empty()
    assert sorted(mail.recipients[0] for mail in inside.wait(3)) == [
        "anna+x@hosted.test", "anna@hosted.test", "anna@hosted.test"]
    assert lmtp.wait()[0].recipients == ["carl@boxes.test"]
    assert sink.wait()[0].recipients == ["chief@sink.test"]
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<x@y.test>", 250)
        client.say("RCPT TO:<dora@boxes.test>", 550)
    seen = facteur.log.count("domain=boxes.test table=recipients")
    facteur.write("users", "carl:\ndora:\n")  # a neighbour writes it, and no compile is needed
    harness.wait_for(lambda: facteur.log.count("domain=boxes.test table=recipients") > seen, "the new table")
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<x@y.test>", 250)
        client.say("RCPT TO:<dora@boxes.test>", 250)


def test_nobody_who_can_be_asked(place):
    """Mail for nobody would come back to strangers."""
    facteur = place.facteur(1, start=False, more="domain hosted.test { mailboxes { maildir /tmp/{local} } }\n")
    assert "recipients FILE" in facteur.cli("check", code=1)


def ask(facteur, *recipients):
    """The replies to RCPT, each in a session of its own."""
    replies = []
    for recipient in recipients:
        with smtp.Client(facteur.port) as client:
            client.hello()
            client.say("MAIL FROM:<x@y.test>", 250)
            replies.append(client.say(f"RCPT TO:<{recipient}>"))
    return replies


def test_the_server_behind_is_asked_and_remembered(place):
    asked = []

    def rcpt(session, argument):
        asked.append(argument)
        return None if "anna" in argument else "451 4.3.0 not now" if "later" in argument else "550 5.1.1 who?"
    for lmtp in (False, True):
        asked.clear()
        behind = place.sink(script={"RCPT": rcpt}, lmtp=lmtp)
        sink = place.sink()
        facteur = place.keep(harness.Facteur(f"{place.folder}/{lmtp}", sink.port, workers=1, more=f"""
postmaster chief@sink.test
domain hosted.test {{ mailboxes {{ {"lmtp" if lmtp else "smtp"} 127.0.0.1:{behind.port} }}; aliases a }}
call-out {{ keep-unknown 1s }}
""", files={"a": "info: anna, nobody\n"}))
        facteur.start()
        known, unknown, later, alias = ask(
            facteur, "anna@hosted.test", "nobody@hosted.test", "later@hosted.test", "info@hosted.test")
        assert known.code == 250 and later.code == 450
        assert unknown.code == 550 and "5.1.1" in unknown.text and "who?" in unknown.text
        assert alias.code == 550  # one of those behind it is nobody
        seen = len(asked)
        assert [r.code for r in ask(facteur, "anna@hosted.test", "Anna@hosted.test")] == [250, 250]
        assert len(asked) == seen  # remembered
        harness.wait_for(lambda: ask(facteur, "nobody@hosted.test") and len(asked) > seen, "to be asked anew")
        assert not behind.mails  # nobody got a message by that
        smtp.send(facteur.port, "writer@sink.test", ["anna@hosted.test"], smtp.message())
        assert behind.wait()[0].recipients == ["anna@hosted.test"]
        assert facteur.events("called-out")
        facteur.stop()


def test_a_server_that_cannot_be_asked(place):
    """It costs what the admin says, within the deadline; other recipients do not wait."""
    sink, dead = place.sink(), harness.free_port()
    silent = place.sink(script={"RCPT": smtp.SILENCE})
    for failure, code in (("defer", 450), ("accept", 250)):
        facteur = place.keep(harness.Facteur(f"{place.folder}/{failure}", sink.port, more=f"""
postmaster chief@sink.test
domain dead.test {{ relay 127.0.0.1:{dead} }}
domain silent.test {{ relay 127.0.0.1:{silent.port} }}
domain here.test {{ catch-all chief@sink.test }}
call-out {{ timeout 2s; on-failure {failure} }}
"""))
        facteur.start()
        assert ask(facteur, "x@dead.test")[0].code == code
        with smtp.Client(facteur.port) as waiting:
            waiting.hello()
            waiting.say("MAIL FROM:<x@y.test>", 250)
            waiting.send(b"RCPT TO:<x@silent.test>\r\n")
            assert ask(facteur, "x@here.test")[0].code == 250
            assert waiting.reply().code == code
        with smtp.Client(facteur.port) as impatient:  # who hangs up while we ask
            impatient.hello()
            impatient.say("MAIL FROM:<x@y.test>", 250)
            impatient.send(b"RCPT TO:<y@silent.test>\r\n")
        facteur.stop()


def test_what_was_delivered_here_before_runs_in_a_circle(place):
    sink, facteur, out = sympa(place)
    facteur.write("admin.aliases", "")
    facteur.write("sympa_aliases", f"box: {out}/maildir/\n")
    facteur.start()
    loop = "Delivered-To: BOX@hosted.test\r\n"
    smtp.send(facteur.port, "writer@sink.test", ["box@hosted.test"], loop + smtp.message())
    assert b"5.4.6" in sink.wait()[0].data
    smtp.send(facteur.port, "writer@sink.test", ["box@hosted.test"], loop.replace("BOX", "other") + smtp.message())
    facteur.wait_empty()
    assert len(list((out / "maildir" / "new").iterdir())) == 1


def test_routes_by_sender(place):
    sink, special = place.sink(), place.sink()
    facteur = place.facteur(sink.port, more=f"""
transport special {{ smtp 127.0.0.1:{special.port} }}
transport near {{ smtp 127.0.0.1:{sink.port} }}
route near.test {{ transport near }}
route-from a.test <> {{ transport special }}
""")
    for sender, recipient in (("x@a.test", "1@far.test"), ("x@b.test", "2@far.test"), ("x@a.test", "3@near.test"),
                              ("", "4@far.test")):
        smtp.send(facteur.port, sender, [recipient], smtp.message())
    facteur.wait_empty()
    assert sorted(mail.recipients[0] for mail in special.wait(2)) == ["1@far.test", "4@far.test"]
    assert sorted(mail.recipients[0] for mail in sink.wait(2)) == ["2@far.test", "3@near.test"]


def test_a_pipe_that_never_ends_costs_what_is_written(place):
    """Its timeout and its one slot: other mail, other programs and a stop go on; no child is left."""
    sink = place.sink()
    facteur = place.facteur(sink.port, start=False, more="queue { retry 1h }\n")
    facteur.write("forever", "#!/bin/sh\necho $$ >> $(dirname $0)/out/pids\nsleep 1000 & cat > /dev/null\nsleep 1000\n")
    os.chmod(facteur.dir / "forever", 0o755)
    facteur.dir.chmod(0o755)
    out = facteur.folder("out")
    facteur.write("conf.d/30-pipe.conf", f"""
transport forever {{ pipe {facteur.dir}/forever; connections 1; timeout 4s }}
route forever.test {{ transport forever }}
""")
    facteur.start()
    for i in range(3):
        smtp.send(facteur.port, "writer@sink.test", [f"{i}@forever.test"], smtp.message())
    harness.wait_for(lambda: (out / "pids").exists(), "the first program")
    began = time.monotonic()
    for i in range(50):  # while it hangs, everything else flows
        smtp.send(facteur.port, "writer@sink.test", [f"{i}@sink.test"], smtp.message())
    sink.wait(50)
    assert time.monotonic() - began < 60
    assert len((out / "pids").read_text().split()) <= 3
    harness.wait_for(lambda: facteur.reasons().count("4.3.0") == 3, "all three to time out", 60)
    pids = (out / "pids").read_text().split()
    assert len(pids) == 3  # one after the other

    def gone():
        return not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids)
    harness.wait_for(gone, "the programs to be gone, and their children with them")
    facteur.stop()
