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


# A right use of each command, and how it ends with no configuration at all, with one in force and no
# daemon, and with a daemon that has mail in its queue.  ID stands for one of these messages.
TABLE = [
    (("check",), 1, 0, 0),
    (("compile",), 1, 0, 0),
    (("rollback",), 1, 1, 1),
    (("reload",), 75, 75, 0),
    (("status",), 75, 75, 0),
    (("queue", "list"), 75, 75, 0),
    (("queue", "show", "ID"), 75, 75, 0),
    (("queue", "show", "0000000000000"), 75, 75, 1),
    (("queue", "retry", "ID"), 75, 75, 0),
    (("queue", "retry", "all"), 75, 75, 0),
    (("queue", "delete", "ID", "0000000000000"), 75, 75, 1),
    (("queue", "delete", "all"), 75, 75, 0),
    (("alias", "ada@sink.test"), 75, 0, 0),
    (("alias", "nonsense"), 75, 1, 1),
    (("version",), 0, 0, 0),
    (("stop",), 75, 75, 0),
]


def command(folder, *words):
    result = subprocess.run([harness.FACTEUR, *words, "-c", str(folder)], capture_output=True, text=True,
                            timeout=harness.PATIENCE)
    harness.ended_well(result.stderr)
    return result


def ends_as_told(folder, words, code):
    """The exit code, and with --json an answer in JSON, which says why where it is not done."""
    for extra in ([], ["--json"]):
        result = command(folder, *words, *extra)
        assert result.returncode == code, f"{words}{extra}: {result}"
        if not extra:
            assert bool(result.stderr) == (code in (2, 75)), result
            continue
        answer = json.loads(result.stdout)
        assert not result.stderr
        if code:
            assert answer["ok"] is False and answer["why"] and "\n" not in answer["why"], answer


def test_commands_without_a_configuration(tmp_path):
    for words, code, _, _ in TABLE:
        ends_as_told(tmp_path, words, code)
    assert command(tmp_path, "run").returncode == 1


def test_commands_without_a_daemon(place):
    facteur = place.facteur(harness.free_port(), start=False)
    facteur.cli("compile")
    for words, _, code, _ in TABLE:
        ends_as_told(facteur.dir, words, code)
    assert "daemon" in command(facteur.dir, "status").stderr


def test_commands_with_a_daemon(place):
    facteur, _, ids = stuck(place, count=3)
    for words, _, _, code in TABLE[:-1]:
        if words == ("queue", "delete", "ID", "0000000000000"):  # it can be done once only
            assert facteur.json(*words[:2], ids[0], words[3], code=1)["deleted"] == 1
            continue
        ends_as_told(facteur.dir, [ids[0] if word == "ID" else word for word in words], code)
    assert facteur.json("stop") == {"stopping": True}
    assert facteur.process.wait(harness.PATIENCE) == 0


def test_usage(tmp_path):
    """Wrong use is judged before anything is opened: there is no configuration here."""
    wrong = [["no-such-command"], [], ["queue"], ["queue", "no-such-verb"], ["queue", "list", "more"],
             ["queue", "show"], ["queue", "delete"], ["alias"], ["check", "more"], ["reload", "more"],
             ["alias", "a@b.test", "c@d.test"]]
    wrong += [[*words, "--no-such-option"] for words in {row[0][0]: row[0] for row in TABLE}.values()]
    for words in wrong:
        ends_as_told(tmp_path, words, 2)
    for words in (["run"], ["help"]):
        assert json.loads(command(tmp_path, *words, "--json").stdout)["ok"] is False
        assert command(tmp_path, *words, "--json").returncode == 2
    assert subprocess.run([harness.FACTEUR, "check", "-c"], capture_output=True).returncode == 2
    said = command(tmp_path, "check", "--jsno").stderr
    assert "--jsno" in said and "facteur check [-c DIR] [--json]" in said
    assert "facteur queue [-c DIR] [--json] list" in command(tmp_path, "help", "queue").stdout


def test_a_misspelt_command_names_the_nearest(tmp_path):
    assert "status" in command(tmp_path, "statsu").stderr.splitlines()[0]
    assert "queue list" in command(tmp_path, "queue", "lst").stderr
    unknown = command(tmp_path, "help", "comple")
    assert unknown.returncode == 1 and "compile" in unknown.stdout


def test_one_is_not_many(place):
    facteur, _, ids = stuck(place, count=1, more="queue { retry 1h }\n")
    facteur.wait_reason("4.4.1")
    assert "1 message in the queue" in facteur.cli("queue", "list")
    status = facteur.cli("status")
    assert "1 message, 1 recipient," in status and "1 waiting" in status
    assert "1 message deleted" in facteur.cli("queue", "delete", ids[0])
    assert "0 waiting" not in facteur.cli("status"), "nothing waits for it"
    assert facteur.json("status")["queue"]["destinations"], "but it is remembered"


def test_errors_name_the_place(place):
    """Misspelt, wrong, twice, a later work's, a loop, an open relay: each with file:line:column."""
    cases = {
        "hostnam x.test\n": "hostname",
        "queue { lifetime soon }\n": "soon",
        "workers 3\n": "10-least.conf",  # given there already: both places
        "greylist { delay 60s }\n": "greylist",
        "relay-for 0.0.0.0/0\n": "relay",
        "domain loop.test { aliases loop }\n": "loop",
        "transport drop { maildir /drop; as no-such-user }\n": "no-such-user",
    }
    facteur = place.facteur(start=False, files={"loop": "a: b\nb: a\npostmaster: x@y.test\n"})
    for text, word in cases.items():
        facteur.write("conf.d/20-more.conf", text)
        said = facteur.cli("check", code=1)
        place_named = "loop:" if "loop" in text else "20-more.conf:1:"
        assert place_named in said and word in said, said


def test_queue_hold_release_bounce(place):
    """What is held stays, over a restart too; released it goes; bounced its sender hears of it."""
    port = harness.free_port()
    facteur = place.facteur(port, more="queue { retry 1h }\n")
    for name in ("held", "returned", "free"):
        smtp.send(facteur.port, "a@client.test", [f"{name}@sink.test"], smtp.message(name))
    harness.wait_for(lambda: len(facteur.queue()) == 3, "three messages")
    ids = {entry["recipients"][0]["address"].partition("@")[0]: entry["id"]
           for entry in facteur.queue()}
    assert json.loads(facteur.cli("queue", "hold", ids["held"], "--json")) == {"held": 1}
    facteur.stop()
    facteur.start(compile_first=False)
    states = {entry["id"]: entry["recipients"][0]["state"] for entry in facteur.queue()}
    assert states == {ids["held"]: "held", ids["returned"]: "waiting", ids["free"]: "waiting"}
    assert facteur.cli("queue", "bounce", ids["returned"]) == "1 message returned\n"
    sink = place.sink(("127.0.0.1", port))
    facteur.cli("queue", "retry", "all")
    bounce = next(mail for mail in sink.wait(2) if mail.sender == "")
    assert b"The administrator of this server has ended the delivery" in bounce.data
    harness.wait_for(lambda: [entry["id"] for entry in facteur.queue()] == [ids["held"]],
                     "only what is held")
    assert "held" in facteur.cli("queue", "list")
    facteur.cli("queue", "release", ids["held"])
    facteur.wait_empty()
    assert sorted(mail.recipients[0] for mail in sink.mails if mail.sender) == [
        "free@sink.test", "held@sink.test"]
