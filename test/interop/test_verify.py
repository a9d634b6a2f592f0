"""facteur verify dkim|arc|dmarc|message: the vectors of others, and the command itself."""
import json
import pathlib
import re
import subprocess

import pytest
import spf_zone
import yaml

import harness

JUDGE = str(pathlib.Path(harness.FACTEUR).parent / "test" / "message_judge")
ARC_COUNT = 171
DKIM_MESSAGES, DKIM_SIGNATURES = 15, 23
ARC_NOW = 1483475522  # when the messages of its suite were written
EXITS = {"pass": 0, "temperror": 75}


def verify(what, *words, code=None):
    """Run facteur verify; the completed process."""
    result = subprocess.run([harness.FACTEUR, "verify", what, *map(str, words)],
                            capture_output=True, timeout=harness.PATIENCE * 2)
    harness.ended_well(result.stderr.decode(errors="replace"))
    assert code in (None, result.returncode), (words, result)
    return result


def judge(what, *words):
    """The whole answer, as JSON; its exit code must be that of its result."""
    result = verify(what, *words, "--json")
    answer = json.loads(result.stdout)
    assert result.returncode == EXITS.get(answer["result"], 1), result
    return answer


def zone_of(records):
    """A zone of TXT records; the texts TEMPERROR and PERMERROR are answers."""
    zone = {name: [("TXT", text.encode())] for name, text in records
            if text not in ("TEMPERROR", "PERMERROR")}
    failing = "".join(f"{name} SERVFAIL\n" for name, text in records if text == "TEMPERROR")
    return spf_zone.text(zone) + failing


# --- the ARC validation suite

def arc_cases():
    with open(harness.VECTORS / "arc" / "arc-draft-validation-tests.yml", encoding="utf-8") as file:
        for number, document in enumerate(yaml.safe_load_all(file)):
            records = [(name, text) for name, text in (document["txt-records"] or {}).items() if text]
            for name, test in document["tests"].items():
                yield f"{number}-{name}", test, records


def test_arc_suite(tmp_path, capsys):
    """By the machine that the command asks, in one process."""
    cases, wrong, files = list(arc_cases()), [], []
    for number, (_, test, records) in enumerate(cases):
        message = (test["message"] or "").encode().replace(b"\n", b"\r\n")
        files.append(tmp_path / str(number))
        files[-1].write_bytes(zone_of(records).encode() + b"--\n" + message)
    done = subprocess.run([JUDGE, "arc", str(ARC_NOW), *map(str, files)], capture_output=True,
                          timeout=harness.PATIENCE * 4, text=True)
    harness.ended_well(done.stderr)
    for (name, test, _), line in zip(cases, done.stdout.splitlines(), strict=True):
        wanted, got = (test["cv"] or "").lower(), line.split("\t")[0]
        if wanted and got != wanted:
            wrong.append(f"{name}: {line}, wanted {wanted}")
    with capsys.disabled():
        print(f"\nARC validation suite: {len(cases) - len(wrong)} of {len(cases)}")
    assert not wrong, "\n".join(wrong)
    assert len(cases) == ARC_COUNT


def test_arc_by_command(tmp_path):
    cases = {name: (test, records) for name, test, records in arc_cases()}
    for name in ("0-cv_base1", "0-cv_pass_i1_1", "0-cv_fail_i1_ams_invalid", "0-cv_pass_i3_1"):
        test, records = cases[name]
        (tmp_path / "message").write_text(test["message"])
        (tmp_path / "zone").write_text(zone_of(records))
        answer = judge("arc", tmp_path / "message", "--zone", tmp_path / "zone", "--now", ARC_NOW)
        assert answer["result"] == test["cv"].lower(), answer
        assert (answer["results"][0]["sets"] > 0) == (answer["result"] != "none")


# --- the DKIM vectors, through the command

STATES = {"SUCCESS": {"pass"}, "TEMPFAIL": {"temperror"},
          "PERMFAIL": {"fail", "permerror", "neutral", "policy"}}


def chasquid():
    """(name, message, records, what each signature is)"""
    folder = harness.VECTORS / "dkim" / "chasquid"
    for result in sorted(folder.glob("*.result.txt")):
        name = result.name.removesuffix(".result.txt")
        dns = folder / f"{name}.dns.txt"
        text = re.sub(r"\\\n\s*", "", dns.read_text()) if dns.exists() else ""
        records = [line.split(": ", 1) for line in text.splitlines() if ": " in line]
        wanted = [STATES[one["State"]] for one in json.loads(result.read_text())["Results"] or []]
        yield name, (folder / f"{name}.msg.txt").read_bytes(), records, wanted


def mail_auth():
    """All verify; the x= of 005 has gone by."""
    for path in sorted((harness.VECTORS / "dkim" / "mail-auth").glob("0*.txt")):
        records, _, message = path.read_bytes().partition(b"\n\n")
        if b"\r\n\r\n" in path.read_bytes() and not message:
            records, _, message = path.read_bytes().partition(b"\r\n\r\n")
        count = len(re.findall(rb"^DKIM-Signature:", message, re.M | re.I))
        expired = path.name == "005.txt"
        yield (path.name, message, [line.split(" ", 1) for line in records.decode().splitlines()],
               [{"fail"} if expired else {"pass"}] * count)


def test_dkim_vectors(tmp_path, capsys):
    wrong, messages, signatures = [], 0, 0
    message, zone = tmp_path / "message", tmp_path / "zone"
    for name, text, records, wanted in [*chasquid(), *mail_auth()]:
        message.write_bytes(text)
        zone.write_text(zone_of(records))
        got = [one["result"] for one in judge("dkim", message, "--zone", zone)["results"]]
        if name == "02-too_many_headers":  # its limit of 5 is the other program's own
            wanted = [{"pass", "fail", "permerror", "neutral"}] * len(got)
        messages += 1
        signatures += len(wanted)
        if len(got) != len(wanted) or any(g not in w for g, w in zip(got, wanted)):
            if wanted or got != ["none"]:
                wrong.append(f"{name}: {got}, wanted {wanted}")
    with capsys.disabled():
        print(f"\nDKIM vectors: {messages - len(wrong)} of {messages} messages, "
              f"{signatures} signatures")
    assert not wrong, "\n".join(wrong)
    assert messages >= DKIM_MESSAGES and signatures >= DKIM_SIGNATURES


# --- DMARC and whole messages

ZONE = """
a.test TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.a.test TXT "v=DMARC1; p=reject; sp=quarantine; np=none; rua=mailto:r@a.test"
sub.a.test A 192.0.2.1
_dmarc.trial.test TXT "v=DMARC1; p=reject; t=y"
sick.test SERVFAIL
_dmarc.sick.test SERVFAIL
"""


@pytest.fixture(name="zone")
def make_zone(tmp_path):
    (tmp_path / "zone").write_text(ZONE)
    return tmp_path / "zone"


@pytest.fixture(name="message")
def make_message(tmp_path):
    def write(author):
        (tmp_path / "message").write_text(f"From: {author}\nTo: b@b.test\nSubject: x\n\nHello.\n")
        return tmp_path / "message"
    return write


def test_dmarc_passes_by_an_aligned_sender(zone, message):
    words = "--zone", zone, "--client", "192.0.2.1", "--from", "x@a.test"
    answer = judge("dmarc", message("A <a@a.test>"), *words)
    assert answer["result"] == "pass" and answer["client"] == "192.0.2.1"
    first, spf, dkim = answer["results"]
    assert first == {"method": "dmarc", "result": "pass", "property": "header.from",
                     "value": "a.test", "organization": "a.test", "domain": "a.test",
                     "record": "v=DMARC1; p=reject; sp=quarantine; np=none; rua=mailto:r@a.test",
                     "asked": "reject", "policy": "reject", "testing": False, "inexistent": False,
                     "spf_aligned": True, "dkim_aligned": False, "questions": 2}
    assert spf["method"] == "spf" and spf["result"] == "pass"
    assert dkim == {"method": "dkim", "result": "none"}


def test_dmarc_policies(zone, message):
    for author, result, policy in (("a@a.test", "fail", "reject"),
                                   ("a@sub.a.test", "fail", "quarantine"),
                                   ("a@gone.a.test", "fail", "none"),
                                   ("a@trial.test", "fail", "quarantine"),
                                   ("a@b.test", "none", None),
                                   ("a@sick.test", "temperror", None),
                                   ("a@a.test, b@b.test", "permerror", None),
                                   ("nobody", "permerror", None)):
        answer = judge("dmarc", message(author), "--zone", zone)
        assert (answer["result"], answer["results"][0].get("policy")) == (result, policy), answer


def test_message_is_judged_by_all(zone, message):
    answer = judge("message", message("a@a.test"), "--zone", zone, "--client", "192.0.2.2",
                   "--from", "a@a.test", "--helo", "h.test")
    assert [one["method"] for one in answer["results"]] == ["dmarc", "spf", "spf", "dkim", "arc"]
    assert [one["result"] for one in answer["results"]] == ["fail", "fail", "none", "none", "none"]
    assert "policy of a.test is reject" in answer["results"][0]["reason"]["text"]


def test_for_people(zone, message):
    said = verify("message", message("a@a.test"), "--zone", zone, code=1).stdout.decode()
    for part in ("header.from a.test: fail", "if it fails  reject", "DKIM: none", "ARC: none, 0 sets"):
        assert part in said
    vector = harness.VECTORS / "dkim" / "dkimpy" / "rfc6376.signed.msg.txt"
    said = verify("dkim", vector, "--zone", zone, code=1).stdout.decode()
    assert "header.d football.example.com: permerror" in said and "there is no key" in said


def test_wrong_usage(zone, message):
    file = message("a@a.test")
    for words in (["dkim"], ["arc", "--zone", zone], ["dkim", file, file], ["dkim", file, "--bad", "x"],
                  ["dkim", file, "--from", "a@b"], ["spf", file, "--client", "192.0.2.1"],
                  ["dmarc", file, "--client", "192.0.2.1"], ["dmarc", file, "--from", "a@b"],
                  ["message", "/nonexistent"], ["what", file], ["arc", file, "--now"]):
        assert verify(*words, code=2).stderr, words
