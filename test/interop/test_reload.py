"""Configurations change under load: no session is dropped, and nothing half-edited is served."""
import json
import threading
import time

import harness
import smtp


def test_reload_drops_no_session(place):
    sink = place.sink()
    facteur = place.facteur(sink.port, files={
        "conf.d/30-limits.conf": "limits { transactions 1000000 }\n"})
    troubles, sent, going = [], [], threading.Event()
    going.set()

    def client(number):
        try:
            with smtp.Client(facteur.port) as session:
                session.hello()
                while going.is_set():
                    reply = session.mail("a@client.test", ["b@sink.test"], smtp.message())
                    assert reply.code == 250, reply
                    sent.append(number)
                session.say("QUIT", 221)
        except Exception as error:
            troubles.append(f"client {number}: {error!r}")

    threads = [threading.Thread(target=client, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for generation in range(12):
        facteur.write("conf.d/20-more.conf", f"domain d{generation}.test {{ }}\n"
                      f"mailbox x@d{generation}.test {{ smtp 127.0.0.1:{sink.port} }}\n")
        facteur.cli("compile")
        facteur.cli("reload")
        time.sleep(0.05)
    going.clear()
    for thread in threads:
        thread.join(harness.PATIENCE)
    assert not troubles and len(sent) > 12
    sink.wait(len(sent))

    with smtp.Client(facteur.port) as session:  # the last one is what is served
        session.hello()
        session.say("MAIL FROM:<a@client.test>", 250)
        session.say("RCPT TO:<x@d11.test>", 250)
        assert session.say("RCPT TO:<y@d11.test>", 550).status == "5.1.1"


def test_an_old_session_goes_on(place):
    """What was open before keeps the rules under which it began; the next session has the new ones."""
    sink = place.sink()
    facteur = place.facteur(sink.port)
    with smtp.Client(facteur.port) as old:
        old.hello()
        assert old.mail("a@client.test", ["x@new.test"], smtp.message()).code == 250
        facteur.write("conf.d/20-more.conf", "domain new.test { }\n"
                      f"mailbox x@new.test {{ smtp 127.0.0.1:{sink.port} }}\n")
        facteur.cli("compile")
        facteur.cli("reload")
        assert old.mail("a@client.test", ["x@new.test"], smtp.message()).code == 250
    with smtp.Client(facteur.port) as new:
        new.hello()
        new.say("MAIL FROM:<a@client.test>", 250)
        assert new.say("RCPT TO:<nobody@new.test>", 550).status == "5.1.1"


def test_a_listener_comes_and_goes(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    port = harness.free_port()
    with smtp.Client(facteur.port) as session:
        session.hello()
        facteur.write("conf.d/20-more.conf", f"listen second {{ on 127.0.0.1:{port}; tls off }}\n")
        facteur.cli("compile")
        facteur.cli("reload")
        harness.wait_for(lambda: harness.listening(port), "the second listener")
        facteur.write("conf.d/20-more.conf", "")
        facteur.cli("compile")
        facteur.cli("reload")
        harness.wait_for(lambda: not harness.listening(port), "its end")
        assert session.mail("a@client.test", ["b@sink.test"], smtp.message()).code == 250


def test_half_edited_files_are_never_served(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    broken = "domain half.test {\n  aliases\n"
    facteur.write("conf.d/20-more.conf", broken)

    said = facteur.cli("compile", code=1)
    assert "conf.d/20-more.conf:" in said
    assert "conf.d/20-more.conf:" in facteur.cli("check", code=1)
    facteur.cli("reload")  # the current generation, which is whole
    assert smtp.send(facteur.port, "a@client.test", ["b@half.test"], smtp.message()).code == 250

    facteur.stop()
    facteur.start(compile_first=False)  # not even by a restart
    assert smtp.send(facteur.port, "a@client.test", ["b@half.test"], smtp.message()).code == 250
    sink.wait(2)


def test_rollback(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    facteur.write("conf.d/20-more.conf", "domain new.test { }\n"
                  f"mailbox x@new.test {{ smtp 127.0.0.1:{sink.port} }}\n")
    facteur.cli("compile")
    facteur.cli("reload")

    def known(address):
        with smtp.Client(facteur.port) as session:
            session.hello()
            session.say("MAIL FROM:<a@client.test>", 250)
            return session.say(f"RCPT TO:<{address}>").code == 250

    assert not known("nobody@new.test")
    facteur.cli("rollback")
    facteur.cli("reload")
    assert known("nobody@new.test")  # nobody's domain again: relayed for us


def test_what_a_reload_does_not_change_is_said(place):
    facteur = place.facteur()
    (facteur.dir / "conf.d" / "30-queue.conf").write_text("queue { memory 3M }\n")
    facteur.cli("compile")
    said = json.loads(facteur.cli("reload", "--json"))
    assert said["needs_restart"] == "queue memory (conf.d/30-queue.conf:1)"
    assert "needs-restart" in facteur.log
    assert "needs_restart" in facteur.cli("reload", "--json")
    facteur.stop()
    facteur.start(compile_first=False)
    assert "needs_restart" not in facteur.cli("reload", "--json")
