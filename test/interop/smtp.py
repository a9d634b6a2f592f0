"""smtp - a client that says exactly what it is told, and a sink that answers exactly what it is told

Both are small on purpose: Python's own smtplib repairs what a test wants to send broken, and its
servers are gone.  Lines are bytes without CRLF where they are shown to a script, and raw bytes where
a test sends them.
"""
import dataclasses
import re
import socket
import ssl
import threading
import time

PATIENCE = 30  # seconds: longer than anything that works needs


class Reply:
    def __init__(self, lines):
        self.lines = lines
        self.code = int(lines[-1][:3])
        self.text = "\n".join(line[4:] for line in lines)

    def __repr__(self):
        return f"<{self.code} {self.text}>"

    @property
    def status(self):
        """The enhanced status code, or ''."""
        match = re.match(r"[245]\.\d{1,3}\.\d{1,3}", self.lines[-1][4:])
        return match.group() if match else ""


class Client:
    def __init__(self, address, source=None):
        if isinstance(address, int):
            address = ("127.0.0.1", address)
        self.sock = socket.create_connection(address, PATIENCE,
                                             source_address=(source, 0) if source else None)
        self.file = self.sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def reply(self):
        """The next reply; EOFError when the server has hung up."""
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError(f"the server hung up after {lines}")
            assert line.endswith(b"\r\n"), f"a line without CRLF: {line!r}"
            lines.append(line[:-2].decode("utf-8"))
            if line[3:4] != b"-":
                return Reply(lines)

    def say(self, line, want=None):
        """Send one command, return its reply; want: the code that it must have."""
        if isinstance(line, str):
            line = line.encode()
        self.send(line + b"\r\n")
        reply = self.reply()
        assert want is None or reply.code == want, f"{line!r}: {reply}, not {want}"
        return reply

    def hello(self, name="client.test"):
        greeting = self.reply()
        assert greeting.code == 220, greeting
        return self.say(f"EHLO {name}", 250)

    def mail(self, sender, recipients, data, params=""):
        """One whole transaction; the reply to its end."""
        self.say(f"MAIL FROM:<{sender}>{params}", 250)
        for recipient in recipients:
            self.say(f"RCPT TO:<{recipient}>", 250)
        self.say("DATA", 354)
        self.send(stuffed(data))
        return self.reply()

    def closed(self):
        """True when the server closes without another byte."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


def stuffed(data):
    """Content as DATA carries it, with the end."""
    if isinstance(data, str):
        data = data.encode()
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", data) + b".\r\n"


def send(address, sender, recipients, data, params=""):
    """A whole session with one message; the reply to its end."""
    with Client(address) as client:
        client.hello()
        reply = client.mail(sender, recipients, data, params)
        client.say("QUIT", 221)
    return reply


def message(subject="A test", body="Words.\r\n", sender="a@client.test", to="b@sink.test", extra=""):
    return (f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: {subject}\r\n"
            f"Date: Tue, 24 Nov 2026 04:28:54 +0000\r\nMessage-ID: <{time.monotonic_ns()}@client.test>\r\n"
            f"{extra}\r\n{body}")


@dataclasses.dataclass
class Mail:
    sender: str
    recipients: list
    data: bytes
    mail_params: str
    rcpt_params: dict
    helo: str
    tls: bool
    chunked: bool
    session: int
    at: float


HANG_UP = object()  # a reply of a script: close without a word
SILENCE = object()  # say nothing, keep the line open
STARTTLS_FAILS = object()  # 220, then rubbish instead of a handshake


class Sink:
    """A server that takes everything, unless its script says otherwise.

    script maps a verb (CONNECT, EHLO, MAIL, RCPT, DATA, BDAT, END: the end of a message, QUIT ...)
    to a reply, or to a function of (session, argument) that returns one or None: the usual one.
    A reply is a line, HANG_UP or SILENCE.  With lmtp, END is asked for each recipient.
    """

    OFFERS = ("PIPELINING", "SIZE 100000000", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING",
              "SMTPUTF8", "DSN")

    def __init__(self, address=("127.0.0.1", 0), offers=OFFERS, script=None, tls=None, lmtp=False,
                 keep=True):
        self.offers, self.script, self.tls, self.lmtp = offers, dict(script or {}), tls, lmtp
        self.keep = keep
        self.mails, self.sessions, self.bad_lines = [], 0, []
        self.changed = threading.Condition()
        self.listener = socket.create_server(address, backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Stop listening and hang up on everybody, as a host does that dies."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self.changed:
            for sock in self.open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.changed:
                self.sessions += 1
                self.open.add(sock)
                number = self.sessions
                self.changed.notify_all()
            threading.Thread(target=self.serve, args=(sock, number), daemon=True).start()

    def serve(self, sock, number):
        try:
            Session(self, sock, number).run()
        except (OSError, EOFError, ValueError):
            pass  # the peer's business
        with self.changed:
            self.open.discard(sock)
        sock.close()

    def took(self, mail):
        with self.changed:
            self.mails.append(mail)
            self.changed.notify_all()

    def wait(self, count=1, seconds=PATIENCE):
        """Wait until so many messages are here; all of them."""
        with self.changed:
            done = self.changed.wait_for(lambda: len(self.mails) >= count, seconds)
            assert done, f"{len(self.mails)} of {count} messages came in {seconds} s"
            return list(self.mails)

    def wait_sessions(self, count, seconds=PATIENCE):
        with self.changed:
            assert self.changed.wait_for(lambda: self.sessions >= count, seconds), "no connection"


class Session:
    def __init__(self, sink, sock, number):
        self.sink, self.sock, self.number = sink, sock, number
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) \
            if sock.family != socket.AF_UNIX else None
        self.file = sock.makefile("rb")
        self.helo, self.tls = "", False
        self.reset()

    def reset(self):
        self.sender, self.mail_params = None, ""
        self.recipients, self.rcpt_params, self.chunks = [], {}, []

    def send(self, text):
        self.sock.sendall(text.encode() + b"\r\n")

    def answer(self, verb, argument, usual):
        """Reply as the script wants, or as usual.  True: it was a 2xx or 3xx."""
        scripted = self.sink.script.get(verb)
        reply = scripted(self, argument) if callable(scripted) else scripted
        if reply is None:
            reply = usual
        if reply is HANG_UP:
            raise EOFError
        if reply is SILENCE:
            self.sock.settimeout(3600)
            while self.sock.recv(65536):
                pass
            raise EOFError
        self.send(reply)
        if reply.startswith("421"):
            raise EOFError
        return reply[0] in "23"

    def line(self):
        line = self.file.readline(100000)
        if not line:
            raise EOFError
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            with self.sink.changed:
                self.sink.bad_lines.append(line)  # a bare CR or LF: nobody may send one
        return line

    def run(self):
        self.answer("CONNECT", "", "220 sink.test ESMTP")
        while True:
            line = self.line().rstrip(b"\r\n").decode("utf-8", "surrogateescape")
            verb, _, argument = line.partition(" ")
            verb = verb.upper()
            handler = getattr(self, "on_" + verb.lower(), None)
            if verb == "QUIT":
                self.answer("QUIT", "", "221 2.0.0 Bye")
                return
            if handler:
                handler(argument)
            else:
                self.answer(verb, argument, "500 5.5.1 What?")

    def on_ehlo(self, argument):
        self.helo = argument
        self.reset()
        offers = [o for o in self.sink.offers if o]
        if self.sink.tls and not self.tls:
            offers.append("STARTTLS")
        lines = ["sink.test"] + offers
        text = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}"
        self.answer("EHLO", argument, text)

    on_lhlo = on_ehlo

    def on_helo(self, argument):
        self.helo = argument
        self.reset()
        self.answer("HELO", argument, "250 sink.test")

    def on_noop(self, argument):
        self.answer("NOOP", argument, "250 2.0.0 Ok")

    def on_rset(self, argument):
        self.reset()
        self.answer("RSET", argument, "250 2.0.0 Ok")

    def on_starttls(self, argument):
        if self.sink.script.get("STARTTLS") is STARTTLS_FAILS:
            self.send("220 2.0.0 Go on")
            self.sock.sendall(b"This is no handshake\r\n")
            raise EOFError
        if not self.answer("STARTTLS", argument, "220 2.0.0 Go on"):
            return
        self.sock = self.sink.tls.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")
        self.tls = True
        self.reset()

    def on_mail(self, argument):
        path, _, params = argument.partition(">")
        if self.answer("MAIL", argument, "250 2.1.0 Ok"):
            self.reset()
            self.sender, self.mail_params = path.partition("<")[2], params.strip()

    def on_rcpt(self, argument):
        path, _, params = argument.partition(">")
        if self.answer("RCPT", argument, "250 2.1.5 Ok"):
            recipient = path.partition("<")[2]
            self.recipients.append(recipient)
            self.rcpt_params[recipient] = params.strip()

    def on_data(self, argument):
        if not self.answer("DATA", argument, "354 Go on" if self.recipients else "503 5.5.1 No"):
            return
        lines = []
        while (line := self.line()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        self.end(b"".join(lines), False)

    def on_bdat(self, argument):
        words = argument.split()
        chunk = self.file.read(int(words[0]))
        if len(chunk) != int(words[0]):
            raise EOFError
        if re.search(rb"\r(?!\n)|(?<!\r)\n", chunk):
            with self.sink.changed:
                self.sink.bad_lines.append(chunk)
        self.chunks.append(chunk)
        if not self.recipients:
            self.answer("BDAT", argument, "503 5.5.1 No")
        elif len(words) > 1:
            self.end(b"".join(self.chunks), True)
        else:
            self.answer("BDAT", argument, "250 2.0.0 Ok")

    def end(self, data, chunked):
        mail = Mail(self.sender, list(self.recipients), data if self.sink.keep else b"",
                    self.mail_params, dict(self.rcpt_params), self.helo, self.tls, chunked,
                    self.number, time.time())
        self.reset()
        taken = []
        # The message counts before its reply leaves, as with any server that keeps its word.
        scripted = "END" in self.sink.script
        if not scripted and not self.sink.lmtp:
            self.sink.took(mail)
            self.send("250 2.0.0 Ok")
            return
        for recipient in mail.recipients if self.sink.lmtp else [""]:
            self.current = mail
            if self.answer("END", recipient, "250 2.0.0 Ok"):
                taken.append(recipient)
        if taken:
            if self.sink.lmtp:
                mail.recipients = taken
            self.sink.took(mail)


def tls_server(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
