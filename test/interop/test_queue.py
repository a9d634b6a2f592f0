"""The queue by hand: filters on every verb, export and import, against the running daemon."""
import json
import pathlib
import subprocess

import harness
import smtp

MORE = """queue { retry 1h }
transport other { smtp 127.0.0.1:%d }
route other.test { transport other }
"""


def filled(place):
    """A daemon with mail for two dead next hops: four messages, one of them to both."""
    onward, other = harness.free_port(), harness.free_port()
    facteur = place.facteur(onward, more=MORE % other)
    for sender, recipients in (("ada@client.test", ["a@sink.test"]),
                               ("bob@client.test", ["b@sink.test", "b@other.test"]),
                               ("", ["c@other.test"]),
                               ("ada@elsewhere.test", ["A@Sink.test", "d@sink.test"])):
        assert smtp.send(facteur.port, sender, recipients, smtp.message("x")).code == 250
    harness.wait_for(lambda: len(facteur.queue()) == 4, "four messages")
    return facteur, onward, other


def chosen(facteur, *words):
    """The recipients that a filter leaves, as list and as show tell them."""
    listed = facteur.json("queue", "list", *words)
    shown = facteur.json("queue", "show", *words) if words else listed
    assert [entry["id"] for entry in listed] == [entry["id"] for entry in shown]
    return sorted(rcpt["address"] for entry in listed for rcpt in entry["recipients"])


def test_filters(place):
    facteur, onward, other = filled(place)
    every = ["A@Sink.test", "a@sink.test", "b@other.test", "b@sink.test", "c@other.test", "d@sink.test"]
    assert chosen(facteur) == every
    assert chosen(facteur, "--to", "a@sink.test") == ["A@Sink.test", "a@sink.test"]
    assert chosen(facteur, "--to", "other.test") == ["b@other.test", "c@other.test"]
    assert chosen(facteur, "--to", "@other.test", "--from", "<>") == ["c@other.test"]
    assert chosen(facteur, "--from", "elsewhere.test") == ["A@Sink.test", "d@sink.test"]
    assert chosen(facteur, "--transport", "other") == ["b@other.test", "c@other.test"]
    assert chosen(facteur, "--destination", "onward:127.0.0.1", "--from", "bob@client.test") == ["b@sink.test"]
    assert chosen(facteur, "--older", "1h") == []
    assert chosen(facteur, "--older", "1ms") == every
    # a line that is no row of the array, and each row is one line
    rows = facteur.cli("queue", "list", "--json").splitlines()
    assert rows[0] == "[" and rows[-1] == "]" and len(rows) == 6
    assert all(json.loads(row.rstrip(","))["id"] for row in rows[1:-1])


def test_orders_by_filter(place):
    """What is done is done to the recipients that are meant, and to no other."""
    facteur, onward, other = filled(place)
    assert facteur.cli("queue", "hold", "--to", "b@other.test") == "1 message held\n"
    states = {rcpt["address"]: rcpt["state"] for entry in facteur.queue() for rcpt in entry["recipients"]}
    assert states["b@other.test"] == "held" and states["b@sink.test"] == "waiting"
    assert facteur.cli("queue", "delete", "--to", "sink.test") == "3 messages deleted\n"
    harness.wait_for(lambda: chosen(facteur) == ["b@other.test", "c@other.test"], "what is left")
    sink = place.sink(("127.0.0.1", other))
    facteur.cli("queue", "retry", "--transport", "other")
    harness.wait_for(lambda: [mail.recipients for mail in sink.mails] == [["c@other.test"]], "c")
    facteur.cli("queue", "release", "--transport", "other")
    harness.wait_for(lambda: len(sink.mails) == 2, "b, released")
    facteur.wait_empty()


def test_an_id_that_is_named_twice_is_one_message(place):
    facteur, onward, other = filled(place)
    one, two = [entry["id"] for entry in facteur.queue()][:2]
    assert facteur.cli("queue", "hold", two, one, two) == "2 messages held\n"
    assert facteur.cli("queue", "delete", one, two, one, two) == "2 messages deleted\n"


def export(facteur, *words):
    result = subprocess.run([harness.FACTEUR, "queue", "-c", str(facteur.dir), "export", *words],
                            capture_output=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def bring_in(facteur, data, code=0):
    result = subprocess.run([harness.FACTEUR, "queue", "-c", str(facteur.dir), "import"], input=data,
                            capture_output=True)
    assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
    return result.stdout.decode()


def test_export_and_import(place):
    """Over to another server, byte by byte, with its age, its holds and its attempts."""
    dead = harness.free_port()
    large = smtp.message("large", body="0123456789abcdef\r\n" * 20000)
    old = place.facteur(dead, more="queue { retry 1h }\n")
    texts = [smtp.message("small"), large]
    for n, text in enumerate(texts):
        assert smtp.send(old.port, "s@client.test", [f"r{n}@sink.test", f"q{n}@sink.test"], text).code == 250
    harness.wait_for(lambda: len(old.queue()) == 2, "both")
    old.cli("queue", "hold", "--to", "q1@sink.test")
    were = old.queue()
    data = export(old, "all")
    assert data.startswith(b"facteur-parcel 1\n") and data.endswith(b"\nend 2\n")

    old.stop()
    new_folder = pathlib.Path(place.folder) / "new"
    new_folder.mkdir(mode=0o711)
    port = harness.free_port()
    new = place.keep(harness.Facteur(new_folder, port, more="queue { retry 1h }\n")).start()
    assert bring_in(new, data) == "2 messages imported\n"
    new.kill()  # what was said to be imported is durable
    new.start(compile_first=False)
    are = new.queue()
    assert [entry["received"] for entry in are] == [entry["received"] for entry in were]
    assert [entry["octets"] for entry in are] == [entry["octets"] for entry in were]
    assert sorted(rcpt["address"] for entry in are for rcpt in entry["recipients"]
                  if rcpt["state"] == "held") == ["q1@sink.test"]
    sink = place.sink(("127.0.0.1", port))
    new.cli("queue", "retry", "all")
    new.cli("queue", "release", "all")
    harness.wait_for(lambda: sum(len(mail.recipients) for mail in sink.mails) == 4, "all four")
    bodies = {mail.data.partition(b"\r\n\r\n")[2] for mail in sink.mails}
    assert bodies == {text.encode().partition(b"\r\n\r\n")[2] for text in texts}


def test_import_refuses_what_is_damaged(place):
    facteur, onward, other = filled(place)
    data = export(facteur, "--from", "client.test")
    facteur.cli("queue", "delete", "all")
    facteur.wait_empty()
    at = data.rindex(b"Subject: x")
    broken = data[:at] + b"s" + data[at + 1:]  # in the second message
    said = bring_in(facteur, broken, code=1)
    assert "message 2" in said and "SHA-256" in said and "1 message imported" in said
    assert "the middle" in bring_in(facteur, data[:len(data) // 2], code=1)
    assert "facteur-parcel" in bring_in(facteur, b"From: a mail\n\nnothing else\n", code=1)
    assert "the middle" in bring_in(facteur, b"", code=1)
    senders = [entry["sender"] for entry in facteur.queue()]
    assert set(senders) == {"ada@client.test"}, "only what came whole"
