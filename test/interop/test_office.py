"""The courier's office runs what the configuration names, whoever asks: mail that is in strangers' hands, too."""
import os

import pytest

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
""")
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
