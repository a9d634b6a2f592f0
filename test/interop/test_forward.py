"""Users of the machine who say in a .forward where their mail goes."""
import mailbox
import os
import pathlib

import harness
import pytest
import smtp

SETUP = """
set -e
mount --make-rprivate /
cp /etc/passwd "$1/passwd"
cp /etc/group "$1/group"
number=4300
for user in anna bob carl dora; do
    number=$((number + 1))
    echo "$user:x:$number:$number::$1/home/$user:/bin/sh" >> "$1/passwd"
    echo "$user:x:$number:" >> "$1/group"
    mkdir -p "$1/home/$user"
    chown $number:$number "$1/home/$user"
done
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
echo set up
exec sleep 3600
"""

PROGRAM = """#!/bin/sh
set -e
{ id -un; echo "$1 $RECIPIENT $SENDER"; cat; } > "$HOME/program.new"
mv "$HOME/program.new" "$HOME/program.out"
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="users and mounts are root's")


class Homes:
    """A server with four users, who are on no other machine."""

    def __init__(self, place, words=""):
        self.base = pathlib.Path(place.folder) / "users"
        self.base.mkdir()
        self.space = place.keep(harness.Daemon("space", place.folder, [
            "unshare", "--mount", "sh", "-c", SETUP, "sh", str(self.base)]))
        self.space.stop = self.space.destroy
        self.space.launch()
        self.space.wait_until(lambda: "set up" in self.space.log, "the users")
        self.sink = place.sink()
        self.facteur = place.facteur(self.sink.port, start=False, more=f"""
postmaster chief@sink.test
domain home.test {{
    aliases aliases
    mailboxes {{ maildir {self.base}/home/{{local}}/Maildir; as "{{local}}"; forward {words} }}
    recipients people
}}
""", files={"aliases": "team: anna, bob\n", "people": "anna\nbob\ncarl\ndora\nroot\n"})
        self.facteur.enter = ["nsenter", "--mount", "--target", str(self.space.process.pid)]
        self.facteur.command = [*self.facteur.enter, *self.facteur.command]
        self.facteur.start()

    def put(self, user, text, name=".forward", mode=0o644):
        path = self.base / "home" / user / name
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, *[os.stat(path.parent).st_uid] * 2)
        return path

    def box(self, user):
        return [mail for mail in mailbox.Maildir(self.base / "home" / user / "Maildir", create=False)] \
            if (self.base / "home" / user / "Maildir").exists() else []

    def send(self, *recipients, **more):
        smtp.send(self.facteur.port, "writer@sink.test", list(recipients), smtp.message(**more))

    def ignored(self):
        return [event["reason"] for event in self.facteur.events("forward-ignored")]


def test_mail_goes_where_the_user_says(place):
    homes = Homes(place, "programs files")
    program = homes.base / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    homes.base.chmod(0o755)
    homes.put("anna", "# away\n\\anna, anna@sink.test\nx@sink.test\n")
    homes.put("anna", "lists@sink.test\n", ".forward+lists")
    homes.put("bob", f'"|{program} hello"\n')
    homes.put("carl", f"{homes.base}/home/carl/mbox\n")
    homes.put("dora", "\n")
    homes.send("anna@home.test", subject="one")
    homes.send("anna+lists@home.test", subject="two")
    homes.send("anna+other@home.test", subject="three")
    homes.send("bob@home.test", subject="four")
    homes.send("carl@home.test", subject="five")
    homes.send("dora@home.test", subject="six")
    homes.facteur.wait_empty()

    assert [mail["Subject"] for mail in homes.box("anna")] in (["one", "three"], ["three", "one"])
    for mail in homes.box("anna"):
        assert mail.get_all("Delivered-To") in (["anna@home.test"], ["anna+other@home.test"])
        assert mail["Return-Path"] == "<writer@sink.test>"
        path = homes.base / "home" / "anna" / "Maildir" / "new"
        assert {os.stat(p).st_uid for p in path.iterdir()} == {4301}
    sent = homes.sink.wait(3)
    assert sorted(sorted(mail.recipients) for mail in sent) == [
        ["anna@sink.test", "x@sink.test"], ["anna@sink.test", "x@sink.test"], ["lists@sink.test"]]
    for mail in sent:
        assert mail.data.startswith(b"Delivered-To: anna") and mail.sender == "writer@sink.test"
    user, said, rest = (homes.base / "home/bob/program.out").read_text().split("\n", 2)
    assert user == "bob" and said == "hello bob@home.test writer@sink.test"
    assert rest.startswith("Return-Path: <writer@sink.test>\n") and "Subject: four" in rest
    (mail,) = mailbox.mbox(homes.base / "home/carl/mbox")
    assert mail["Subject"] == "five" and mail.get_all("Delivered-To") == ["carl@home.test"]
    assert os.stat(homes.base / "home/carl/mbox").st_uid == 4303
    assert [mail["Subject"] for mail in homes.box("dora")] == ["six"]
    assert not homes.ignored()
    assert len(homes.facteur.told("forwarded", 5)) == 5
    assert ".forward" in homes.facteur.cli("alias", "anna@home.test")


def test_what_is_not_followed_comes_into_the_mailbox(place):
    homes = Homes(place)
    cases = [("anna", "x@sink.test\n", 0o666, "everybody may write it"),
             ("bob", "|/bin/cat\n", 0o644, "no program may stand in this file"),
             ("carl", "x@sink.test y@@\n", 0o644, ".forward:1:"),
             ("dora", "nobody-at-all\n", 0o644, "nobody here has this address")]
    for user, text, mode, _ in cases:
        homes.put(user, text, mode=mode)
        homes.send(f"{user}@home.test", subject=user)
    homes.facteur.wait_empty()
    for user, _, _, reason in cases:
        assert [mail["Subject"] for mail in homes.box(user)] == [user]
        assert any(reason in said for said in homes.ignored()), (reason, homes.ignored())
    path = homes.put("anna", "x@sink.test\n")
    os.chown(path, 4302, 4302)  # bob's
    homes.send("anna@home.test", subject="again")
    homes.facteur.wait_empty()
    assert len(homes.box("anna")) == 2 and "belongs to somebody else" in homes.ignored()[-1]
    homes.send("root@home.test")  # by nobody's rights
    assert b"rights of root" in homes.sink.wait()[0].data


def test_forwards_that_lead_to_each_other_end(place):
    homes = Homes(place)
    homes.put("anna", "bob\n")
    homes.put("bob", "team\n")  # anna and bob
    homes.put("carl", "carl+more, carl@sink.test\n")
    homes.send("anna@home.test", subject="circle")
    bounce = homes.sink.wait()[0]
    homes.facteur.wait_empty()
    assert b"Mail forwarding loop" in bounce.data and b"5.4.6" in bounce.data
    assert bounce.recipients == ["writer@sink.test"]
    homes.send("carl@home.test", subject="self")
    homes.facteur.wait_empty()
    assert [mail["Subject"] for mail in homes.box("carl")] == ["self"]


def test_reports_of_forwarded_mail(place):
    """NOTIFY goes with it: the sender hears of the next hop's refusal, in his own words."""
    homes = Homes(place)
    homes.put("anna", "x@closed.home.test\n")
    homes.facteur.write("conf.d/30-more.conf",
                        "route closed.home.test { error 5.7.1 \"closed today\" }\n")
    homes.facteur.cli("compile")
    homes.facteur.cli("reload")
    for wishes in ("ORCPT=rfc822;anna@home.test", "NOTIFY=NEVER"):
        with smtp.Client(homes.facteur.port) as client:
            client.hello()
            client.say("MAIL FROM:<writer@sink.test>", 250)
            client.say(f"RCPT TO:<anna@home.test> {wishes}", 250)
            client.say("DATA", 354)
            client.say("Subject: closed\r\n\r\n.", 250)
    homes.facteur.wait_empty()
    (bounce,) = homes.sink.wait()
    assert b"closed today" in bounce.data and b"x@closed.home.test" in bounce.data
    assert b"Original-Recipient: rfc822;anna@home.test" in bounce.data.replace(b"; ", b";").replace(
        b"Recipient:rfc", b"Recipient: rfc")
    assert homes.facteur.event("given-up-as-asked")
