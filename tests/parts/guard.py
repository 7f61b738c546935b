"""Runs a server and ends it when the test run is gone, however it went: standard input is a pipe that only the run holds."""

import os
import signal
import subprocess
import sys
from threading import Thread

PATIENCE = 10
"""Seconds that a server gets to end by itself."""


def main(ends_by: int, command: list[str]) -> int:
    """The server's exit status, or 0 where it was ended, which is by the signal that it wants for that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    ended = Thread(target=_end_with_the_run, args=(server, ends_by), daemon=True)
    ended.start()
    status = server.wait()
    return 0 if status == -ends_by or not ended.is_alive() else status


def _end_with_the_run(server: "subprocess.Popen[bytes]", ends_by: int) -> None:
    while os.read(0, 1024):
        pass
    server.send_signal(ends_by)
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
