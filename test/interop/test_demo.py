"""make run, without its waiting: three letters go their ways, and the folder's Makefile works."""
import os
import pathlib
import subprocess

import harness


def test_demo(place):
    demo = pathlib.Path(place.folder) / "demo"
    result = subprocess.run([harness.ROOT / "tools" / "demo", "--once"], capture_output=True, text=True,
                            timeout=120, env={**os.environ, "DEMO": str(demo), "FACTEUR": harness.FACTEUR})
    harness.ended_well((demo / "facteur.log").read_text())
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("delivered") == 4
    assert len(list(demo.glob("mail/ada/new/*"))) == 2

    subprocess.run(["make", "-s", "-C", demo], check=True, timeout=60)
    (demo / "conf.d" / "50-more.conf").write_text("hostname twice.example.org\n")
    assert subprocess.run(["make", "-s", "-C", demo], capture_output=True, timeout=60).returncode == 2
