"""Accepts an answer that is a number."""

import json
import sys

for line in sys.stdin:
    item = json.loads(line)
    answer = item["sample"]["completion"]
    try:
        float(answer)
        print(json.dumps({"id": item["id"], "accept": True}))
    except ValueError:
        print(json.dumps({"id": item["id"], "accept": False, "reason": "`%s` is no number" % answer}))
