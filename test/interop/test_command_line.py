"""The commands, against the running daemon."""
import json
import subprocess

import harness
import smtp


def stuck(place, count=2, **more):
    """A daemon whose next hop is dead, with so many messages in its queue."""
    dead = harness.free_port()
    facteur = place.facteur(dead, **more)
    replies = [smtp.send(facteur.port, "a@client.test", [f"b{n}@sink.test"], smtp.message(f"m{n}"))
               for n in range(count)]
    ids = [reply.text.rpartition(" ")[2] for reply in replies]
    return facteur, dead, ids


def test_queue_list_and_show(place):
    facteur, _, ids = stuck(place)
    listed = facteur.queue()
    assert sorted(entry["id"] for entry in listed) == sorted(ids)
    text = facteur.cli("queue", "list")
    assert all(one in text for one in ids) and "b1@sink.test" in text
    shown = facteur.cli("queue", "show", ids[0])
    assert "b0@sink.test" in shown and "a@client.test" in shown
    assert ids[0] in json.dumps(facteur.json("queue", "show", ids[0]))
    facteur.cli("queue", "show", "0000000000000", code=1)


def test_queue_delete(place):
    facteur, _, ids = stuck(place)
    facteur.cli("queue", "delete", ids[0])
    assert [entry["id"] for entry in facteur.queue()] == [ids[1]]
    facteur.cli("queue", "delete", ids[0], code=1)


def test_queue_retry(place):
    """The next hop is back; retry does not wait for the series.  (Where one mail gets through, the
    others for that host need not wait, either.)"""
    facteur, dead, ids = stuck(place, more="queue { retry 1h }\n")
    facteur.wait_reason("4.4.1")
    sink = place.sink(("127.0.0.1", dead))
    facteur.cli("queue", "retry", ids[1])
    harness.wait_for(lambda: any(m.recipients == ["b1@sink.test"] for m in sink.mails), "the second")


def test_the_queue_survives_a_restart(place):
    facteur, dead, ids = stuck(place)
    facteur.stop()
    facteur.start(compile_first=False)
    assert sorted(entry["id"] for entry in facteur.queue()) == sorted(ids)
    sink = place.sink(("127.0.0.1", dead))
    facteur.cli("queue", "retry", *ids)
    sink.wait(2)
    facteur.wait_empty()


def test_status(place):
    facteur, _, _ = stuck(place)
    text = facteur.cli("status")
    assert len(text.splitlines()) <= 50, "one screen"
    assert str(facteur.port) in text and "2 messages" in text and "onward" in text
    status = facteur.json("status")
    assert status["hostname"] == "pivot.test" and status["accepting"] is True
    assert status["listeners"][0]["on"] == f"127.0.0.1:{facteur.port}"


def test_stop(place):
    facteur = place.facteur()
    facteur.cli("stop")
    assert facteur.process.wait(harness.PATIENCE) == 0
    result = subprocess.run([harness.FACTEUR, "status", "-c", str(facteur.dir)], capture_output=True,
                            text=True)
    assert result.returncode in (1, 75) and result.stderr


def test_a_second_daemon_is_refused(place):
    facteur = place.facteur()
    result = subprocess.run([harness.FACTEUR, "run", "-c", str(facteur.dir)], capture_output=True,
                            text=True, timeout=harness.PATIENCE)
    assert result.returncode not in (0, -11, -6)
    harness.ended_well(result.stderr)
    assert facteur.json("status")


def test_alias_explains(place):
    sink = place.sink()
    facteur = place.facteur(sink.port, more="domain home.test { aliases a }\n"
                            "mailbox ada@home.test { discard }\n",
                            files={"a": "team: ada\npostmaster: ada\n"})
    text = facteur.cli("alias", "team@home.test")
    assert "a:1" in text and "ada@home.test" in text
    assert isinstance(facteur.json("alias", "team@home.test"), (dict, list))
    facteur.cli("alias", "nobody@home.test", code=1)


def test_usage(place):
    facteur = place.facteur()
    for words in (["no-such-command"], ["queue"], ["queue", "no-such-verb"], ["alias"]):
        result = subprocess.run([harness.FACTEUR, *words, "-c", str(facteur.dir)], capture_output=True,
                                text=True)
        assert result.returncode == 2, f"{words}: {result.returncode} {result.stderr}"
        assert result.stderr


def test_errors_name_the_place(place):
    """Misspelt, wrong, twice, a later work's, a loop, an open relay: each with file:line:column."""
    cases = {
        "hostnam x.test\n": "hostname",
        "queue { lifetime soon }\n": "soon",
        "workers 3\n": "10-least.conf",  # given there already: both places
        "greylist { delay 60s }\n": "greylist",
        "relay-for 0.0.0.0/0\n": "relay",
        "domain loop.test { aliases loop }\n": "loop",
    }
    facteur = place.facteur(start=False, files={"loop": "a: b\nb: a\npostmaster: x@y.test\n"})
    for text, word in cases.items():
        facteur.write("conf.d/20-more.conf", text)
        said = facteur.cli("check", code=1)
        place_named = "loop:" if "loop" in text else "20-more.conf:1:"
        assert place_named in said and word in said, said
