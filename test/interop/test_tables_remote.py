"""Tables in PostgreSQL and LDAP, by the real servers: alive, frozen, dead, and back again."""
import time

import directory
import harness
import smtp

TIMEOUT = 1.5  # of the tables, in seconds
SLACK = 20     # a busy machine


def pgsql(server, more="on-failure defer"):
    return f"""
table rules {{
	pgsql "{server.place}"
	query "SELECT verdict FROM rules WHERE name = '%s'"
	timeout 1500ms; cache 0; {more}
}}
access sender rules
"""


def ldap(server, more="on-failure defer", extra=""):
    return f"""
table people {{
	ldap ldap://127.0.0.1:{server.port}
	base {directory.BASE}
	filter "(&(objectClass=inetOrgPerson)(mail=%s))"
	attribute cn
	bind "cn=reader,{directory.BASE}"
	password-file ldap-password
	result "refuse 550 5.7.1 %s may not send"
	timeout 1500ms; cache 0; {more}
	{extra}
}}
access sender people
"""


def mail_from(facteur, sender):
    with smtp.Client(facteur.port) as client:
        client.hello()
        return client.say(f"MAIL FROM:<{sender}>")


def timed(facteur, sender):
    begin = time.monotonic()
    return mail_from(facteur, sender), time.monotonic() - begin


def postgres(place):
    server = place.keep(directory.Postgres(place.folder)).start()
    server.sql("CREATE TABLE rules (name text PRIMARY KEY, verdict text);"
               "INSERT INTO rules VALUES ('bad@b.test', 'refuse 554 5.7.1 Bad'),"
               "('x''y@b.test', 'refuse Quoted')")
    return server


def slapd(place, **more):
    people = {"reader": [], "Anna": ["anna@b.test"], "Star": ["*@b.test"]}
    return place.keep(directory.Slapd(place.folder, people, **more)).start()


def test_pgsql_answers_and_binds(place):
    facteur = place.facteur(place.sink().port, more=pgsql(postgres(place)))
    assert mail_from(facteur, "bad@b.test").text == "5.7.1 Bad"
    assert mail_from(facteur, "good@b.test").code == 250
    assert mail_from(facteur, "x'y@b.test").text == "5.7.1 Quoted"
    assert facteur.json("lookup", "rules", "' OR ''='", code=1)["found"] is False
    assert facteur.json("lookup", "rules", "bad@b.test")["value"] == "refuse 554 5.7.1 Bad"


def test_ldap_answers_and_escapes(place):
    server = slapd(place)
    facteur = place.facteur(place.sink().port, more=ldap(server), files={"ldap-password": "secret\n"})
    assert mail_from(facteur, "anna@b.test").text == "5.7.1 Anna may not send"
    assert mail_from(facteur, "else@b.test").code == 250
    assert facteur.json("lookup", "people", "*", code=1)["found"] is False
    assert facteur.json("lookup", "people", "*)(cn=Anna", code=1)["found"] is False
    assert "Star" in facteur.json("lookup", "people", "*@b.test")["value"]
    facteur.write("ldap-password", "wrong\n")
    assert "Invalid credentials" in facteur.cli("lookup", "people", "anna@b.test", code=75)


def test_ldap_by_start_tls(place):
    """With the authority that signed it, and not without."""
    cert, key = harness.certificate(place.folder, "127.0.0.1")
    server = slapd(place, tls=(cert, key))
    files = {"ldap-password": "secret\n", "ca": cert.read_text()}
    facteur = place.facteur(place.sink().port, files=files, start=False,
                            more=ldap(server, extra="start-tls; ca ca"))
    facteur.cli("compile")
    assert "Anna" in facteur.json("lookup", "people", "anna@b.test")["value"]
    facteur.write("ca", harness.certificate(place.folder, "another")[0].read_text())
    assert "Connect error" in facteur.cli("lookup", "people", "anna@b.test", code=75)


def check_trouble(place, server, configuration, files=None):
    """Frozen: each question costs its timeout and then what was written, and other mail flows on.
    Dead: the same, at once.  Back again: it answers again."""
    sink = place.sink()
    facteur = place.facteur(sink.port, files=files, relay_for="127.0.0.1 127.0.0.7",
                            more=configuration + "access client cidr:spared\n")
    assert mail_from(facteur, "else@b.test").code == 250
    with directory.Frozen(server):
        waiting = [smtp.Client(facteur.port) for _ in range(8)]
        begin = time.monotonic()
        for client in waiting:
            client.hello()
            client.send(b"MAIL FROM:<else@b.test>\r\n")
        for n in range(20):  # mail that is not asked about, by the same workers
            with smtp.Client(("127.0.0.1", facteur.port), "127.0.0.7") as client:
                client.hello()
                assert client.mail(f"n{n}@b.test", ["c@sink.test"], smtp.message()).code == 250
        flowed = time.monotonic() - begin
        for client in waiting:
            reply = client.reply()
            assert (reply.code, reply.status) == (451, "4.3.0"), reply
        took = time.monotonic() - begin
        assert TIMEOUT <= took < TIMEOUT + SLACK, took
        assert flowed < SLACK, flowed
        for client in waiting:
            client.close()
    facteur.wait_until(lambda: len(facteur.events("table-failed")) == 8, "eight failures")
    sink.wait(20)
    harness.wait_for(lambda: mail_from(facteur, "else@b.test").code == 250, "an answer again")
    server.stop()
    reply, took = timed(facteur, "else@b.test")
    assert reply.code == 451 and took < TIMEOUT + SLACK
    server.start()
    harness.wait_for(lambda: mail_from(facteur, "else@b.test").code == 250, "an answer again")


SPARED = {"spared": "127.0.0.7 accept\n"}


def test_pgsql_frozen_dead_and_back(place):
    server = postgres(place)
    check_trouble(place, server, pgsql(server), SPARED)


def test_ldap_frozen_dead_and_back(place):
    server = slapd(place)
    check_trouble(place, server, ldap(server), {**SPARED, "ldap-password": "secret\n"})


def test_each_outcome_is_as_written(place):
    """A server that takes connections and says nothing, four times."""
    listener, port = directory.deaf()

    class Deaf:
        place = f"host=127.0.0.1 port={port} dbname=x user=x"

    sink = place.sink()
    for outcome, code in {"accept": 250, "defer": 451, "reject": 550, "hold": 250}.items():
        facteur = place.facteur(sink.port, more=pgsql(Deaf, f"on-failure {outcome}"), start=False) \
            if outcome == "accept" else facteur
        facteur.write("conf.d/20-more.conf", pgsql(Deaf, f"on-failure {outcome}"))
        if outcome == "accept":
            facteur.start()
        else:
            facteur.cli("compile")
            facteur.cli("reload")
        reply, took = timed(facteur, "else@b.test")
        assert reply.code == code and TIMEOUT <= took < TIMEOUT + SLACK, (outcome, reply, took)
    smtp.send(facteur.port, "else@b.test", ["c@sink.test"], smtp.message())
    assert len(facteur.queue()) == 1 and not sink.mails
    facteur.cli("queue", "release", facteur.queue()[0]["id"])
    sink.wait()
    listener.close()


def test_a_cache_spares_the_server(place):
    """Its answers are believed for their time, the negative ones too."""
    server = postgres(place)
    facteur = place.facteur(place.sink().port,
                            more=pgsql(server).replace("cache 0", "cache 1h"))
    assert mail_from(facteur, "bad@b.test").code == 554
    assert mail_from(facteur, "good@b.test").code == 250
    server.stop()
    assert mail_from(facteur, "bad@b.test").code == 554
    assert mail_from(facteur, "good@b.test").code == 250
    assert mail_from(facteur, "other@else.test").code == 451
