"""Destinations by hand and by what they say: pause, resume, throttling, and what a restart remembers."""
import json

import harness
import smtp


def send(facteur, to, count=1):
    for n in range(count):
        assert smtp.send(facteur.port, f"s{n}@client.test", [to], smtp.message("x")).code == 250


def the(facteur, name):
    """The row of a destination, or None."""
    return next((row for row in facteur.json("destination", "list") if row.get("destination") == name), None)


def test_pause_survives_reload_and_kill(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    assert facteur.cli("destination", "pause", "onward:127.0.0.1").endswith("1 destination paused\n")
    assert facteur.cli("destination", "pause", "onwardd:x") == \
        "no mail waits for onwardd:x now\n1 destination paused\n"
    facteur.cli("destination", "resume", "onwardd:x")
    assert "already" in facteur.cli("destination", "pause", "ONWARD:127.0.0.1", code=1)
    send(facteur, "a@sink.test")
    facteur.cli("reload")
    facteur.kill()  # what was answered is durable
    facteur.start(compile_first=False)
    row = the(facteur, "onward:127.0.0.1")
    assert row["paused"] and row["waiting"] == 1 and not sink.mails
    assert "PAUSED" in facteur.cli("destination", "list")
    assert json.loads(facteur.cli("destination", "resume", "onward:127.0.0.1", "--json")) == {"resumed": 1}
    sink.wait(1)
    facteur.wait_empty()
    assert json.loads(facteur.cli("destination", "resume", "x.test", "--json", code=1))["ok"] is False


def test_throttling_slows_one_provider_down(place):
    """A code that the profile knows, and 421: named in the log and in the list; others do not wait."""
    sink, other = place.sink(), place.sink()
    times = {"n": 0}

    def mail(session, argument):
        times["n"] += 1
        return "450 4.7.1 host: LPN027_503 service refuse" if times["n"] <= 2 else None

    sink.script["MAIL"] = mail
    facteur = place.facteur(
        other.port, zone=f"slow.test MX 5 mx.slow.test.\nmx.slow.test A 127.0.0.1\n",
        more=f"transport slow {{ smtp; port {sink.port}; connections 4; tls none }}\nroute slow.test {{ transport slow }}\n"
             "provider laposte { mx .slow.test; throttle LPN027_503 }\nqueue { retry 1s }\n")
    send(facteur, "a@slow.test", 4)
    facteur.wait_until(lambda: facteur.events("throttled"), "throttled")
    event = facteur.event("throttled")
    assert event["provider"] == "laposte" and "20-more.conf:3" in event["rule"]
    assert int(event["connections"]) < 4 and int(event["pause_ms"]) >= 29000 and "LPN027_503" in event["reason"]
    row = the(facteur, "slow:slow.test")
    assert row["throttle"] >= 1 and row["provider"] == "laposte" and "not_before" in row
    assert "throttled" in facteur.cli("destination", "list")
    send(facteur, "a@other.test")
    other.wait(1)


def test_back_off_survives_a_restart(place):
    port = harness.free_port()
    facteur = place.facteur(port, more="queue { retry 1h }\n")
    send(facteur, "a@sink.test")
    facteur.wait_reason("4.4.1")
    harness.wait_for(lambda: (facteur.dir / "spool" / "note").exists(), "it is written down")
    before = the(facteur, "onward:127.0.0.1")
    facteur.kill()
    sink = place.sink(("127.0.0.1", port))
    facteur.start(compile_first=False)
    after = the(facteur, "onward:127.0.0.1")
    assert after["failures"] == before["failures"] == 1 and after["not_before"] == before["not_before"]
    send(facteur, "b@sink.test")
    harness.wait_for(lambda: the(facteur, "onward:127.0.0.1")["waiting"] == 2, "both wait")
    assert not sink.mails
    facteur.cli("queue", "retry", "all")
    sink.wait(2)


def test_profiles_are_configuration(place):
    folder = harness.ROOT / "contrib" / "providers"
    files = {f"conf.d/6{n}-{path.name}": path.read_text() for n, path in enumerate(sorted(folder.glob("*.conf")))}
    assert len(files) >= 7
    facteur = place.facteur(start=False, files=files)
    facteur.cli("check")
