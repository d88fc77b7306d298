"""The child process that runs LibreOffice once: `main()` answers one request and ends.

Asked: `{program, source, to, folder, seconds}`. It answers `converted`, or `failed` as a reader does.
"""

import resource
import signal
import subprocess
import sys
from pathlib import Path

from domain.failure import FailureCode
from infrastructure.extraction.sandbox.child import private_pipes, say
from infrastructure.extraction.sandbox.confinement import (
    allow_cpu_seconds,
    confine_office,
    die_with_parent,
    rusage_peak_bytes,
)
from infrastructure.extraction.sandbox.protocol import Message, read_message

# LibreOffice ends with this code where it wants to be started again, as after making a profile.
RESTART = 81
STARTS = 3
MAX_SOCKET_FOLDER_BYTES = 60
# Nothing that a document points at is fetched, none of its macros runs.
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks"><value>true</value></prop></item>
</oor:items>
"""


def main() -> None:
    """Serve one request. Arguments: the parent's process id, bytes of memory."""
    requests, answers = private_pipes()
    confine_office(parent_pid=int(sys.argv[1]), memory_bytes=int(sys.argv[2]))
    say(answers, {"type": "ready", "peak_bytes": rusage_peak_bytes(resource.getrusage(resource.RUSAGE_SELF))})
    if (request := read_message(requests)) is not None:
        say(answers, _answer(request))


def _answer(request: Message) -> Message:
    folder, source = Path(request["folder"]), Path(request["source"])
    allow_cpu_seconds(request["seconds"])
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS, encoding="utf-8")
    options = ("--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck")
    command = [request["program"], f"-env:UserInstallation={profile.as_uri()}", *options]
    code = _run([*command, "--convert-to", request["to"], "--outdir", str(folder), str(source)], folder)
    if code == -signal.SIGXCPU:
        return {"type": "failed", "code": FailureCode.PARSER_TIMEOUT}
    if code < 0:
        return {"type": "failed", "code": FailureCode.PARSER_CRASHED}
    if not source.with_suffix(f".{request['to']}").is_file():  # it says so on its output alone
        return {"type": "failed", "code": FailureCode.CORRUPT}
    return {"type": "converted"}


def _run(command: list[str], folder: Path) -> int:
    """Run the program, again where it asks for that, and return how it ended."""
    environment = {"LC_ALL": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder)}
    if len(str(folder).encode()) <= MAX_SOCKET_FOLDER_BYTES:
        environment["OSL_SOCKET_PATH"] = str(folder)  # else in /tmp, where a killed LibreOffice leaves it
    code = RESTART
    for _ in range(STARTS):
        code = subprocess.run(command, env=environment, cwd=folder, preexec_fn=die_with_parent, check=False).returncode
        if code != RESTART:
            break
    return code
