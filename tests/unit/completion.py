# SPDX-License-Identifier: BSD-2-Clause
# A shell on a terminal, where somebody types the beginning of a command and lets the shell put all its completions there.
#
#   completion.py SHELL SCRIPT
#
# SCRIPT is the completion for SHELL (bash or zsh). The command turnpike itself is a double that writes down its arguments.
import fcntl, os, pty, select, signal, struct, sys, tempfile, termios, time

CASES = [  # typed, what stands there afterwards
    ("turnpike sel", ["selftest"]),
    ("turnpike re", ["reload", "reopen", "report", "revoke"]),
    ("turnpike --co", ["--config"]),
    ("turnpike --config @/a.", ["--config", "@/a.conf"]),
    ("turnpike --config @/a.conf api-key r", ["--config", "@/a.conf", "api-key", "revoke", "rotate"]),
    ("turnpike setup --ac", ["setup", "--acme", "--acme-email", "--acme-server"]),
    ("turnpike setup --name x --mod", ["setup", "--name", "x", "--model", "--model-key"]),
    ("turnpike setup --certificate @/a.", ["setup", "--certificate", "@/a.conf"]),
    ("turnpike setup --model of", ["setup", "--model", "offline"]),
    ("turnpike setup --set turn.sea", ["setup", "--set", "turn.seats="]),
    ("turnpike setup --set=turn.sea", ["setup", "--set=turn.seats="]),
    ("turnpike setup --name ac", ["setup", "--name", "ac"]),
    ("turnpike chat --th", ["chat", "--thoughts"]),
    ("turnpike config slow.", ["config", "slow.turn", "slow.tool"]),
    ("turnpike report --w", ["report", "--week"]),
    ("turnpike feedback --r", ["feedback", "--rating"]),
    ("turnpike mcp a", ["mcp", "accept"]),
    ("turnpike mcp accept we", ["mcp", "accept", "weather", "weather/forecast"]),
    ("turnpike mcp logi", ["mcp", "login"]),
    ("turnpike mcp login we", ["mcp", "login", "weather"]),
    ("turnpike mcp login weather --n", ["mcp", "login", "weather", "--no-browser"]),
    ("turnpike mcp show ev", ["mcp", "show", "ev"]),  # a name that a shell would run
    ("turnpike api-key revoke 0", ["api-key", "revoke", "0123456789abcdef"]),
    ("turnpike revoke fo", ["revoke", "forget"]),
    ("turnpike limits bob set mess", ["limits", "bob", "set", "messages="]),
    ("turnpike limits unset mon", ["limits", "unset", "money_day", "money_month"]),
    ("turnpike audit verify @/a.", ["audit", "verify", "@/a.conf"]),
]
DOUBLE = """#!/bin/sh
case "$*" in
"mcp list") printf 'weather  http://127.0.0.1:1/mcp  2025-06-18\\n  listed today, 2 tools\\n  new       12 forecast    Tells $(touch @/ran)\\n'
    printf 'evil$(touch${IFS}@/ran)  http://127.0.0.1:1/mcp  x\\n  new       12 `touch${IFS}@/ran` Does\\n' ;;
"api-key list") printf 'ID   USER\\n0123456789abcdef anna\\n' ;;
*) { printf '%s\\t' "$@"; echo; } >>@/said ;;
esac
"""
BASH = "source '%s'; bind '\"\\C-t\": insert-completions'\n"
ZSH = ("fpath=(@/functions $fpath); autoload -Uz compinit; compinit -D -u -d @/dump; setopt no_beep; zle -C all complete-word _generic; bindkey '^T' all; "
       "zstyle ':completion:all::::' completer _all_matches _complete; zstyle ':completion:all:*' insert true\n")


def main():
    shell, script = sys.argv[1], os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        at = lambda text: text.replace("@/", folder + "/")
        for sub in ("bin", "functions"):
            os.mkdir(f"{folder}/{sub}")
        os.symlink(script, f"{folder}/functions/_turnpike")
        open(f"{folder}/a.conf", "w").close()
        with open(f"{folder}/bin/turnpike", "w") as out:
            out.write(at(DOUBLE))
        os.chmod(f"{folder}/bin/turnpike", 0o755)
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(PATH=f"{folder}/bin:{os.environ['PATH']}", HOME=folder, TERM="dumb", LC_ALL="C")
            os.chdir(folder)
            os.execvp(shell, [shell, "-f", "-i"] if shell == "zsh" else [shell, "--noprofile", "--norc", "-i"])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 400, 0, 0))
        try:
            return play(terminal, folder, at, at(ZSH) if shell == "zsh" else BASH % script)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def play(terminal, folder, at, begin):
    screen, bad = b"", 0

    def enter(text):  # returns the double's arguments, once it has run
        nonlocal screen
        before = os.path.getsize(f"{folder}/said") if os.path.exists(f"{folder}/said") else 0
        os.write(terminal, text.encode())
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if select.select([terminal], [], [], 0.02)[0]:
                screen += os.read(terminal, 65536)
            if os.path.exists(f"{folder}/said") and os.path.getsize(f"{folder}/said") > before:
                with open(f"{folder}/said") as said:
                    said.seek(before)
                    line = said.read()
                if line.endswith("\n"):
                    return line.rstrip("\n").split("\t")[:-1]
        sys.exit(f"the shell did not answer {text!r}; its screen: {screen[-2000:]!r}")

    enter(begin + "turnpike ready\n")
    for typed, wanted in CASES:
        said = enter(at(typed) + "\x14\n")
        if sorted(said) != sorted(map(at, wanted)):
            print(f"FAIL: {typed!r} became {said}, not {wanted}")
            bad = 1
    if os.path.exists(f"{folder}/ran"):
        print("FAIL: the shell ran a command that stood in the name of a tool")
        bad = 1
    return bad


sys.exit(main())
