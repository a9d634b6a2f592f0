"""spf_generate - SPF records from a seed, and why python3-spf may judge one otherwise than we do

A case is a small world: a client, a HELO name, a sender, and a zone of records that refer to each
other, now and then with a fault, a name that does not exist, or one whose look-up times out.
"""
import dataclasses
import ipaddress
import random
import re

DOMAINS = [f"d{n}.test" for n in range(4)]  # have SPF records
HOSTS = ["a.test", "b.test", "c.a.test", "six.test"]  # have addresses
EXCHANGERS = ["m0.test", "m1.test", "m2.test"]  # have MX records
ABSENT = ["gone.test", "lost.test", "void.a.test"]
SLOW = "slow.test"
CLIENTS = ["192.0.2.1", "192.0.2.130", "198.51.100.77", "2001:db8::1", "2001:db8:1::77",
           "::ffff:192.0.2.1"]
FAULTS = ["moo", "a:", "include", "ip4:192.0.2.300", "ip6:2001:db8::g", "all:x.test", "a/33",
          "mx//129", "a:nolabel", "exists", "ptr/24", "redirect=", "exp=", "?", "ip4:192.0.2.1/024",
          "a:%{x}.test", "a:%d.test", "ip4=192.0.2.1", "-x=1", "mx:test.123", "include:a.test/24",
          "a:x.test.-", "exists:%{c}.test", "x=%{", "A:a.test//64/24", "redirect=a.test:80"]


@dataclasses.dataclass
class Case:
    seed: int
    client: str
    helo: str
    sender: str
    zone: dict

    def records(self):
        """All TXT data as one text, for the reasons below."""
        return "\n".join(data.decode() for records in self.zone.values() if records != "TIMEOUT"
                         for kind, data in records if kind == "TXT")


@dataclasses.dataclass
class Verdict:
    result: str
    explanation: str
    reason: str  # of an error
    mechanism: str  # that decided
    inner: str = ""  # the same inside of an include
    lookups: int = 0

    def same(self, other):
        return (self.result, self.explanation) == (other.result, other.explanation)


def macro(r):
    letter = r.choice("slodipvhSLODIPVH" if r.random() < 0.2 else "slodivhd")
    parts = r.choice(["", "", "", "1", "2", "3", "9", "02"])
    delimiters = r.choice(["", "", "", "", "-", ".", "+", ".-"])
    return "%{" + letter + parts + r.choice(["", "", "r"]) + delimiters + "}"


def name(r):
    """A domain-spec."""
    kind = r.random()
    if kind < 0.5:
        return r.choice(HOSTS + EXCHANGERS)
    if kind < 0.6:
        return r.choice(ABSENT)
    if kind < 0.63:
        return SLOW
    if kind < 0.75:
        return r.choice(["%{d}", "%{o}", "%{h}", "%{d2}", "%{dr}.test", "%%.test", "%_%-.a.test"])
    if kind < 0.85:
        return macro(r) + "." + r.choice(["a.test", "x.test", "%{d}", macro(r)])
    return r.choice(["any.test", "%{ir}.%{v}.any.test", "%{l}.any.test", "%{i}.any.test"])


def prefixes(r):
    four = r.choice(["", "", "/0", "/8", "/24", "/25", "/31", "/32"])
    six = r.choice(["", "", "", "//0", "//32", "//64", "//127", "//128"])
    return four + six


def mechanism(r):
    kind = r.choices(["ip4", "ip6", "a", "mx", "ptr", "exists", "include", "all"],
                     [6, 3, 8, 5, 2, 4, 5, 1])[0]
    if kind == "ip4":
        kind += ":" + r.choice(["192.0.2.1", "192.0.2.0/24", "192.0.2.128/25", "198.51.100.0/28",
                                "198.51.100.77/32", "10.0.0.0/8", "203.0.113.9/31"])
    elif kind == "ip6":
        kind += ":" + r.choice(["2001:db8::1", "2001:db8::/32", "2001:db8:1::/48", "fe80::/10",
                                "2001:db8:0:0:0:0:0:1/127", "::ffff:192.0.2.1"])
    elif kind in ("a", "mx"):
        kind += r.choice(["", ":" + name(r), ":" + name(r)]) + prefixes(r)
    elif kind == "ptr":
        kind += r.choice(["", "", ":a.test", ":%{d}"])
    elif kind == "exists":
        kind += ":" + name(r)
    elif kind == "include":
        kind += ":" + r.choice(DOMAINS + DOMAINS + [SLOW, "gone.test", "%{d1}", "d1.%{d1}"])
    spelt = "".join(r.choice([c, c.upper()]) for c in kind) if r.random() < 0.03 and \
        "%" not in kind else kind
    return r.choice(["", "", "", "", "+", "-", "~", "?"]) + spelt


def record(r, own):
    terms = [mechanism(r) for _ in range(r.choice([0, 1, 2, 3, 4, 5, 6, 12]))]
    if r.random() < 0.7:
        terms.append(r.choice(["-all", "-all", "~all", "?all", "all"]))
    elif r.random() < 0.5:
        terms.append("redirect=" + r.choice(DOMAINS + ["gone.test", SLOW, "d2.%{d1}"]))
    if r.random() < 0.4:
        terms.insert(r.randrange(len(terms) + 1), "exp=" + r.choice(["why.test", "why.%{d}", "gone.test"]))
    if r.random() < 0.1:
        terms.insert(r.randrange(len(terms) + 1), r.choice(["op=x", "y.z-1=%{d}", "z=", "op=y"]))
    if r.random() < 0.06:
        terms.insert(r.randrange(len(terms) + 1), r.choice(FAULTS))
    # A record that includes itself is judged otherwise, and says little: mostly, not.
    terms = [term for term in terms if own not in term or r.random() < 0.05]
    space = r.choice([" ", " ", " ", "  "])
    return (r.choice(["v=spf1", "v=spf1", "v=spf1", "V=sPf1"]) + "".join(space + t for t in terms) +
            r.choice(["", "", " "])).encode()


def address(r):
    return r.choice(["192.0.2.1", "192.0.2.99", "192.0.2.131", "198.51.100.77", "203.0.113.5"])


def address6(r):
    return r.choice(["2001:db8::1", "2001:db8::9", "2001:db8:1::77", "fe80::1"])


def reverse(client):
    if client.startswith("::ffff:"):
        client = client[7:]
    if ":" not in client:
        return ".".join(reversed(client.split("."))) + ".in-addr.arpa"
    return ipaddress.ip_address(client).reverse_pointer


def case(seed):
    r = random.Random(seed)
    zone = {SLOW: "TIMEOUT"}
    for host in HOSTS:
        zone[host] = [("A", address(r)) for _ in range(r.choice([0, 1, 1, 2]))]
        zone[host] += [("AAAA", address6(r)) for _ in range(r.choice([0, 1, 1]))]
        if not zone[host]:
            zone[host] = [("TXT", b"no address here")]
    zone["any.test"] = [("A", "127.0.0.2")]
    client = r.choice(CLIENTS)
    helo = r.choice(["a.test", "d3.test", "c.a.test", "mail-1.x.test"])
    local = r.choice(["user", "first.last", "a-b+c", "x", "postmaster", "_y=z"])
    for first in (local, client, ".".join(reversed(client.split(".")))):
        zone.setdefault(f"{first.lower()}.any.test", [("A", "127.0.0.3")])
    for exchanger in EXCHANGERS:
        hosts = HOSTS * 3 + ABSENT + [SLOW]
        zone[exchanger] = [("MX", (n, r.choice(hosts)))
                           for n in range(r.choice([1, 1, 2, 3, 10, 11]))]
    for own in DOMAINS:
        zone[own] = [("TXT", record(r, own))]
        if r.random() < 0.03:
            zone[own].append(("TXT", b"v=spf1 ip4:192.0.2.77 -all"))
        if r.random() < 0.2:
            zone[own].append(("TXT", b"of something else"))
        if r.random() < 0.5:
            zone[own].append(("A", address(r)))
        if r.random() < 0.3:
            zone[own].append(("MX", (5, r.choice(HOSTS))))
        if r.random() < 0.5:
            zone["why." + own] = [("TXT", r.choice(
                [b"%{i} is not of %{o}", b"see http://x.test/?%{S}", b"50%", b"%{h}%_%%%{d1r}"]))]
    if r.random() < 0.1:
        zone[r.choice(DOMAINS[1:])] = [("CNAME", r.choice(["d0.test", "gone.test"]))]
    zone["why.test"] = [("TXT", b"no: %{c}, %{l}")]
    if r.random() < 0.7:
        zone[reverse(client)] = [("PTR", r.choice(HOSTS * 2 + ABSENT + [SLOW]))
                                 for _ in range(r.choice([1, 1, 2, 12]))]
    sender = "" if r.random() < 0.1 else f"{local}@{r.choice(['d0.test'] * 9 + ['gone.test'])}"
    return Case(seed, client, helo, sender, zone)


# --- reasons

def other_mail_host(case, ours, theirs):
    return re.search("Void lookup|timeout", theirs.reason) and \
        re.search(r"\bmx\b", ours.inner or ours.mechanism, re.IGNORECASE)


def own_include(case, ours, theirs):
    return "trivial recursion" in theirs.reason


def open_macro(case, ours, theirs):
    return "x=%{" in ours.reason


NAMES = ("void look-ups are those of the record's terms (section 4.6.4), and an error with the names of "
         "the client's address lets ptr not match, and nothing more (section 5.5)")
REASONS = [
    (own_include, "a domain that includes itself is no syntax error; the limit of section 4.6.4 "
     "ends it, unless a term before it matches"),
    (open_macro, "a macro that does not end is a syntax error, in an unknown modifier, too (sections "
     "4.6 and 7.1)"),
    (other_mail_host, "any address of any mail host matches (section 5.4), and else a failed look-up "
     "counts before those that found nothing, in whatever order the hosts were asked"),
]


def reason(case, ours, theirs):
    """Why the two may differ here; None: nobody knows."""
    for applies, text in REASONS:
        if applies(case, ours, theirs):
            return text
    return None
