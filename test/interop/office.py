"""office - speak to the courier's office as a process mail that is in strangers' hands would

What mail sends there is in world/courier_frame.h.  We take its own socket from it, as only root can.
"""
import ctypes
import os
import socket

PIDFD_GETFD = 438
CONTROL = 4  # of mail: behind the socket to the parent
PATIENCE = 30


class Office:
    def __init__(self, facteur):
        process = os.pidfd_open(facteur.process_of("mail"))
        taken = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, process, CONTROL, 0)
        os.close(process)
        assert taken >= 0, os.strerror(ctypes.get_errno())
        self.control = socket.socket(fileno=taken)
        assert self.control.type == socket.SOCK_SEQPACKET

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.control.close()

    def open(self, what_for, user):
        """A stream, and with it a child: b"!" for a program, b"=" for files."""
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        with theirs:
            socket.send_fds(self.control, [what_for + user.encode()], [theirs.fileno()])
        return ours

    @staticmethod
    def answer(stream):
        """The status and the text; "" as a status: it is done."""
        answer = b""
        while len(answer) < 5 or len(answer) < 5 + int.from_bytes(answer[1:5], "big"):
            part = stream.recv(65536)
            assert part, "the office hung up"
            answer += part
        status, text = answer[5:].split(b"\0")
        return status.decode(), text.decode()

    def order(self, what_for, user, *frames, stream=None):
        ours = stream or self.open(what_for, user)
        ours.sendall(b"".join(word + len(rest).to_bytes(4, "big") + rest for word, rest in frames))
        answer = self.answer(ours)
        if not stream:
            ours.close()
        return answer

    def run(self, user, address, words, into="", environment=("SENDER=a@b.test",), stream=None):
        values = [address, into, str(len(words)), str(len(environment)), "20000", "1000", *words,
                  *environment]
        rest = "".join(value + "\0" for value in values).encode()
        return self.order(b"!", user, (b"R", rest), (b"D", b"Subject: x\r\n\r\nx\r\n"), (b"F", b""),
                          stream=stream)

    def put(self, user, address, path, stream=None):
        rest = f"{address}\0\0{path}\0X: y\r\n".encode()
        return self.order(b"=", user, (b"B", rest), (b"D", b"Subject: x\r\n\r\nx\r\n"), (b"F", b""),
                          stream=stream)

    def look(self, user, address):
        return self.order(b"=", user, (b"L", f"{address}\0\0".encode()))
