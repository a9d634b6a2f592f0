"""dkim_generate - messages from a seed: every odd shape that a header and a body may have

Lines end in CRLF and no byte is NUL; that is what may cross SMTP.  A message has one From.
"""
import random

WORDS = "mail chain link pivot letter postman seal stamp night user phone".split()


def words(rng, count):
    return " ".join(rng.choice(WORDS) for _ in range(count))


def odd_space(rng):
    return "".join(rng.choice(" \t") for _ in range(rng.randint(1, 3)))


def value(rng, utf8):
    """The value of a field: folded, with odd spaces, with bytes above 127, long, or empty."""
    kind = rng.randrange(8)
    if kind == 0:
        return ""
    if kind == 1:
        return words(rng, 3) + odd_space(rng)
    if kind == 2:
        return odd_space(rng).join(rng.choice(WORDS) for _ in range(5))
    if kind == 3:
        return words(rng, 2) + "\r\n" + odd_space(rng) + words(rng, 2)
    if kind == 4:
        return words(rng, 2) + "\r\n\t" + words(rng, 2) + "\r\n " + words(rng, 1)
    if kind == 5 and utf8:
        return "Grüße an Jörg, 世界 " + words(rng, 1)
    if kind == 6:
        return "x" * rng.randint(200, 900)
    return words(rng, rng.randint(1, 8))


def cased(rng, name):
    return rng.choice((name, name.lower(), name.upper()))


def header(rng, utf8):
    fields = [("From", rng.choice(("a@signer.test", "A Person <a@signer.test>",
                                   "Jörg <j@signer.test>" if utf8 else "J <j@signer.test>",
                                   "\"Last, First\"\r\n <a@signer.test>")))]
    for name in ("To", "Subject", "Date", "Message-ID", "Cc", "Reply-To", "MIME-Version",
                 "Content-Type", "References", "List-Id"):
        if rng.random() < 0.6:
            fields.append((name, value(rng, utf8)))
    for name in ("Received", "Comments", "X-Odd", "Resent-From"):
        fields += [(name, value(rng, utf8)) for _ in range(rng.randrange(3))]
    rng.shuffle(fields)
    return [f"{cased(rng, name)}: {text}" for name, text in fields]


def line(rng):
    kind = rng.randrange(7)
    if kind == 0:
        return b""
    if kind == 1:
        return words(rng, 4).encode() + odd_space(rng).encode()
    if kind == 2:
        return odd_space(rng).encode() + words(rng, 2).encode()
    if kind == 3:
        return odd_space(rng).encode()
    if kind == 4:
        return bytes(rng.choice([b for b in range(1, 256) if b not in (10, 13)])
                     for _ in range(rng.randint(1, 60)))
    if kind == 5:
        return b"y" * rng.randint(500, 990)
    return b"." + words(rng, 6).encode()


def body(rng):
    kind = rng.randrange(8)
    if kind == 0:
        return b""
    if kind == 1:
        return b"\r\n" * rng.randint(1, 3)
    text = b"".join(line(rng) + b"\r\n" for _ in range(rng.randint(1, 30)))
    if kind == 2:
        text += b"\r\n" * rng.randint(1, 4)
    elif kind == 3:
        text += b" \r\n\t\r\n"
    elif kind == 4:
        text = text[:-2] + b"end"
    return text


def message(seed):
    rng = random.Random(seed)
    utf8 = rng.random() < 0.3
    head = "".join(field + "\r\n" for field in header(rng, utf8))
    return head.encode() + b"\r\n" + body(rng)


def mutated(signed, seed):
    """The same with one letter changed that every canonicalization keeps, in From or in the body."""
    rng = random.Random(seed)
    head, _, text = signed.partition(b"\r\n\r\n")
    letters = [i for i, byte in enumerate(text) if chr(byte).isascii() and chr(byte).isalpha()]
    changed = bytearray(signed)
    if letters and rng.random() < 0.7:
        at = len(head) + 4 + rng.choice(letters)
    else:
        at = signed.index(b"@signer.test", signed.lower().index(b"\r\nfrom:") + 1) - 1
    changed[at] = ord("q") if changed[at] != ord("q") else ord("r")
    return bytes(changed)
