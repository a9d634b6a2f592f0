"""Next hops that are rude, and cost only the mail that was meant for them: P2 and P8 with the real
program.  Each recipient comes to one end, or waits; nothing counts as delivered that was not taken."""
import contextlib
import re
import socket
import threading
import time

import harness
import smtp
from test_hostile import SOON, reset, resident, small_quarantine, still_relays

DELIVERED, WAITS, BOUNCED = "delivered", "waits", "bounced"
PATIENT = "waits for a reply"  # RFC 5321 section 4.5.3.2 gives minutes
OFFERS = "250-rude.test\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250 {}"
MIB = 1 << 20
GROWTH_MAX = 96 * MIB


class Hop:
    """A server that is told what to send, byte by byte.

    run(hop, sock, lines) plays one connection; lines yields what the peer says.
    """

    def __init__(self, run):
        self.run, self.taken, self.open = run, 0, set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.open.add(sock)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with contextlib.suppress(OSError, EOFError), sock:
            sock.settimeout(smtp.PATIENCE * 4)
            self.run(self, sock, sock.makefile("rb"))
        self.open.discard(sock)

    def stop(self):
        self.listener.close()
        for sock in list(self.open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def line_of(lines):
    line = lines.readline()
    if not line:
        raise EOFError
    return line


def body(hop, lines):
    while line_of(lines) != b".\r\n":
        pass
    hop.taken += 1


def dialogue(replies, drip=0.0, offer="PIPELINING", end=b"\r\n"):
    """A server that is right but for some replies: {verb: bytes without their end, a function of the
    socket, or None: it hangs up}.  END is the end of a message."""

    def say(sock, verb, usual):
        reply = replies.get(verb, usual)
        if reply is None:
            raise EOFError
        if callable(reply):
            reply(sock)
            return usual
        data = reply.encode("latin-1").replace(b"\r\n", end) + end
        for at in range(len(data)) if drip else ():
            sock.sendall(data[at:at + 1])
            time.sleep(drip)
        if not drip:
            sock.sendall(data)
        return reply

    def run(hop, sock, lines):
        say(sock, "CONNECT", "220 rude.test ESMTP")
        usual = {"EHLO": OFFERS.format(offer), "DATA": "354 Go on", "QUIT": "221 Bye"}
        while True:
            verb = line_of(lines)[:4].upper().decode("latin-1")
            reply = say(sock, verb, usual.get(verb, "250 Ok"))
            if verb == "DATA" and reply.startswith("354"):
                body(hop, lines)
                say(sock, "END", "250 Ok")
            if verb == "QUIT":
                raise EOFError
    return run


def forever(piece):
    def say(sock):
        while True:
            sock.sendall(piece)
    return say


def listen_only(_hop, _sock, lines):
    while line_of(lines):
        pass


def talk_only(piece):
    return lambda _hop, sock, _lines: forever(piece)(sock)


def all_at_once(_hop, sock, lines):
    """Every reply before its command."""
    sock.sendall(b"220 rude.test\r\n250 rude.test\r\n250 Ok\r\n250 Ok\r\n354 Go\r\n250 Ok\r\n250 Ok\r\n")
    listen_only(_hop, sock, lines)


def one_command_a_packet(hop, sock, _lines):
    """PIPELINING is offered, and all but the first line of what comes together is lost."""
    sock.sendall(b"220 rude.test\r\n")
    while data := sock.recv(65536):
        verb = data[:4].upper()
        reply = {b"EHLO": OFFERS.format("PIPELINING"), b"DATA": "354 Go on"}.get(verb, "250 Ok")
        sock.sendall(reply.encode() + b"\r\n")


def goes_after(verb, how):
    """Hear the command (END: the message, BODY: some of it), then go without a reply."""
    def run(hop, sock, lines):
        if verb != "CONNECT":
            sock.sendall(b"220 rude.test\r\n")
        while verb != "CONNECT":
            word = line_of(lines)[:4].decode()
            if word == verb:
                break
            sock.sendall({"EHLO": b"250 rude.test", "DATA": b"354 Go"}.get(word, b"250 Ok") + b"\r\n")
            if word == "DATA" and verb == "BODY":
                line_of(lines)
                break
            if word == "DATA":
                body(hop, lines)
                break
        if how == "reset":
            lines.close()
            reset(sock)
    return run


def goes_behind(hop, sock, lines):
    """Take the message, say so, and go in the same breath: nobody has asked for that last reply."""
    goes_after("END", "stay")(hop, sock, lines)
    sock.sendall(b"250 Ok\r\n421 4.3.2 And now I go\r\n")


RUBBISH = ("250-rude.test \xff\x80 hello\r\n250-SIZE abc\r\n250-SIZE -5\r\n250-\r\n250-  \r\n250-=\r\n"
           "250-CHUNKINGX\r\n250-PIPELINING no\r\n250-AUTH \x01\x02\r\n250-LIMITS RCPTMAX=0 MAILMAX=x\r\n"
           "250-" + "X" * 300 + "\r\n250-DSN=\r\n250 8BITMIME 8BITMIME")

# name: (how it plays, what becomes of the mail)
HOPS = {
    "no-banner": (listen_only, PATIENT),
    "endless-banner": (talk_only(b"220-and more\r\n"), WAITS),
    "endless-line": (talk_only(b"2" * 65536), WAITS),
    "megabyte-banner": (dialogue({"CONNECT": "220 " + "x" * MIB}), WAITS),
    "megabyte-reply": (dialogue({"RCPT": "250 " + "x" * MIB}), WAITS),
    "endless-ehlo": (dialogue({"EHLO": forever(b"250-X\r\n")}), WAITS),
    "endless-end": (dialogue({"END": forever(b"250-taken\r\n")}), WAITS),
    "bare-lf": (dialogue({}, end=b"\n"), WAITS),
    "bare-cr": (dialogue({}, end=b"\r"), PATIENT),
    "all-at-once": (all_at_once, WAITS),
    "banner-and-ehlo": (dialogue({"CONNECT": "220 rude.test\r\n250 rude.test"}), WAITS),
    "two-replies": (dialogue({"MAIL": "250 Ok\r\n250 Ok"}, offer="HELP"), WAITS),
    "no-354": (dialogue({"DATA": "250 Ok"}), WAITS),
    "early-354": (dialogue({"MAIL": "354 Go on"}), WAITS),
    "rcpt-354": (dialogue({"RCPT": "354 Go on"}), WAITS),
    "end-354": (dialogue({"END": "354 Go on"}), WAITS),
    "code-999": (dialogue({"MAIL": "999 What"}), WAITS),
    "no-code": (dialogue({"MAIL": "Ok"}), WAITS),
    "short-code": (dialogue({"MAIL": "25"}), WAITS),
    "empty-line": (dialogue({"MAIL": ""}), WAITS),
    "mixed-codes": (dialogue({"RCPT": "250-Yes\r\n550 No"}), WAITS),
    "code-without-text": (dialogue({"MAIL": "250", "RCPT": "250 ", "END": "250"}), DELIVERED),
    "nul-and-escape": (dialogue({"END": "250 \0\x1b[2J\x07 taken"}), DELIVERED),
    "rubbish-offers": (dialogue({"EHLO": RUBBISH}), DELIVERED),
    "dribbles": (dialogue({}, drip=0.01), DELIVERED),
    "one-command-a-packet": (one_command_a_packet, PATIENT),
    "421-at-mail": (dialogue({"MAIL": "421 4.3.2 Going down"}), WAITS),
    "421-at-end": (dialogue({"END": "421 4.3.2 Going down"}), WAITS),
    "554-banner": (dialogue({"CONNECT": "554 No service"}), WAITS),
    "421-banner": (dialogue({"CONNECT": "421 Later"}), WAITS),
    "ehlo-refused": (dialogue({"EHLO": "500 What is that?"}), DELIVERED),
    "no-hello-at-all": (dialogue({"EHLO": "500 What is that?", "HELO": "500 Nor that"}), WAITS),
    "hello-later": (dialogue({"EHLO": "451 Later"}), WAITS),
    **{f"{verb}-{code}".lower(): (dialogue({verb: f"{code} {code[0]}.0.0 So it is"}),
                                  WAITS if code[0] == "4" else BOUNCED)
       for verb in ("MAIL", "RCPT", "DATA", "END") for code in ("450", "550")},
    **{f"{how}-at-{verb}".lower(): (goes_after(verb, how), WAITS)
       for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY", "END") for how in ("close", "reset")},
}


def bounced_names(sink):
    """The hops that reports tell of, each as often as it was told."""
    found = []
    for mail in list(sink.mails):
        if mail.sender == "":
            found += re.findall(rb"^Final-Recipient: rfc822; ?b@([a-z0-9-]+)\.test\r$", mail.data, re.M)
    return [name.decode() for name in found]


def ends(facteur, sink):
    """What has become of each mail."""
    waiting = {r["address"].partition("@")[2].removesuffix(".test"): r.get("reason")
               for entry in facteur.queue() for r in entry["recipients"]}
    told = bounced_names(sink)
    found = {}
    for name in HOPS:
        if name in waiting:
            found[name] = WAITS if waiting[name] else PATIENT
        else:
            found[name] = BOUNCED if name in told else DELIVERED
    return found


def test_rude_hops(place, monkeypatch):
    small_quarantine(monkeypatch)
    sink = place.sink()
    hops = {name: place.keep(Hop(run)) for name, (run, _) in HOPS.items()}
    wanted = {name: end for name, (_, end) in HOPS.items()}
    facteur = place.facteur(sink.port, more="queue { retry 1h }\n" + "".join(
        f"transport t-{name} {{ smtp 127.0.0.1:{hop.port} }}\nroute {name}.test {{ transport t-{name} }}\n"
        for name, hop in hops.items()))
    before = resident(facteur)
    with smtp.Client(facteur.port) as client:
        client.hello()
        for name in hops:
            assert client.mail("w@sink.test", [f"b@{name}.test"], smtp.message(name)).code == 250
        assert client.mail("w@sink.test", ["b@sink.test"], smtp.message("beside")).code == 250
    with contextlib.suppress(AssertionError):  # which says less than the next one
        harness.wait_for(lambda: ends(facteur, sink) == wanted, "all ends", SOON)
    assert ends(facteur, sink) == wanted
    assert sum(b"Subject: beside" in m.data for m in sink.mails) == 1
    grown = resident(facteur) - before
    assert grown < GROWTH_MAX, f"{grown // MIB} MiB more"

    delivered = [e["to"] for e in facteur.events("delivered") if not e["to"].endswith("@sink.test")]
    assert sorted(delivered) == sorted(f"b@{name}.test" for name, end in wanted.items() if end == DELIVERED)
    assert all(hops[name].taken == 1 for name, end in wanted.items() if end == DELIVERED)
    assert sorted(bounced_names(sink)) == sorted(n for n, end in wanted.items() if end == BOUNCED)
    talkers = [n for n in hops if n.startswith(("endless", "megabyte"))]
    harness.wait_for(lambda: not any(hops[n].open for n in talkers), "the end of those who only talk")

    for hop in hops.values():
        hop.stop()  # now the patient ones have an answer, too
    harness.wait_for(lambda: PATIENT not in ends(facteur, sink).values(), "the last answers")
    facteur.cli("queue", "delete", *[entry["id"] for entry in facteur.queue()])
    still_relays(facteur, sink)


def test_a_hop_that_goes_behind_each_message(place):
    """Its connections are gone before they could be used again, and nothing is sent twice for it."""
    hop = place.keep(Hop(goes_behind))
    facteur = place.facteur(hop.port)
    with smtp.Client(facteur.port) as client:
        client.hello()
        for n in range(60):
            assert client.mail("w@client.test", ["b@sink.test"], smtp.message(str(n))).code == 250
    harness.wait_for(lambda: len(facteur.events("delivered")) == 60 and not facteur.queue(), "all ends")
    assert hop.taken == 60
