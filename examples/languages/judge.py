"""Runs programs that read and print, and compares what they print: the programs never run in this process."""

import json
import subprocess
import sys

LANGUAGES = {"perl": ["perl", "program"], "sh": ["sh", "program"]}
SECONDS = 2


def fault(command, case):
    """Says what is wrong with a program's output for one input; nothing if it is right."""
    try:
        ran = subprocess.run(command, input=case["input"], capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "takes longer than %d s for %r" % (SECONDS, case["input"])
    except ValueError:
        return "prints no text for %r" % case["input"]
    if ran.returncode != 0:
        return "ends with status %d for %r" % (ran.returncode, case["input"])
    if ran.stdout.split() != case["output"].split():
        return "prints %.80r for %r" % (ran.stdout, case["input"])
    return None


for line in sys.stdin:
    item = json.loads(line)
    sample = item["sample"]
    fields = sample["fields"]
    with open("program", "w") as file:
        file.write(sample["completion"])
    faults = (fault(LANGUAGES[fields["language"]], case) for case in fields["cases"])
    reason = next(filter(None, faults), None) if fields["cases"] else "there are no cases"
    print(json.dumps({"id": item["id"], "accept": reason is None, "reason": reason}))
