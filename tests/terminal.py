#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Runs a command on a terminal of its own, and types when it says something.
#
#   terminal.py [EXPECTED TYPED]... -- COMMAND...
#
# TYPED knows \n (the Enter key), \x03 (Ctrl-C), \x04 (end of input). Prints the screen. The exit status is the command's;
# 128 + N when signal N ended it, 98 when something expected did not come in a minute, 99 when the terminal hides input at the end.
import codecs, fcntl, os, pty, select, signal, struct, sys, termios, time

PATIENCE_S = 60


def read_until(terminal, screen, end, done):
    while not done():
        left = end - time.monotonic()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            return False
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
        if not data:
            return done()
        screen += data
    return True


def main():
    split = sys.argv.index("--")
    talk, command = sys.argv[1:split], sys.argv[split + 1:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    screen, seen, status = bytearray(), 0, None
    for expected, typed in zip(talk[::2], talk[1::2]):
        wanted = expected.encode()
        if not read_until(terminal, screen, time.monotonic() + PATIENCE_S, lambda: screen.find(wanted, seen) >= 0):
            status = 98
            break
        seen = screen.find(wanted, seen) + len(wanted)
        # What is typed before input is hidden would be shown: a person waits for that, too.
        if wanted.endswith(b"(not shown): "):
            while termios.tcgetattr(terminal)[3] & termios.ECHO:
                time.sleep(0.01)
        os.write(terminal, codecs.decode(typed, "unicode_escape").encode("latin-1"))
    if status is None:
        read_until(terminal, screen, time.monotonic() + PATIENCE_S, lambda: False)
        hidden = not termios.tcgetattr(terminal)[3] & termios.ECHO
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        status = 99 if hidden else 128 - status if status < 0 else status
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        print(f"not seen in {PATIENCE_S} s: {expected!r}", file=sys.stderr)
    sys.stdout.write(screen.decode(errors="replace").replace("\r\n", "\n"))
    return status


sys.exit(main())
