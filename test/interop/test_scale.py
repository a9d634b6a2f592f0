"""The run of a long queue (test/bench/scale.py) in its small form: nothing gets lost on the way."""
import os
import pathlib
import subprocess
import sys

import harness


def test_a_long_queue_in_small():
    build = pathlib.Path(harness.FACTEUR).parent
    if not (build / "test/bench/bench_generator").exists():
        build = harness.ROOT / "build-san"
    run = subprocess.run(
        [sys.executable, harness.ROOT / "test/bench/scale.py", "--build", build, "--small"],
        capture_output=True, text=True, timeout=240, env={**os.environ, "FACTEUR": harness.FACTEUR})
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-4000:]
    assert "nothing is missing" in run.stdout
