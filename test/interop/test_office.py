"""The courier's office runs what the configuration names, whoever asks: mail that is in strangers' hands, too."""
import contextlib
import os
import pathlib

import pytest

import harness
import office
import smtp

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

USER, OTHER = "daemon", "games"  # Debian has both

MARK = """#!/bin/sh
cat > /dev/null
id -un > "$(dirname "$0")/out/$(basename "$0").$1"
"""


@pytest.fixture
def facteur(place):
    made = place.facteur(start=False, more=f"""
postmaster box@home.test
transport mark {{ pipe "{place.folder}/facteur/mark {{recipient}}"; as {USER} }}
domain home.test {{ }}
mailbox box@home.test {{ transport mark }}
mailbox ada@home.test {{ maildir {place.folder}/facteur/out/ada; as {USER} }}
domain all.test {{
    mailboxes {{ maildir {place.folder}/facteur/out/{{local}}; as "{{local}}" }}
    recipients people
}}
""", files={"people": f"{USER}\nroot\n"})
    (made.dir / "out").mkdir()
    os.chown(made.dir / "out", 1, 1)
    for name in ("mark", "late"):
        made.write(name, MARK)
        os.chmod(made.dir / name, 0o755)
    made.dir.chmod(0o755)
    return made.start()


def send(facteur, *recipients):
    assert smtp.send(facteur.port, "a@client.test", list(recipients), smtp.message()).code == 250
    facteur.wait_empty()


def out(facteur):
    return {path.name for path in (facteur.dir / "out").iterdir()}


def test_a_compromised_mail_runs_nothing_else(facteur):
    mark, evil = f"{facteur.dir}/mark", f"{facteur.dir}/out/evil"
    shell = ["/bin/sh", "-c", f"id -un > {evil}"]
    send(facteur, "box@home.test", "ada@home.test")
    assert (facteur.dir / "out" / "mark.box@home.test").read_text().strip() == USER
    with office.Office(facteur) as there:
        assert there.run(USER, "box@home.test", [mark, "direct"]) == ("", "")  # it is the office's language
        assert there.put(USER, "ada@home.test", f"{facteur.dir}/out/ada") == ("", "")
        before = out(facteur)
        assert not facteur.events("courier-refused")
        refused = [
            there.run(OTHER, "box@home.test", shell),
            there.run(USER, "box@home.test", shell),
            there.run(USER, "box@home.test", shell, into=f"|{' '.join(shell)}"),
            there.run("root", "box@home.test", [mark, "x"]),
            there.run("", "box@home.test", [mark, "x"]),  # with the rights of mail's user
            there.run(USER, "box@home.test", [mark, "x", "y"]),
            there.run(USER, "box@home.test", [mark, "x"], environment=(f"LD_PRELOAD={evil}.so",)),
            there.run(USER, "box@home.test", [f"{facteur.dir}/late", "x"]),
            there.put(USER, "ada@home.test", evil),
            there.put(OTHER, "ada@home.test", f"{facteur.dir}/out/ada"),
            there.put("root", "ada@home.test", f"{facteur.dir}/out/ada"),
            there.look(USER, "ada@home.test"),
        ]
    assert [status for status, _ in refused] == ["4.3.5"] * len(refused)
    assert all("configuration" in text for _, text in refused)
    assert out(facteur) == before
    told = facteur.told("courier-refused", len(refused))
    assert len(told) == len(refused)
    assert told[1]["to"] == "box@home.test" and told[1]["reason"] == (
        "the configuration in force does not name the program /bin/sh for <box@home.test> "
        f"as user '{USER}'")


def test_a_reload_is_followed(facteur):
    late = f"{facteur.dir}/late"
    send(facteur, "ada@home.test")  # its child lives on, by the old configuration
    with office.Office(facteur) as there:
        assert there.run(OTHER, "new@home.test", [late, "early"])[0] == "4.3.5"
        facteur.write("conf.d/30-late.conf", f"""
mailbox new@home.test {{ pipe "{late} {{recipient}}"; as {OTHER} }}
mailbox eva@home.test {{ maildir {facteur.dir}/out/eva; as {USER} }}
""")
        (facteur.dir / "out").chmod(0o777)
        facteur.cli("compile")
        facteur.cli("reload")
        send(facteur, "new@home.test", "eva@home.test", "box@home.test")
        assert there.run(OTHER, "new@home.test", [late, "direct"]) == ("", "")
        assert {"late.new@home.test", "late.direct", "eva", "mark.box@home.test"} <= out(facteur)
        assert len(facteur.events("courier-refused")) == 1  # nobody had to try twice
        (facteur.dir / "conf.d" / "30-late.conf").unlink()
        facteur.cli("compile")
        facteur.cli("reload")
        assert there.run(OTHER, "new@home.test", [late, "again"])[0] == "4.3.5"
    assert "late.again" not in out(facteur)


def test_what_is_refused_waits(facteur):
    """A generation that mail has not taken up yet names less than mail knows: nothing is lost."""
    conf = (facteur.dir / "conf.d" / "20-more.conf").read_text()
    facteur.write("conf.d/20-more.conf", conf.replace("mark {recipient}", "late {recipient}"))
    facteur.cli("compile")
    assert smtp.send(facteur.port, "a@client.test", ["box@home.test"], smtp.message()).code == 250
    facteur.wait_reason("4.3.5")
    facteur.cli("reload")
    facteur.cli("queue", "retry", "--to", "box@home.test")
    facteur.wait_empty()
    assert "late.box@home.test" in out(facteur)


def children(facteur):
    courier = facteur.process_of("courier")
    return pathlib.Path(f"/proc/{courier}/task/{courier}/children").read_text().split()


def test_no_child_keeps_the_former_rules(facteur):
    """A compromised mail opens streams beforehand, and tells nobody of the reload."""
    mark, ada = f"{facteur.dir}/mark", f"{facteur.dir}/out/ada"
    with office.Office(facteur) as there, there.open(b"!", USER) as program, \
            there.open(b"=", USER) as files, there.open(b"=", USER) as idle:
        assert there.put(USER, "ada@home.test", ada, stream=files) == ("", "")
        former = children(facteur)
        assert len(former) == 3
        conf = (facteur.dir / "conf.d" / "20-more.conf").read_text()
        facteur.write("conf.d/20-more.conf", conf.replace("mark {recipient}", "late {recipient}")
                      .replace("out/ada", "out/eva"))
        facteur.cli("compile")
        # those that are at rest go by themselves; the streams have others, who know better
        harness.wait_for(lambda: len(children(facteur)) == 3 and not set(former) & set(children(facteur)),
                         "other children")
        assert there.put(USER, "ada@home.test", ada, stream=files)[0] == "4.3.5"
        assert there.run(USER, "box@home.test", [mark, "x"], stream=program)[0] == "4.3.5"
        assert there.put(USER, "ada@home.test", f"{facteur.dir}/out/eva", stream=idle) == ("", "")
        assert {"mark.x"} & out(facteur) == set()
        facteur.cli("reload")
        before = len(facteur.events("courier-refused"))
        send(facteur, "box@home.test", "ada@home.test")
        assert "late.box@home.test" in out(facteur)
        assert len(facteur.events("courier-refused")) == before


def test_the_children_are_counted(facteur):
    limit = 256
    with office.Office(facteur) as there, contextlib.ExitStack() as streams:
        for _ in range(limit):
            streams.enter_context(there.open(b"=", USER))
        for what_for in b"=", b"!":
            with there.open(what_for, USER) as more:
                more.settimeout(120)  # before it others are made
                status, text = there.answer(more)
            assert status == "4.3.0" and f"{limit} deliveries" in text
        assert len(children(facteur)) == limit
        assert len(facteur.told("courier-full", 1)) == 1
        assert smtp.send(facteur.port, "a@client.test", ["ada@home.test"], smtp.message()).code == 250
        facteur.wait_reason("4.3.0")
        assert f"{limit} deliveries" in facteur.told("not-delivered", 1)[0]["reason"]
    harness.wait_for(lambda: not children(facteur), "the end of the children")
    facteur.cli("queue", "retry", "--to", "ada@home.test")
    facteur.wait_empty()
    assert "ada" in out(facteur)


def test_nobody_of_the_system_is_a_local_part(facteur):
    """root and daemons have no mailbox because somebody writes to them, and their names are no way in."""
    with office.Office(facteur) as there:
        for user in USER, OTHER, "root", "nobody":
            status, text = there.put(user, f"{user}@all.test", f"{facteur.dir}/out/{user}")
            assert status == "4.3.5"
            assert "the configuration in force does not name" in text
        told = facteur.told("courier-refused", 4)
        # who is named elsewhere may do there what is said, and nothing here
        assert f"the file or folder {facteur.dir}/out/{USER}" in told[0]["reason"]
        assert f"'{OTHER}'" in told[1]["reason"] and "UID_MIN is" in told[1]["reason"]
    assert smtp.send(facteur.port, "a@client.test", [f"{USER}@all.test"], smtp.message()).code == 250
    facteur.wait_reason("4.3.5")
    assert USER not in out(facteur)
