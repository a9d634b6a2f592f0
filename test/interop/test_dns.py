"""MX hosts, from a real authoritative server: preference, null MX, CNAME, dead and slow hosts."""
import email
import email.policy

import harness
import smtp

# Every host has an address of its own on loopback, and all listen on one port.
GOOD, SECOND, DEAD, SLOW = "127.0.0.21", "127.0.0.22", "127.0.0.23", "127.0.0.24"
ZONE = f"""\
good       A     {GOOD}
second     A     {SECOND}
dead       A     {DEAD}
slow       A     {SLOW}
alias      CNAME good
plain      MX    10 good
backup     MX    20 second
backup     MX    10 dead
order      MX    10 good
order      MX    20 second
waiting    MX    10 slow
waiting    MX    20 second
null       MX    0 .
cname      CNAME plain
mxcname    MX    10 alias
address    A     {GOOD}
nomail     TXT   "neither MX nor address"
lost       MX    10 nowhere.test.
here       MX    10 pivot.test.
here       MX    20 good
pivot      A     127.0.0.1
"""


class World:
    def __init__(self, place, more="", **sink_more):
        self.port = harness.free_port_everywhere((GOOD, SECOND, DEAD, SLOW))
        self.nsd = place.nsd("test", ZONE)
        self.good = place.sink((GOOD, self.port), **sink_more)
        self.second = place.sink((SECOND, self.port))
        self.slow = place.sink((SLOW, self.port), script={"CONNECT": smtp.SILENCE})
        self.back = place.sink()
        self.facteur = place.facteur(resolver=f"server 127.0.0.1@{self.nsd.port}", more=f"""
transport world {{ smtp; port {self.port}; connect-timeout 2s }}
transport back {{ smtp 127.0.0.1:{self.back.port} }}
route writer.test {{ transport back }}
route * {{ transport world }}
{more}
""")

    def send(self, domain):
        smtp.send(self.facteur.port, "a@writer.test", [f"b@{domain}"], smtp.message())

    def bounce(self):
        mail = self.back.wait()[0]
        parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
        return parsed.get_payload()[1].get_payload()[1]


def test_the_ways_that_lead_somewhere(place):
    world = World(place)
    for n, domain in enumerate(("plain.test", "cname.test", "mxcname.test", "address.test", "order.test")):
        world.send(domain)
        world.good.wait(n + 1)
    world.facteur.wait_empty()
    assert not world.second.mails
    world.send("backup.test")
    world.second.wait(1)
    world.facteur.wait_empty()


def test_an_address_literal(place):
    world = World(place)
    world.send(f"[{GOOD}]")
    assert world.good.wait()[0].recipients == [f"b@[{GOOD}]"]


def test_null_mx(place):
    world = World(place)
    world.send("null.test")
    assert world.bounce()["Status"] == "5.1.10"


def test_a_domain_that_does_not_exist(place):
    world = World(place)
    world.send("missing.test")
    assert world.bounce()["Status"] in ("5.1.2", "5.4.4")


def test_a_domain_without_mail(place):
    world = World(place)
    world.send("nomail.test")
    assert world.bounce()["Status"] in ("5.1.2", "5.4.4")


def test_we_are_an_mx_host(place):
    """Ourselves at the best preference: mail would loop.  5.4.6."""
    world = World(place)
    world.send("here.test")
    assert world.bounce()["Status"] == "5.4.6"


def test_the_resolver_is_down(place):
    """No answer is not "no": the mail waits."""
    world = World(place)
    world.nsd.stop()
    world.send("plain.test")
    world.facteur.wait_reason("4.4.3", 60)
    assert not world.back.mails


def test_a_refusing_host_is_the_end(place):
    """A 5xx of the best host is an answer: the next host is not asked."""
    world = World(place, script={"RCPT": "550 5.1.1 Not here"})
    world.send("order.test")
    assert world.bounce()["Status"] == "5.1.1"
    assert not world.second.sessions


def test_a_deferring_greeting_leads_to_the_next_host(place):
    world = World(place, script={"CONNECT": "421 4.3.2 Not now"})
    world.send("order.test")
    world.second.wait()
