"""Runs a server and ends it when the test run is gone, however it went: standard input is a pipe that only the run holds."""

import os
import signal
import subprocess
import sys
from threading import Thread

PATIENCE = 10
"""Seconds that a server gets to end by itself."""


def main(command: list[str]) -> int:
    """The server's exit status, or 0 where it was ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    ended = Thread(target=_end_with_the_run, args=(server,), daemon=True)
    ended.start()
    status = server.wait()
    return 0 if status == -signal.SIGTERM or not ended.is_alive() else status


def _end_with_the_run(server: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 1024):
        pass
    server.terminate()
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
