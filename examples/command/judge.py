"""Refuses passages that are mostly links."""
import json, re, sys

for line in sys.stdin:
    item = json.loads(line)
    text = item["sample"]["text"]
    links = sum(len(link) for link in re.findall(r"\[[^\]]*\]\([^)]*\)", text))
    share = links / max(len(text), 1)
    reason = f"{share:.0%} of it is links" if share > 0.5 else None
    print(json.dumps({"id": item["id"], "accept": reason is None, "score": 1 - share, "reason": reason}))
