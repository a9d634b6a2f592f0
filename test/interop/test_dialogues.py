"""The dialogues of chasquid's tests, against us.

The files say what to send and which reply to expect.  Reply texts are chasquid's own, so the class
of the code is compared (2, 3, 4 or 5), and where we differ on purpose it is written below.
AUTH and TLS on a listener come with a later work; their dialogues are not played.
"""
import ast
import re

import pytest

import harness
import smtp

DIALOGUES = harness.VECTORS / "smtp" / "chasquid-dialogs"
LATER = {"auth_multi_dialog", "auth_not_tls", "auth_too_many_failures"}

# (dialogue, number of the expectation): the class that we answer instead, and why.
DIFFERENT = {
    ("bad_data", 10): ("2", "a header that ends at a line that is no field is closed, not refused: "
                           "RFC 5321 leaves the content to the reader"),
}


def dialogues():
    return sorted(p.name.removesuffix(".cmy.txt") for p in DIALOGUES.glob("*.cmy.txt"))


def bytes_of(expression):
    """The value of "'a' * 899 + '\\r\\n'": literals, + and * only."""
    def value(node):
        if isinstance(node, ast.Constant):
            return node.value
        left, right = value(node.left), value(node.right)
        return left + right if isinstance(node.op, ast.Add) else left * right
    return value(ast.parse(expression, mode="eval").body).encode()


@pytest.mark.parametrize("name", [n for n in dialogues() if n not in LATER])
def test_dialogue(place, name):
    sink = place.sink()
    facteur = place.facteur(hostname="testserver", more=f"""
postmaster user@testserver
domain testserver {{ }}
mailbox user@testserver {{ smtp 127.0.0.1:{sink.port} }}
limits {{ message 1M }}
""")
    client, expected = None, 0
    for line in (DIALOGUES / f"{name}.cmy.txt").read_text().splitlines():
        match = re.match(r"c (tcp_connect|->|~>|<-|<~|<\.\.\.|close) ?(.*)", line)
        if not match:
            assert not line or line.startswith("#"), line
            continue
        verb, text = match.groups()
        if verb == "tcp_connect":
            client = smtp.Client(facteur.port)
        elif verb == "close":
            client.close()
        elif verb == "->":
            client.send(text.encode() + b"\r\n")
        elif verb == "~>":
            client.send(bytes_of(text))
        else:
            expected += 1
            want, why = DIFFERENT.get((name, expected), (re.search(r"\d", text).group(), ""))
            reply = client.reply()
            assert str(reply.code)[0] == want, f"{line}: {reply} {why}"

    verify = DIALOGUES / f"{name}.cmy.verify.txt"
    if verify.exists():
        # The client is one that we relay for: a missing Date and Message-ID are added.
        head, body = sink.wait()[0].data.decode().replace("\r\n", "\n").split("\n\n", 1)
        want_head, want_body = verify.read_text().split("\n\n", 1)
        assert set(want_head.splitlines()) <= set(head.splitlines())
        assert body.rstrip("\n") == want_body.rstrip("\n")
