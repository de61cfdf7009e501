"""Runs a program on a terminal of its own."""

import os
import pty
import select
import subprocess
import termios
import time


def run(command, cwd, env, typed, limit):
    """Its status and all that the terminal shows, without what is typed; that is there from the start."""
    ours, theirs = pty.openpty()
    settings = termios.tcgetattr(theirs)
    settings[1] &= ~termios.OPOST
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    shown = b""
    try:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        os.write(ours, typed.encode())
        deadline = time.monotonic() + limit
        while True:
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise subprocess.TimeoutExpired(command, limit)
            if not select.select([ours], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(ours, 65536)
            except OSError:  # Linux: the last one at the other end has closed it
                break
            if not data:
                break
            shown += data
        return process.wait(), shown
    finally:
        os.close(ours)
