"""P8 with the real program: clients that stall, flood, lie and vanish.  After each the daemon relays
as before, what heard 250 arrives once, and what did not hear it arrives at most once."""
import contextlib
import re
import select
import socket
import struct
import threading
import time

import harness
import smtp

SOON = 10  # seconds: far more than a limit that was set to a fraction of one
MIB = 1 << 20
FLOOD = 128 * MIB
GROWTH_MAX = 96 * MIB  # of the daemon under a flood; what was sent at it is far more
BEGIN = (b"EHLO client.test\r\n", b"MAIL FROM:<a@client.test>\r\n", b"RCPT TO:<b@sink.test>\r\n")


def subject_of(mail):
    return re.search(rb"^Subject: (.*)\r$", mail.data, re.M).group(1).decode()


def still_relays(facteur, sink, name="after"):
    """A message passes as if nothing had been, and nobody's sanitizer has spoken."""
    assert smtp.send(facteur.port, "a@client.test", ["b@sink.test"], smtp.message(name)).code == 250
    harness.wait_for(lambda: name in [subject_of(m) for m in list(sink.mails)], f"{name} at the sink")
    harness.ended_well(facteur.log)
    assert not sink.bad_lines
    facteur.wait_empty()


def resident(facteur):
    """Octets of memory of the daemon, all of its processes."""
    total = 0
    pids = [facteur.process.pid]
    for pid in pids:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            pids += map(int, children.read().split())
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            total += int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) * 1024
    return total


def small_quarantine(monkeypatch):
    """AddressSanitizer keeps freed memory back: so little that what we measure is ours."""
    monkeypatch.setenv("ASAN_OPTIONS", "quarantine_size_mb=1:malloc_context_size=5")


def reset(peer):
    """Vanish: the other end gets RST instead of FIN."""
    sock = peer
    if isinstance(peer, smtp.Client):
        peer.file.close()  # else it keeps the socket open
        sock = peer.sock
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def begun(facteur, commands, source=None):
    """A session in which so many commands were answered."""
    client = smtp.Client(facteur.port, source)
    client.reply()
    for command in commands:
        client.send(command)
        client.reply()
    return client


# --- slow ones -----------------------------------------------------------------------------------

# what was said before, and what is dribbled then, a byte at a time, over and over; b"" is silence
STALLS = {
    "at the banner": ((), b""),
    "in its first line": ((), b"E"),
    "after EHLO": (BEGIN[:1], b""),
    "in a line without end": (BEGIN[:1], b"x"),
    "in a bad line without end": (BEGIN[:1] + (b"x" * 3000,), b"\n\r"),
    "after MAIL": (BEGIN[:2], b""),
    "in an address": (BEGIN[:2] + (b"RCPT TO:<",), b"a"),
    "after RCPT": (BEGIN, b""),
    "after DATA": (BEGIN + (b"DATA\r\n",), b""),
    "in a header": (BEGIN + (b"DATA\r\n",), b"Subject: x\r\n"),
    "in a body": (BEGIN + (b"DATA\r\n", b"\r\n"), b"..\r\n"),
    "before a chunk": (BEGIN + (b"BDAT 100\r\n",), b""),
    "in a chunk": (BEGIN + (b"BDAT 100000\r\n",), b"x"),
    "between chunks": (BEGIN + (b"BDAT 3\r\nx\r\n",), b""),
    "in chunks of nothing": (BEGIN, b"BDAT 0\r\n"),
}


def stall(facteur, commands, drip, found):
    """found: what the server's last line was, and after how long."""
    with smtp.Client(facteur.port) as client:
        begin = time.monotonic()
        last = b""
        client.sock.settimeout(SOON)
        try:
            for number, command in enumerate((b"",) + commands):
                client.send(command)
                whole = not number or command.endswith(b"\r\n") and command not in (
                    b"\r\n", b"BDAT 100\r\n", b"BDAT 100000\r\n")
                if whole:
                    last = client.file.readline()
                    while last[3:4] == b"-":
                        last = client.file.readline()
            at = 0
            while not select.select([client.sock], [], [], 0.05)[0]:
                if drip:
                    client.send(drip[at % len(drip):][:1])
                    at += 1
            while line := client.file.readline():
                last = line
        except ConnectionResetError:
            pass
        found.append((last, time.monotonic() - begin))


def test_slow_ones_meet_their_limits(place):
    sink = place.sink()
    facteur = place.facteur(sink.port, more="""
limits { command-timeout 500ms; data-timeout 500ms; message-timeout 1500ms }
""")
    found = {name: [] for name in STALLS}
    threads = [threading.Thread(target=stall, args=(facteur, *STALLS[name], found[name]))
               for name in STALLS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(harness.PATIENCE)
    for name, verdicts in found.items():
        assert verdicts, f"{name}: no end"
        last, seconds = verdicts[0]
        if name != "in chunks of nothing":  # the last of many replies
            assert last.startswith(b"421 4.4.2 "), f"{name}: {last!r}"
        assert 0.4 < seconds < SOON, f"{name}: {seconds:.1f} s"
    assert not sink.mails
    still_relays(facteur, sink)


# --- many ----------------------------------------------------------------------------------------

def read_replies(client, count):
    return [client.reply().code for _ in range(count)]


def test_ten_thousand_recipients(place):
    """The first thousand are taken, the others told 452, and the session lives; with room for all of
    them each gets one copy."""
    sink = place.sink()
    wide = place.sink()
    facteur = place.facteur(sink.port)
    other = harness.Facteur(f"{place.folder}/wide", wide.port, more="limits { recipients 20000 }\n")
    place.keep(other).start()
    count = 10000
    for server, taken in ((facteur, 1000), (other, count)):
        with begun(server, BEGIN[:2]) as client:
            rcpts = [b"RCPT TO:<r%d@sink.test>\r\n" % n for n in range(count)]
            codes = []
            for at in range(0, count, 500):
                client.send(b"".join(rcpts[at:at + 500]))
                codes += read_replies(client, 500)
            assert codes == [250] * taken + [452] * (count - taken)
            client.say("DATA", 354)
            client.send(smtp.stuffed(smtp.message("many")))
            assert client.reply().code == 250
        server.wait_empty()
    for at, taken in ((sink, 1000), (wide, count)):
        got = sorted(r for m in at.mails for r in m.recipients)
        assert got == sorted(f"r{n}@sink.test" for n in range(taken))
    still_relays(facteur, sink)


NOOP = b"NOOP " + b"x" * 93 + b"\r\n"
HERE = b"250 2.0.0 Here\r\n"


def flood(client, piece, octets_max):
    """Send without reading until the server takes no more; how much that was."""
    sent = 0
    client.sock.setblocking(False)
    while sent < octets_max:
        try:
            sent += client.sock.send(piece[sent % len(piece):])
        except BlockingIOError:
            if not select.select([], [client.sock], [], 0.5)[1]:
                break
    client.sock.settimeout(smtp.PATIENCE)
    return sent


def test_who_reads_no_replies_is_read_no_more(place, monkeypatch):
    """Back-pressure: a flood stops at the sockets' buffers, and costs the daemon nearly nothing."""
    small_quarantine(monkeypatch)
    sink = place.sink()
    facteur = place.facteur(sink.port, more="limits { idle-commands 1000000 }\n")
    still_relays(facteur, sink, "before")
    before = resident(facteur)
    floods = {
        NOOP: BEGIN[:1],
        b"VRFY " + b"y" * 50 + b"\r\n": BEGIN[:1],
        b"BDAT 0\r\n": BEGIN,
    }
    with contextlib.ExitStack() as stack:
        clients = []
        for line, commands in floods.items():
            for _ in range(2):
                client = stack.enter_context(begun(facteur, commands))
                sent = flood(client, line * 1000, FLOOD)
                assert sent < FLOOD, f"{line}: nobody stops it"
                clients.append((client, sent))
        grown = resident(facteur) - before
        assert grown < GROWTH_MAX, f"{grown // MIB} MiB more"
        still_relays(facteur, sink, "beside the flood")
        client, sent = clients[0]  # who reads again, gets every reply, and can say more
        replies = sent // len(NOOP)
        assert client.file.read(replies * len(HERE)) == HERE * replies
        client.send(NOOP[sent % len(NOOP):])
        assert client.reply().code == 250
        client.say("QUIT", 221)
        for client, _ in clients[3:]:
            reset(client)
    still_relays(facteur, sink)


def test_sessions_are_counted(place):
    """Per client and in all, and given back however they end."""
    sink = place.sink()
    facteur = place.facteur(sink.port, relay_for="127.0.0.0/8",
                            more="limits { sessions 12; sessions-per-client 5 }\n")

    def said(source):
        with smtp.Client(facteur.port, source) as client:
            reply = client.reply()
            return f"{reply.code} {reply.text}"

    for _ in range(3):
        held = [begun(facteur, (), "127.0.0.2") for _ in range(5)]
        assert "from your address" in said("127.0.0.2")
        held += [begun(facteur, (), "127.0.0.3") for _ in range(5)]
        held += [begun(facteur, (), "127.0.0.4") for _ in range(2)]
        assert "Too many sessions, try" in said("127.0.0.4")
        for number, client in enumerate(held):
            if number % 2:
                reset(client)
            else:
                client.close()
        harness.wait_for(lambda: facteur.json("status")["sessions"] == 0, "the sessions' ends")
        assert said("127.0.0.2").startswith("220 ")
    still_relays(facteur, sink)


# --- wrong bytes ---------------------------------------------------------------------------------

LONG = b"x" * 100000
# name: (state, bytes, the codes that must come; 0: the line is closed)
WRONG = {
    "a long line": (BEGIN[:1], LONG + b"\r\nNOOP\r\n", (500, 250)),
    "a line at the limit": (BEGIN[:1], b"NOOP " + b"x" * 2041 + b"\r\n", (250,)),
    "a line over the limit": (BEGIN[:1], b"NOOP " + b"x" * 2042 + b"\r\nNOOP\r\n", (500, 250)),
    "a NUL as command": (BEGIN[:1], b"\0\r\nNOOP\r\n", (500, 250)),
    "a NUL in EHLO": ((), b"EHLO a\0b\r\n", (501,)),
    "a NUL in an address": (BEGIN[:1], b"MAIL FROM:<a\0b@client.test>\r\nNOOP\r\n", (501, 250)),
    "a NUL in a recipient": (BEGIN[:2], b"RCPT TO:<\0@sink.test>\r\nNOOP\r\n", (501, 250)),
    "a NUL in a parameter": (BEGIN[:1], b"MAIL FROM:<a@client.test> SIZE=1\0\r\n", (501,)),
    "eight bits as command": (BEGIN[:1], bytes(range(128, 256)) + b"\r\nNOOP\r\n", (500, 250)),
    "SIZE beyond 64 bits": (BEGIN[:1], b"MAIL FROM:<> SIZE=99999999999999999999\r\n", (501,)),
    "BDAT alone": (BEGIN, b"BDAT\r\n", (501, 0)),
    "BDAT of -1": (BEGIN, b"BDAT -1\r\n", (501, 0)),
    "BDAT of +1": (BEGIN, b"BDAT +1\r\nx", (501, 0)),
    "BDAT of 0x1": (BEGIN, b"BDAT 0x1\r\nx", (501, 0)),
    "BDAT of 2^64": (BEGIN, b"BDAT 18446744073709551616 LAST\r\n", (501, 0)),
    "BDAT far beyond": (BEGIN, b"BDAT " + b"9" * 60 + b"\r\n", (501, 0)),
    "BDAT with more words": (BEGIN, b"BDAT 1 LAST LAST\r\nx", (501, 0)),
    "BDAT with a NUL": (BEGIN, b"BDAT 1\0\r\nx", (501, 0)),
    "BDAT, then DATA": (BEGIN, b"BDAT 3\r\nx\r\nDATA\r\n", (250, 503)),
    "BDAT without a sender": (BEGIN[:1], b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", (503, 250)),
    "BDAT of a bare LF": (BEGIN, b"BDAT 8 LAST\r\nA: b\n\nc\nNOOP\r\n", (550, 250)),
    "BDAT of half a CRLF": (BEGIN, b"BDAT 3\r\nx\r\nBDAT 1 LAST\r\n\rNOOP\r\n", (250, 550, 250)),
    "MAIL in chunks": (BEGIN, b"BDAT 3\r\nx\r\nMAIL FROM:<>\r\nRCPT TO:<b@sink.test>\r\n",
                       (250, 503, 503)),
    "a header too large": (BEGIN, b"DATA\r\n", (354,), b"A: " + b"b" * 900 + b"\r\n", MIB, 552),
    "a line too long": (BEGIN, b"DATA\r\n", (354,), b"b" * 997, MIB + 1000, 552),
    "a field too long": (BEGIN, b"DATA\r\n", (354,), b" b" * 400 + b"\r\n", 300 << 10, 552),
}


def test_wrong_bytes_are_refused(place):
    sink = place.sink()
    facteur = place.facteur(sink.port)
    for name, (state, data, codes, *more) in WRONG.items():
        with begun(facteur, state) as client:
            client.send(data)
            for code in codes:
                if code:
                    reply = client.reply()
                    assert reply.code == code, f"{name}: {reply}, not {code}"
                else:
                    assert client.closed(), name
            if more:
                piece, octets, code = more
                client.send(b"Subject: wrong\r\n" + piece * (octets // len(piece) + 1) + b"\r\n.\r\n")
                reply = client.reply()
                assert reply.code == code, f"{name}: {reply}, not {code}"
                client.say("NOOP", 250)
    assert not sink.mails
    still_relays(facteur, sink)


def test_odd_sizes_that_are_right(place):
    """Nothing, a huge number that is allowed, LAST twice: each message once, and only what was said."""
    sink = place.sink()
    facteur = place.facteur(sink.port)
    with begun(facteur, BEGIN) as client:
        client.send(b"BDAT 0\r\n" * 50)
        assert read_replies(client, 50) == [250] * 50
        text = smtp.message("pieces").encode()
        client.send(b"".join(b"BDAT 1\r\n%c" % byte for byte in text))
        assert read_replies(client, len(text)) == [250] * len(text)
        client.send(b"BDAT 0 LAST\r\nBDAT 0 LAST\r\n")
        assert read_replies(client, 2) == [250, 503]
    with begun(facteur, BEGIN) as client:
        client.send(b"BDAT 18446744073709551615 LAST\r\n" + b"x\r\n" * 1000)
    assert len(sink.wait(1)) == 1 and sink.mails[0].data.endswith(text)
    with begun(facteur, BEGIN) as client:
        client.say("DATA", 354)
        client.send(smtp.stuffed(smtp.message("nul", "a\0b\r\n")))
        nul = client.reply().code
    still_relays(facteur, sink)
    bodies = [m.data for m in sink.mails if subject_of(m) == "nul"]
    assert nul in (250, 550, 554) and len(bodies) == (nul == 250)
    assert all(b"a\0b\r\n" in body for body in bodies)
    assert len(sink.mails) == 2 + len(bodies)


# --- those who leave -----------------------------------------------------------------------------

MESSAGE = smtp.stuffed(smtp.message("left"))
# name: (commands that are answered, bytes after them, may a message come of it?)
LEFT = {
    "at the banner": ((), b"", False),
    "in a line": ((), b"EHL", False),
    "after EHLO": (BEGIN[:1], b"", False),
    "after MAIL": (BEGIN[:2], b"", False),
    "after RCPT": (BEGIN, b"", False),
    "after DATA": (BEGIN + (b"DATA\r\n",), b"", False),
    "in a header": (BEGIN + (b"DATA\r\n",), b"Subject: left\r", False),
    "in a body": (BEGIN + (b"DATA\r\n",), MESSAGE[:-3], False),
    "at the dot": (BEGIN + (b"DATA\r\n",), MESSAGE[:-2], False),
    "in a large body": (BEGIN + (b"DATA\r\n",), b"Subject: left\r\n\r\n" + b"y" * 3 * MIB, False),
    "after the dot": (BEGIN + (b"DATA\r\n",), MESSAGE, True),
    "in a chunk": (BEGIN, b"BDAT 1000\r\nSubject: left\r\n", False),
    "after a chunk": (BEGIN, b"BDAT 17\r\nSubject: left\r\n\r\n", False),
    "after the last chunk": (BEGIN, b"BDAT 17 LAST\r\nSubject: left\r\n\r\n", True),
    "after QUIT": (BEGIN, b"QUIT\r\n", False),
}


def test_those_who_leave(place):
    """By FIN and by RST, in each state: only what was whole may arrive, once, and what heard 250 must."""
    sink = place.sink()
    facteur = place.facteur(sink.port)
    heard = may = 0
    for name, (commands, data, whole) in LEFT.items():
        for leave in ("half", "close", "reset"):
            client = begun(facteur, commands)
            client.send(data)
            may += whole
            if leave == "half":
                client.sock.shutdown(socket.SHUT_WR)
                client.sock.settimeout(SOON)
                with contextlib.suppress(ConnectionResetError):
                    said = client.file.read()  # to the end: the server hangs up, too
                    heard += b"\r\n250 2.0.0 queued" in b"\r\n" + said
                client.close()
            elif leave == "close":
                client.close()
            else:
                reset(client)
    harness.wait_for(lambda: facteur.json("status")["sessions"] == 0, "the sessions' ends")
    still_relays(facteur, sink)
    left = [m for m in sink.mails if subject_of(m) == "left"]
    assert heard <= len(left) <= may, f"{heard} heard 250, {len(left)} came, {may} were whole"


# --- the control socket --------------------------------------------------------------------------

def control(facteur):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(SOON)
    sock.connect(str(facteur.dir / "run" / "control"))
    return sock


def asked(facteur, data):
    """What comes back, to the end; b"" for a line that was cut."""
    with control(facteur) as sock:
        answer = b""
        try:
            sock.sendall(data)
            while piece := sock.recv(65536):
                answer += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer


def test_the_control_socket_is_abused(place, monkeypatch):
    small_quarantine(monkeypatch)
    sink = place.sink()
    dead = harness.free_port()
    facteur = place.facteur(sink.port, more=f"""
transport dead {{ smtp 127.0.0.1:{dead} }}
route dead.test {{ transport dead }}
queue {{ retry 1h }}
""")
    with begun(facteur, BEGIN[:1]) as client:
        for number in range(200):
            client.mail("a@client.test", [f"r{number}@dead.test"], smtp.message(f"m{number}"))
    for junk in (b"\n", b"\0\n", b"\t\t\t\n", b"\xff" * 1000 + b"\n", b"json\n", b"json\t\n",
                 b"text\tqueue\n", b"json\tqueue\tlist\t--to\n", b"json\tqueue\tlist\t--to\t\xff\xfe\n",
                 b"text\tno such\n",
                 b"json\tqueue\tdelete\n", b"json\tqueue\tdelete\t" + b"z" * 50000 + b"\n",
                 b"json" + b"\tqueue" * 5000 + b"\n", b"json" + b"\tx" * 1200 + b"\n",
                 b"json\tqueue\tshow\t../../etc/passwd\n", b"x" * 2 * MIB, b"x" * 2 * MIB + b"\n",
                 b"GET / HTTP/1.0\r\n\r\n", b"json\tqueue\tlist\t--to\t" + b"a" * 59000 + b"\n"):
        answer = asked(facteur, junk) if junk.endswith(b"\n") or len(junk) > MIB else b""
        code = answer.rstrip(b"\n").rpartition(b"\n")[2]  # behind its portions
        assert code in (b"", b"=0", b"=1", b"=2", b"=75"), f"{junk[:60]!r}: {answer[:200]!r}"
        assert b"\0" not in answer and b"\x1b" not in answer
    before = resident(facteur)
    with contextlib.ExitStack() as stack:
        halves = [stack.enter_context(control(facteur)) for _ in range(300)]
        for number, sock in enumerate(halves):
            sock.sendall(b"json\tqueue\tlist" + (b"\n" if number % 3 == 0 else b""))  # and do not read
        assert facteur.json("status")["accepting"] is True
        assert len(facteur.queue()) == 200
        grown = resident(facteur) - before
        assert grown < GROWTH_MAX, f"{grown // MIB} MiB more"
        for sock in halves[::2]:
            reset(sock)
        assert smtp.send(facteur.port, "a@client.test", ["b@sink.test"], smtp.message()).code == 250
        sink.wait(1)
    assert len(facteur.queue()) == 200
    facteur.cli("queue", "delete", *[entry["id"] for entry in facteur.queue()])
    still_relays(facteur, sink)
