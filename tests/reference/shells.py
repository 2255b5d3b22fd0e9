# SPDX-License-Identifier: Apache-2.0
"""
What shells complete. A line is typed into a real bash or zsh on a terminal of its own,
with a tab behind it; fish is asked. Each is in the folder FOLDER and has no settings.
"""

import os
import pathlib
import pty
import subprocess
import threading

from exporter import TIMEOUT, wait_until

NAME = "kernel_taint_exporter"
OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "packaging/reference/output"

# Ctrl-T tells what became of the line and empties it; no key begins with it.
TELL = "\x14"

BASH = f"""
bind 'set completion-query-items -1' 'set page-completions off'
source /usr/share/bash-completion/bash_completion
source {OUTPUT}/{NAME}.bash
watched() {{ _{NAME} "$@"; printf '%s\\n' "${{COMPREPLY[@]}}" >>"$OFFERED"; }}
complete -F watched {NAME}
tell() {{ printf '%s' "$READLINE_LINE" >"$LINE.new"; READLINE_LINE=; mv "$LINE.new" "$LINE"; }}
bind -x '"\\C-t": tell'
tell
"""

# compadd is what every completion ends in; with -O, -A or -D it only asks.
ZSH = f"""
unsetopt auto_list beep
fpath=({OUTPUT} $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {{
	if [[ ${{@[1,(i)(-|--)]}} != *-(O|A|D)\\ * ]]; then
		local -a offered
		builtin compadd -O offered "$@"
		print -rl -- $offered >>$OFFERED
	fi
	builtin compadd "$@"
}}
tell() {{ print -rn -- "$BUFFER" >$LINE.new; BUFFER=; mv $LINE.new $LINE }}
zle -N tell
bindkey '^T' tell
BUFFER= tell
"""


def environment(home):
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


class Typed:
    """A shell that COMMAND starts and SETTINGS prepare, for a with statement."""

    def __init__(self, command, settings, folder, scratch):
        self.offered, self.line, source = (scratch / name for name in ("offered", "line", "rc"))
        source.write_text(settings)
        self.process, self.terminal = None, None
        self.command, self.folder = command, folder
        self.environment = {
            **environment(scratch), "OFFERED": str(self.offered), "LINE": str(self.line),
        }
        self.first = f" . {source}\n"

    def __enter__(self):
        self.terminal, other = pty.openpty()
        self.process = subprocess.Popen(
            self.command, stdin=other, stdout=other, stderr=other, cwd=self.folder,
            env=self.environment, start_new_session=True,
        )
        os.close(other)
        threading.Thread(target=self.drain, daemon=True).start()
        try:
            self.type(self.first)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait(TIMEOUT)
        os.close(self.terminal)

    def drain(self):
        """Nobody reads the screen, but it must not fill up."""
        try:
            while os.read(self.terminal, 4096):
                pass
        except OSError:
            pass

    def type(self, keys):
        """What becomes of the line."""
        self.line.unlink(missing_ok=True)
        os.write(self.terminal, keys.encode())
        wait_until(self.line.exists, what=f"answer to {keys!r}")
        return self.line.read_text()

    def complete(self, line):
        """What is offered behind LINE, and what becomes of it if that is clear."""
        self.offered.write_text("")
        after = self.type(f"{line}\t{TELL}")
        return self.offered.read_text().splitlines(), after


def bash(folder, scratch):
    return Typed(["bash", "--noprofile", "--norc", "-i"], BASH, folder, scratch)


def zsh(folder, scratch):
    return Typed(["zsh", "-f", "-i"], ZSH, folder, scratch)


class Fish:
    """As the others; it says what it would insert, not what becomes of the line."""

    def __init__(self, folder, scratch):
        self.folder = folder
        self.environment = environment(scratch)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def ask(self, line, *options):
        result = subprocess.run(
            ["fish", "--no-config", "-c", 'source $argv[1]; complete $argv[3..] -C $argv[2]',
             f"{OUTPUT}/{NAME}.fish", line, *options],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, encoding="utf-8", timeout=TIMEOUT,
        )
        assert (result.returncode, result.stderr) == (0, ""), result
        return [offer.split("\t")[0] for offer in result.stdout.splitlines()]

    def complete(self, line):
        words = self.ask(line, "--escape")
        start = line.rpartition(" ")[0]
        return self.ask(line), f"{start} {words[0]}" if len(words) == 1 else line


SHELLS = {"bash": bash, "zsh": zsh, "fish": Fish}
