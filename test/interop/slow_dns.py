"""slow_dns - a name server that takes its time: every answer comes so many seconds after its question"""
import socket
import struct
import threading
import time

TXT, NOERROR, NXDOMAIN = 16, 0, 3


def read_name(packet, at):
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += packet[at] + 1
    return ".".join(labels).lower(), at + 1


class SlowDns:
    """Answers TXT records by name; every other name does not exist."""

    def __init__(self, delay, texts):
        self.delay, self.texts = delay, texts
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            self.asked += 1
            threading.Timer(self.delay, self.answer, (packet, peer)).start()

    def answer(self, packet, peer):
        name, end = read_name(packet, 12)
        kind = struct.unpack(">H", packet[end:end + 2])[0]
        question = packet[12:end + 4]
        text = self.texts.get(name)
        body = b""
        if text is not None and kind == TXT:
            data = bytes([len(text)]) + text.encode()
            body = b"\xc0\x0c" + struct.pack(">HHIH", TXT, 1, 1, len(data)) + data
        code = NXDOMAIN if text is None else NOERROR
        head = packet[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, 1 if body else 0, 0, 0)
        try:
            self.socket.sendto(head + question + body, peer)
        except OSError:
            pass  # the test is over

    def stop(self):
        self.socket.close()
