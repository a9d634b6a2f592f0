"""The processes of the server: each may die at any moment, and nothing is lost."""
import os
import pathlib
import re
import signal
import socket

import harness
import smtp
import test_crash

HOME = """
queue { retry 300ms }
limits { transactions 1000000 }
domain home.test { catch-all ada }
postmaster pm@home.test
mailbox ada@home.test { maildir boxes/ada }
"""


def replaced(facteur, name, former):
    """Wait for a process that is not the former one."""
    return harness.wait_for(lambda: (pid := facteur.process_of(name)) != former and pid, f"a new {name}")


def test_each_process_is_killed_under_load(place):
    """What heard 250 comes, and twice only where its process was killed just then (P2)."""
    sink = place.sink()
    facteur = place.facteur(sink.port, start=False, more=HOME)
    boxes = facteur.folder("boxes")
    facteur.start()
    load = test_crash.Load(facteur.port, recipients=("b@sink.test", "ada@home.test"))
    names = ("mail", "courier", "vault") * 2
    for name in names:
        seen = len(load.acknowledged)
        harness.wait_for(lambda: len(load.acknowledged) > seen + 20, "mail that is accepted")
        pid = facteur.process_of(name)
        os.kill(pid, signal.SIGKILL)
        replaced(facteur, name, pid)
    seen = len(load.acknowledged)
    harness.wait_for(lambda: len(load.acknowledged) > seen + 20, "mail that is accepted")
    load.stop()
    facteur.wait_empty()

    wanted = set(load.acknowledged)
    relayed = test_crash.subjects(list(sink.mails))
    filed = [test_crash.name_in(path.read_bytes()) for path in boxes.glob("ada/new/*")]
    assert wanted <= set(relayed) and wanted <= set(filed)
    print(f"{len(wanted)} acknowledged, {len(relayed) - len(set(relayed))} relayed twice, "
          f"{len(filed) - len(set(filed))} filed twice")
    # at most what was under way at a kill: a few connections, within 50 ms
    assert len(relayed) - len(set(relayed)) < 200 * len(names)
    shown = {p["name"]: p for p in facteur.json("status")["processes"]}
    assert all(shown[name]["restarts"] == 2 for name in names)
    assert "restarted 2 times" in facteur.cli("status")
    assert len(facteur.events("process-died")) == 6


def test_the_parent_dies(place):
    """The others have nobody to work for: they end, and what was accepted is kept."""
    sink = place.sink(script={"CONNECT": lambda *_: "421 4.3.2 Not now"})
    facteur = place.facteur(sink.port)
    smtp.send(facteur.port, "a@client.test", ["b@sink.test"], smtp.message())
    others = [facteur.process_of(name) for name in ("mail", "courier", "vault")]
    facteur.process.kill()
    facteur.process.wait()
    for pid in others:
        harness.wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), f"the end of {pid}")
    facteur.start(compile_first=False)
    assert len(facteur.queue()) == 1


def test_mail_is_told_to_stop(place):
    facteur = place.facteur()
    os.kill(facteur.process_of("mail"), signal.SIGTERM)
    assert facteur.process.wait(harness.PATIENCE) == 0


def stopped(pid):
    """A stop is an order: each thread obeys it when it comes to that."""
    return all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def test_clients_wait_while_mail_is_started_again(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    pid = facteur.process_of("mail")
    os.kill(pid, signal.SIGSTOP)
    harness.wait_for(lambda: stopped(pid), "all threads to stop")
    with smtp.Client(facteur.port) as client:  # in the backlog of the socket that the parent keeps
        os.kill(pid, signal.SIGKILL)
        client.hello()
        assert client.mail("a@client.test", ["b@sink.test"], smtp.message()).code == 250


def test_what_fails_at_the_start_ends_the_server(place):
    """A port that is taken is said once, and nobody tries for ever."""
    facteur = place.facteur(start=False)
    with socket.create_server(("127.0.0.1", facteur.port)):
        facteur.cli("compile")
        facteur.launch()
        assert facteur.process.wait(harness.PATIENCE) == 75
    assert re.search(r"not-started.*cannot listen on 127\.0\.0\.1", facteur.log)


def test_the_service_manager_is_told(place):
    facteur = place.facteur(start=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(facteur.dir / "notify"))
        manager.settimeout(harness.PATIENCE)
        facteur.environment = {"NOTIFY_SOCKET": str(facteur.dir / "notify")}
        facteur.start()
        assert manager.recv(100) == b"READY=1"
        facteur.stop()
        assert manager.recv(100) == b"STOPPING=1"


def test_a_message_that_kills_is_set_aside(place):
    """At the second crash over it, it is held, loudly; others go on; a release tries it again."""
    port = harness.free_port()
    facteur = place.facteur(onward=port, more="queue { retry 1s }\n")
    for subject in ("bad", "good"):
        assert smtp.send(facteur.port, "a@client.test", [f"{subject}@sink.test"], smtp.message(subject)).code == 250
    bad = next(m["id"] for m in facteur.queue() if m["recipients"][0]["address"] == "bad@sink.test")
    facteur.cli("crash-at", bad)
    sink = place.sink(("127.0.0.1", port))
    aside = harness.wait_for(lambda: facteur.events("set-aside"), "the message to be set aside")[0]
    assert aside["id"] == bad and facteur.log.count("mail: killed by SIGABRT") == 2, facteur.log
    assert {mail.recipients[0] for mail in sink.wait()} == {"good@sink.test"}  # twice, if a crash came within P2

    harness.wait_for(lambda: len(facteur.queue()) == 1, "the other one to be done")

    def held():
        return [(m["id"], r["state"], r["reason"]["text"]) for m in facteur.queue() for r in m["recipients"]]
    assert held() == [(bad, "held", "Held: the server was working on this message at each of 2 crashes")], held()
    facteur.stop()
    facteur.start(compile_first=False)
    assert held()[0][1] == "held"  # it is written down
    facteur.cli("queue", "release", bad)
    harness.wait_for(lambda: any(mail.recipients == ["bad@sink.test"] for mail in sink.mails), "the released one")
