"""facteur dkim genkey beside opendkim-genkey, and facteur dkim status."""
import json
import re
import shutil
import stat
import subprocess

import pytest

import harness


def dkim(*words, code=0):
    result = subprocess.run([harness.FACTEUR, "dkim", *map(str, words)], capture_output=True,
                            timeout=harness.PATIENCE * 2, text=True)
    harness.ended_well(result.stderr)
    assert result.returncode == code, (words, result)
    return result


def shape(text):
    """A record with the letters of its key left out."""
    return re.sub(r"[A-Za-z0-9+/=]{30,}", lambda run: f"<{len(run.group())}>", text)


def published(zone_file):
    """The record that a file of genkey stands for."""
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', zone_file.read_text())).replace('\\"', '"')


@pytest.mark.parametrize("words", [
    [], ["-b", "1024"], ["-b", "4096"], ["-a"], ["-r"], ["-S"], ["-t"], ["-t", "-S", "-r", "-a"],
    ["-n", "our first key"], ["-h", "sha256:sha1"], ["--testmode", "--restrict", "--nosubdomains"],
    ["--append-domain", "--note=x", "--hash-algorithms=sha256", "--bits=1024"], ["--subdomains"],
])
def test_genkey_writes_what_opendkim_genkey_writes(tmp_path, words):
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    every = ["-d", "chapril.org", "-s", "mail", *words]
    dkim("genkey", "-D", tmp_path / "ours", *every)
    subprocess.run(["opendkim-genkey", "-D", tmp_path / "theirs", *every], check=True)
    ours, theirs = ((tmp_path / who / "mail.txt").read_text() for who in ("ours", "theirs"))
    assert shape(ours) == shape(theirs)
    for who in ("ours", "theirs"):
        private = tmp_path / who / "mail.private"
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
        bits = subprocess.run(["openssl", "pkey", "-in", private, "-noout", "-text"], check=True,
                              capture_output=True, text=True).stdout.splitlines()[0]
        assert ("1024" in bits) == ("1024" in " ".join(words))
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == ["mail.private", "mail.txt"]


def test_genkey_for_the_dns(tmp_path):
    """A name server takes both records, and opendkim-testkey the key."""
    dkim("genkey", "-D", tmp_path, "-d", "chapril.org", "-s", "mail", "-b", "4096")
    dkim("genkey", "-D", tmp_path, "-d", "chapril.org", "-s", "ed", "-k", "ed25519", "-a", "-t")
    (tmp_path / "zone").write_text(
        "$ORIGIN chapril.org.\n$TTL 60\n@ IN SOA ns root 1 1 1 1 1\n@ IN NS ns\nns IN A 127.0.0.1\n" +
        (tmp_path / "mail.txt").read_text() + (tmp_path / "ed.txt").read_text())
    done = subprocess.run(["nsd-checkzone", "chapril.org", tmp_path / "zone"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done
    assert published(tmp_path / "ed.txt").startswith("v=DKIM1; h=sha256; k=ed25519; t=y; p=")


def test_genkey_refuses(tmp_path):
    dkim("genkey", "-D", tmp_path, "-d", "a.test", "-s", "s", "-k", "ed25519")
    before = (tmp_path / "s.private").read_text()
    said = dkim("genkey", "-D", tmp_path, "-d", "a.test", "-s", "s", "-k", "ed25519", code=1)
    assert "s.private is there already" in said.stdout
    assert (tmp_path / "s.private").read_text() == before
    for words in (["-s", "../x"], ["-d", "a..test"], ["-b", "512"], ["-b", "x"], ["-k", "dsa"],
                  ["-n", 'a"b'], ["-n", "a;p="], ["-h", "sha256;"], ["-x"], ["-s"]):
        assert dkim("genkey", "-D", tmp_path, *words, code=2).stderr, words
    dkim("genkey", "-D", tmp_path / "nowhere", "-d", "a.test", "-s", "s", "-k", "ed25519", code=1)


def status(place, code):
    result = dkim("status", "-c", place, "--keytable", "keytable", "--zone", place / "zone", "--json",
                  code=code)
    return {key["selector"]: (key["role"], key["dns"]) for key in json.loads(result.stdout)["keys"]}


def record(place, selector):
    text = published(place / f"{selector}.txt")
    return (f'{selector}._domainkey.a.test TXT "{text[:200]}" "{text[200:]}"\n')


def test_a_new_key_waits_for_the_dns_and_then_replaces_the_old_one(tmp_path):
    for selector in ("old", "new"):
        dkim("genkey", "-D", tmp_path, "-d", "a.test", "-s", selector, "-b", "1024")
    dkim("genkey", "-D", tmp_path, "-d", "a.test", "-s", "ed", "-k", "ed25519")
    (tmp_path / "keytable").write_text(
        "".join(f"{s} a.test:{s}:./{s}.private\n" for s in ("new", "old", "ed")))
    zone = tmp_path / "zone"
    zone.write_text(record(tmp_path, "old"))
    assert status(tmp_path, 0) == {"new": ("waits", "missing"), "old": ("signs", "shown"),
                                   "ed": ("waits", "missing")}
    zone.write_text(record(tmp_path, "old") + record(tmp_path, "new") + record(tmp_path, "ed"))
    assert status(tmp_path, 0) == {"new": ("signs", "shown"), "old": ("replaced", "shown"),
                                   "ed": ("signs", "shown")}
    zone.write_text(record(tmp_path, "new"))
    assert status(tmp_path, 0)["old"] == ("waits", "missing")
    zone.write_text(record(tmp_path, "old").replace("old.", "new."))
    assert status(tmp_path, 1)["new"] == ("waits", "other")
    zone.write_text("new._domainkey.a.test SERVFAIL\nold._domainkey.a.test SERVFAIL\n"
                    "ed._domainkey.a.test SERVFAIL\n")
    assert status(tmp_path, 75)["ed"] == ("signs", "unknown")
    shutil.copy(tmp_path / "new.txt", tmp_path / "new.private")
    assert status(tmp_path, 1)["new"] == ("unreadable", "unknown")


def test_status_for_people(tmp_path):
    dkim("genkey", "-D", tmp_path, "-d", "a.test", "-s", "s", "-k", "ed25519")
    (tmp_path / "dkim").mkdir()
    (tmp_path / "dkim" / "keytable").write_text("k a.test:s:./s.private\nl %:t:./%.private\n")
    (tmp_path / "zone").write_text("")
    said = dkim("status", "-c", tmp_path, "--zone", tmp_path / "zone", code=1).stdout
    assert said.splitlines() == ["s of a.test: signs; there is no record",
                                 "t of %: depends; its domain is the sender's"]
    (tmp_path / "dkim" / "keytable").write_text("k a.test:s\n")
    said = dkim("status", "-c", tmp_path, "--zone", tmp_path / "zone", code=2).stderr
    assert "dkim/keytable:1:3: DOMAIN:SELECTOR:KEY is expected" in said
