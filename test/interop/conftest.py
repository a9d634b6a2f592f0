"""What every interop test gets: a folder that the neighbours' users may enter, and an end."""
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import harness  # noqa: E402
import smtp  # noqa: E402


class Place:
    """A folder, and everything that was started in it; all of it ends with the test."""

    def __init__(self, folder):
        self.folder, self.things = folder, []

    def keep(self, thing):
        self.things.append(thing)
        return thing

    def facteur(self, *args, start=True, **more):
        facteur = self.keep(harness.Facteur(self.folder, *args, **more))
        return facteur.start() if start else facteur

    def postfix(self, *args, **more):
        return self.keep(harness.Postfix(self.folder, *args, **more)).start()

    def dovecot(self, users):
        return self.keep(harness.Dovecot(self.folder, users)).start()

    def nsd(self, zone, records):
        return self.keep(harness.Nsd(self.folder, zone, records)).start()

    def sink(self, *args, **more):
        return self.keep(smtp.Sink(*args, **more))

    def tls(self, name="sink.test"):
        return smtp.tls_server(*harness.certificate(self.folder, name))

    def end(self, strict):
        """Stop in the order of starting, so that nobody loses what is on its way; strict: Facteur
        must end well, too."""
        trouble = None
        for thing in reversed(self.things):
            alive = getattr(thing, "process", None) and thing.process.poll() is None
            try:
                if isinstance(thing, smtp.Sink) or alive:
                    thing.stop()
                elif isinstance(thing, harness.Facteur):
                    harness.ended_well(thing.log)
            except Exception as error:  # the others must be stopped all the same
                trouble = trouble or error
            if isinstance(thing, harness.Daemon):
                thing.destroy()
        if strict and trouble:
            raise trouble


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.failed = outcome.get_result().failed


@pytest.fixture
def place(request):
    folder = tempfile.mkdtemp(prefix="facteur-")
    os.chmod(folder, 0o711)
    here = Place(folder)
    failed = True
    try:
        yield here
        failed = getattr(request.node, "failed", True)
        here.end(strict=not failed)
    except BaseException:
        failed = True
        raise
    finally:
        if failed:
            for thing in here.things:
                if isinstance(thing, harness.Daemon):
                    print(f"--- {thing.name}:\n{thing.log[-6000:]}")
        shutil.rmtree(folder, ignore_errors=True)
        if os.path.exists(folder):  # a neighbour's files, and we are not root
            subprocess.run([*harness.SUPER, "rm", "-rf", folder], check=False)
