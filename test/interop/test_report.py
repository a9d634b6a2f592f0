"""facteur report: the day on one page, from logs as they are kept."""
import json
import pathlib
import re
import subprocess

import pytest

import harness
import smtp
from test_bounces import refusing


def report(*words, text=None, code=0):
    result = subprocess.run([harness.FACTEUR, "report", *words], input=text, text=True, capture_output=True,
                            timeout=harness.PATIENCE * 2, stdin=None if text is not None else subprocess.DEVNULL)
    harness.ended_well(result.stderr)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


def a_day(place, log):
    sink = refusing(place)
    facteur = place.facteur(sink.port, more=f"domain hosted.test {{ catch-all a@sink.test }}\n"
                            f"domain none.test {{ }}\npostmaster a@sink.test\n{log}\n")
    smtp.send(facteur.port, "writer@sink.test", ["a@sink.test", "B@sink.test"], smtp.message())
    smtp.send(facteur.port, "writer@sink.test", ["bad@sink.test"], smtp.message())
    with smtp.Client(facteur.port) as client:
        client.hello()
        client.say("MAIL FROM:<x@y.test>", 250)
        client.say("RCPT TO:<who@none.test>", 550)
    sink.wait(2)
    facteur.wait_empty()
    facteur.stop()
    return facteur


def check(page):
    assert page["accepted"] == 2 and page["delivered"] == 3 and page["bounced"] == 1
    assert page["refused"] == 1 and page["deferred"] == 0
    assert page["senders"][0]["name"] == "writer@sink.test" and page["senders"][0]["count"] == 2
    assert {"a@sink.test", "b@sink.test"} <= {row["name"] for row in page["recipients"]}
    assert page["refusals"][0]["name"].startswith("550 5.1.1 <>: nobody here")
    assert page["bounces"][0]["name"] == "550 5.1.1 <>: no such person here"
    assert page["octets_delivered"] > page["octets_accepted"] > 0


@pytest.mark.parametrize("log", ("log plain", "log json"))
def test_plain_and_json_logs_make_the_same_page(place, log):
    text = a_day(place, log).log
    check(json.loads(report("--json", text=text)))
    page = report(text=text)
    for heading in ("Grand totals", "Traffic by the hour", "Senders by message count",
                    "Recipients by message count", "Refusals by reason"):
        assert heading in page
    # as the journal shows it, in each of its forms, and with other services in between
    lines = [line for line in text.splitlines() if line]
    strip = [re.sub(r"^\S+Z ", "", line) for line in lines]
    journal = "\n".join(f"2026-11-24T04:28:54+0100 host facteur[1]: {line}\n"
                        "2026-11-24T04:28:54+0100 host postfix/qmgr[2]: 4AF: removed" for line in strip)
    check(json.loads(report("--json", text=journal)))
    exported = "\n".join(json.dumps({"MESSAGE": line, "__REALTIME_TIMESTAMP": "1795494534000000"})
                         for line in strip)
    check(json.loads(report("--json", text=exported)))
    check(json.loads(report("--json", text="\n".join(strip))))  # journalctl -o cat
    place_of = pathlib.Path(place.folder) / "kept.log"
    place_of.write_text(text)
    (pathlib.Path(place.folder) / "kept.log.1").write_text(text)
    both = json.loads(report("--json", str(place_of), str(place_of) + ".1"))
    assert both["accepted"] == 4  # rotated ones are named, too


def test_a_time_and_a_length_can_be_asked_for(place):
    lines = [f"2026-11-24T{hour:02}:30:00.000Z accepted id=1 from=s{hour}@x.test recipients=1 size=1"
             for hour in range(24)]
    page = json.loads(report("--json", "--since", "2026-11-24T10:00Z", "--until", "2026-11-24T20:00:00Z",
                             "--top", "3", text="\n".join(lines)))
    assert page["accepted"] == 10 and len(page["senders"]) == 3
    assert json.loads(report("--json", "--since", "1h", text="\n".join(lines)))["accepted"] == 0
    for wrong in (["--since", "soon"], ["--top", "0"], ["--since"], ["--what", "x"]):
        assert "option" in report(*wrong, text="", code=2) or "value" in report(*wrong, text="", code=2)
    assert "No such file" in report("/nowhere/at/all", code=1)


def test_a_log_with_more_senders_than_are_kept_is_read_to_its_end(place):
    """Its lists are bounded (base/tally), its totals are exact, and it says which counts are not."""
    lines = "".join(f"accepted id={i} from=s{i}@x.test recipients=1 size=10\n" for i in range(22000))
    page = json.loads(report("--json", text=lines + "accepted id=1 from=often@x.test size=10\n" * 9))
    assert page["accepted"] == 22009
    assert page["senders"][0]["name"] == "often@x.test" and page["senders"][0]["at_most_too_high_by"] > 0
    assert "counts are not exact" in report(text=lines)
