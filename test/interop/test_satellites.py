"""A pivot and its satellites, each in a network of its own: nothing is lost when the pivot is away."""
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

import harness
import smtp

COUNT = 1000  # of each satellite
HERE = pathlib.Path(__file__).parent
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="networks are root's")


class Network:
    """The pivot's namespace, and one for each satellite, joined by a wire."""

    def __init__(self, count):
        self.pivot = f"fp{os.getpid()}"
        self.satellites = [f"fs{os.getpid()}-{n}" for n in range(count)]
        for name in (self.pivot, *self.satellites):
            self.ip("netns", "add", name)
            self.ip("-n", name, "link", "set", "lo", "up")
        for n, name in enumerate(self.satellites):
            self.ip("-n", name, "link", "add", "wire", "type", "veth", "peer", "name", f"down{n}", "netns",
                    self.pivot)
            self.ip("-n", name, "addr", "add", f"10.88.{n}.2/24", "dev", "wire")
            self.ip("-n", name, "link", "set", "wire", "up")
            self.ip("-n", self.pivot, "addr", "add", f"10.88.{n}.1/24", "dev", f"down{n}")
            self.ip("-n", self.pivot, "link", "set", f"down{n}", "up")

    @staticmethod
    def ip(*words, check=True):
        subprocess.run(["ip", *words], check=check, capture_output=True)

    def cut(self, down):
        for n in range(len(self.satellites)):
            self.ip("-n", self.pivot, "link", "set", f"down{n}", "down" if down else "up")

    def end(self):
        for name in (self.pivot, *self.satellites):
            self.ip("netns", "delete", name, check=False)


@pytest.fixture
def network():
    made = Network(3)
    yield made
    made.end()


def inside(name, *words):
    return ["ip", "netns", "exec", name, *words]


class Facteur(harness.Facteur):
    """One in a namespace, from its own folder."""

    def __init__(self, folder, name, where):
        self.dir = pathlib.Path(folder) / name
        self.dir.mkdir(exist_ok=True)
        self.enter = inside(where)
        harness.Daemon.__init__(self, name, self.dir, [*self.enter, harness.FACTEUR, "run", "-c",
                                                       str(self.dir)])
        self.extra = ("directories { spool spool; state state; run run }\n"
                      f"user {harness.SERVER_USER}\nresolver {{ zone zone.txt }}\n")

    def process_of(self, name):
        return super().process_of(name)


def init(facteur, *words, data=None):
    """What init writes, with the test's folders beside it."""
    result = subprocess.run([harness.FACTEUR, "init", *words[:1], "-c", str(facteur.dir), "--json",
                             *words[1:]], capture_output=True, text=True, input=data)
    facteur.write("zone.txt", "")
    facteur.write("conf.d/90-test.conf", facteur.extra)
    assert result.returncode in (0, 1), result.stdout + result.stderr
    return json.loads(result.stdout)


def postfix(place, where, n, pin):
    """A satellite of today: the five lines of the manual, and what tests need."""
    thing = harness.Postfix(place.folder, 25, name=f"postfix{n}", settings={
        "relayhost": f"[10.88.{n}.1]:25", "mydestination": "", "inet_interfaces": "loopback-only",
        "smtp_tls_security_level": "fingerprint", "smtp_tls_fingerprint_digest": "sha256",
        "smtp_tls_fingerprint_cert_match": pin, "minimal_backoff_time": "1s",
        "maximal_backoff_time": "2s", "queue_run_delay": "1s", "smtp_destination_concurrency_limit": "5",
        "default_destination_concurrency_failed_cohort_limit": "1000000"})
    thing.command = inside(where, *thing.command)
    thing.launch()
    thing.wait_until(lambda: subprocess.run(
        inside(where, sys.executable, "-c", "import socket, sys; socket.create_connection("
               f"('127.0.0.1', {thing.port}), 1)"), capture_output=True).returncode == 0, "listening")
    return place.keep(thing)


def names_in(box):
    found = collections.Counter()
    for path in box.glob("new/*"):
        found[re.search(rb"^Subject: (\S+)", path.read_bytes(), re.M).group(1).decode()] += 1
    return found


def test_three_thousand_messages(place, network):
    """Facteur that pins the pivot's certificate and is known by its own; Postfix that pins it, known by
    its network; Facteur that logs in, from a network that nobody trusts.  The wire is cut, the pivot is
    killed."""
    pivot = place.keep(Facteur(place.folder, "pivot", network.pivot))
    facts = init(pivot, "pivot", "--domain", "org.test", "--hostname", "pivot.org.test",
                 "--network", "10.88.1.0/24")
    satellite = place.keep(Facteur(place.folder, "satellite", network.satellites[0]))
    own = init(satellite, "satellite", "--pivot", "10.88.0.1", "--hostname", "web.test", "--root",
               "root@org.test", "--fingerprint", facts["certificate_sha256"])
    caller = place.keep(Facteur(place.folder, "caller", network.satellites[2]))
    init(caller, "satellite", "--pivot", "10.88.2.1", "--hostname", "app.test", "--root", "root@org.test",
         "--fingerprint", facts["key_sha256"], "--login", "app", data="a secret\n")
    assert (caller.dir / "credentials").read_text().endswith("[10.88.2.1]:587 app:a secret\n")
    assert (caller.dir / "credentials").stat().st_mode & 0o777 == 0o600
    for thing in (satellite, caller):
        text = (thing.dir / "conf.d/20-pivot.conf").read_text()
        assert "retry 1m 2m" in text
        thing.write("conf.d/20-pivot.conf", text.replace("retry 1m 2m 5m 10m", "retry 1s"))
    box = pivot.dir / "box"
    text = (pivot.dir / "conf.d/30-domains.conf").read_text()
    pivot.write("conf.d/30-domains.conf", text.replace("/var/lib/facteur/mail/root", str(box)))
    pivot.cli("user", "set", "app", data="a secret\n")
    pivot.write("conf.d/80-more.conf", f"relay-for-certificate {own['certificate_sha256']}\n"
                "login { send-as app *; limits-of app 0 0 }\n"
                "limits { transactions 100000; sessions-per-client 200 }\n"
                "transport out { discard }\nroute * { transport out }\n")
    box.mkdir()
    shutil.chown(box, harness.SERVER_USER)
    pivot.start()
    satellite.start()
    caller.start()
    pin = ":".join(re.findall("..", facts["certificate_sha256"].upper()))
    places = [("127.0.0.1", 25, network.satellites[0]),
              ("127.0.0.1", postfix(place, network.satellites[1], 1, pin).port, network.satellites[1]),
              ("127.0.0.1", 25, network.satellites[2])]

    senders = [subprocess.Popen(inside(where, sys.executable, str(HERE / "sender.py"), address, str(port),
                                       str(COUNT), f"s{n}", "root@org.test"),
                                stdout=subprocess.PIPE, text=True)
               for n, (address, port, where) in enumerate(places)]
    harness.wait_for(lambda: len(list(box.glob("new/*"))) > 100, "the first of them", 60)
    network.cut(True)
    time.sleep(4)
    network.cut(False)
    seen = len(list(box.glob("new/*")))
    harness.wait_for(lambda: len(list(box.glob("new/*"))) > seen + 100, "more of them", 90)
    pivot.kill()
    pivot.start(compile_first=False)
    taken = set()
    for process in senders:
        taken |= set(process.communicate(timeout=280)[0].split())
    assert len(taken) == COUNT * len(places)
    harness.wait_for(lambda: taken <= set(names_in(box)), "all of them in the box", 200)
    found = names_in(box)
    twice = {name for name, copies in found.items() if copies > 1}
    print(f"{len(taken)} taken, {sum(found.values())} in the box, {len(twice)} of them twice")
    # a kill: what the pivot had delivered within 50 ms, and what its peers had sent and heard no
    # answer for, or the broken lines of the cut
    assert len(twice) < 100 and max(found.values()) <= 3
    assert any(e.get("login") == "app" and e.get("mechanism") == "SCRAM-SHA-256-PLUS" for e in pivot.events("login"))
    # what only the certificate, and only the login, allows
    for n in (0, 2):
        subprocess.run(inside(network.satellites[n], sys.executable, str(HERE / "sender.py"), "127.0.0.1", "25",
                              "1", "out", f"x{n}@elsewhere.test"), check=True, capture_output=True)
        harness.wait_for(lambda: any(r.get("to") == f"x{n}@elsewhere.test" for r in pivot.events("discarded") +
                                     pivot.events("delivered")), "a message to the world")
    harness.wait_for(lambda: "certificate=relay-for-certificate" in pivot.log, "the end of such a session")
    subprocess.run(inside(network.satellites[0], sys.executable, str(HERE / "sender.py"), "127.0.0.1", "25",
                          "1", "cron", "root@web.test"), check=True, capture_output=True)
    harness.wait_for(lambda: any(name.startswith("cron") for name in names_in(box)), "root's mail")


def test_a_pivot_with_another_certificate_gets_nothing(place, network):
    pivot = place.keep(Facteur(place.folder, "pivot", network.pivot))
    facts = init(pivot, "pivot", "--domain", "org.test", "--network", "10.88.0.0/24")
    satellite = place.keep(Facteur(place.folder, "satellite", network.satellites[0]))
    pin = facts["certificate_sha256"]
    other = ("0" if pin[0] != "0" else "1") + pin[1:]
    init(satellite, "satellite", "--pivot", "10.88.0.1", "--hostname", "web.test", "--root",
         "root@org.test", "--fingerprint", other)
    pivot.start()
    satellite.start()
    subprocess.run(inside(network.satellites[0], sys.executable, str(HERE / "sender.py"), "127.0.0.1", "25",
                          "1", "m", "root@org.test"), check=True, capture_output=True)
    satellite.wait_reason("4.7.5")
    assert pin in satellite.log  # what it showed instead
    assert not pivot.events("accepted")
