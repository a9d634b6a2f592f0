"""Limits mean what they say: what a slow provider sees, over all its domains, a reload and a crash."""
import threading
import time

import harness
import smtp

DELAY = 0.3  # seconds
DOMAINS = ["one.test", "two.test", "three.test"]
ZONE = """\
one.test      MX 10 mx.slow.test
two.test      MX 10 mx.slow.test
three.test    MX 5  mx2.slow.test
three.test    MX 20 mx.slow.test
quick.test    MX 10 mx.quick.test
mx.slow.test  A  127.0.0.1
mx2.slow.test A  127.0.0.1
mx.quick.test A  127.0.0.1
"""


class Watcher:
    """A sink that takes one connection at a time, and watches when mails begin and end.

    A connection is over with QUIT, or with the process that made it."""

    def __init__(self, place):
        self.lock = threading.Lock()
        self.open, self.most, self.gaps, self.ended = set(), 0, [], None
        self.sink = place.sink(script={"CONNECT": self.connect, "MAIL": self.mail, "END": self.end,
                                       "QUIT": self.quit})

    def connect(self, session, _):
        with self.lock:
            self.open.add(session)
            self.most = max(self.most, len(self.open))

    def mail(self, session, _):
        with self.lock:
            now = time.monotonic()
            if self.ended:
                self.gaps.append(now - self.ended)
            self.ended = now  # one that is cut off has begun, at least

    def end(self, session, _):
        time.sleep(0.02)  # it is slow
        with self.lock:
            self.ended = time.monotonic()

    def quit(self, session, _):
        with self.lock:
            self.open.discard(session)

    def all_are_cut(self):
        with self.lock:
            self.open.clear()


def settings(watcher, quick, more=""):
    return f"""
transport slow_domains {{ smtp; port {watcher.sink.port}; connections 1; delay-between {int(DELAY * 1000)}ms }}
transport quick {{ smtp; port {quick.port} }}
route one.test two.test three.test {{ transport slow_domains }}
route quick.test {{ transport quick }}
{more}"""


def test_three_domains_share_one_slow_host(place):
    watcher, quick = Watcher(place), place.sink()
    facteur = place.facteur(zone=ZONE, more=settings(watcher, quick))
    for n in range(50):
        smtp.send(facteur.port, "a@client.test", [f"u{n}@{DOMAINS[n % 3]}"], smtp.message())
    # Others are not delayed.
    began = time.monotonic()
    smtp.send(facteur.port, "a@client.test", ["b@quick.test"], smtp.message())
    quick.wait(1)
    assert time.monotonic() - began < 5 and len(watcher.sink.mails) < 40

    watcher.sink.wait(10)
    facteur.write("conf.d/20-more.conf", settings(watcher, quick, "log level debug\n"))
    facteur.cli("compile")
    facteur.cli("reload")
    watcher.sink.wait(20)
    facteur.kill()
    watcher.all_are_cut()
    facteur.start(compile_first=False)
    smtp.send(facteur.port, "a@client.test", ["c@quick.test"], smtp.message())
    quick.wait(2)
    watcher.sink.wait(50, seconds=120)
    facteur.wait_empty()

    assert watcher.most == 1, f"{watcher.most} connections at once"
    assert min(watcher.gaps) >= DELAY - 0.002, sorted(watcher.gaps)[:5]
    to = {mail.recipients[0] for mail in watcher.sink.mails}
    assert to == {f"u{n}@{DOMAINS[n % 3]}" for n in range(50)}
    assert len(watcher.sink.mails) <= 52, "the crash explains one second copy, or two"
    assert watcher.sink.sessions < 30, "a connection carries more than one mail"


def test_a_provider_has_limits_of_its_own(place):
    """Hosts of their own, put together by their names; the transport's limits are wider."""
    watcher, quick = Watcher(place), place.sink()
    zone = "".join(f"{name}.test MX 10 {name}.big.test\n{name}.big.test A 127.0.0.1\n"
                   for name in ("tenant1", "tenant2"))
    facteur = place.facteur(zone=zone, more=f"""
transport wide {{ smtp; port {watcher.sink.port}; connections 9 }}
provider big {{ mx .big.test; connections 1; delay-between 200ms; messages-per-connection 2 }}
route * {{ transport wide }}
""")
    for n in range(8):
        smtp.send(facteur.port, "a@client.test", [f"u{n}@tenant{n % 2 + 1}.test"], smtp.message())
    watcher.sink.wait(8)
    facteur.wait_empty()
    assert watcher.most == 1 and min(watcher.gaps) >= 0.198
    assert watcher.sink.sessions >= 4
    for mail in watcher.sink.mails:
        same = [m for m in watcher.sink.mails if m.session == mail.session]
        assert len(same) <= 2 and len({m.recipients[0].split("@")[1] for m in same}) == 1
