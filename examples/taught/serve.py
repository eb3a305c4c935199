"""Three small "models" behind an endpoint that speaks OpenAI's protocol, for trying a flow without any model.

    python3 serve.py COMMAND …

starts it on a free port of the loopback, puts its address into the variable MODELS, runs the command, and ends with it.

The teacher cuts sentences out of what it is shown, and adds to some answers a claim of its own making. The jurors read: one
looks for each sentence of an answer in the document, the other wants a question that names something. What they say
depends on the request alone, as a model's answers at temperature 0 should.
"""

import hashlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading


def between(text, first, last):
    return text.split(first, 1)[-1].split(last, 1)[0] if first in text else ""


def number_of(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def plain(text):
    return " ".join(text.lower().split())


def sentences(text):
    text = re.sub(r"```.*?```|<!--.*?-->", " ", text, flags=re.S)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    prose = [part for part in text.split("\n\n") if re.match(r"[A-Z`]", part.strip())]
    found = [sentence.strip() for part in prose for sentence in re.split(r"(?<=\.)\s+", " ".join(part.split()))]
    return [sentence for sentence in found if 40 < len(sentence) < 240 and sentence.endswith(".")]


def facts(prompt):
    wanted = int(re.search(r"List up to (\d+)", prompt).group(1))
    told = sentences(between(prompt, "<document>", "</document>"))
    defining = [sentence for sentence in told if re.match(r"(An? |The )?[\w` -]{3,40} (is|are) (an?|the) ", sentence)]
    return {"facts": defining[:wanted]}


def questions(prompt):
    asked = []
    for number, fact in re.findall(r"^(\d+)\. (.*)$", prompt.split("<document>")[0], flags=re.M):
        subject, verb = re.match(r"(.*?) (is|are) ", fact).groups()
        answer = fact
        if number_of(fact) % 6 == 0:
            answer += " It was first released in 1871."
        asked.append({"fact": int(number), "question": f"What {verb} {subject[0].lower()}{subject[1:]}?", "answer": answer})
    return {"questions": asked}


def found_in(answer, document):
    document = plain(" ".join(sentences(document)))
    return [claim for claim in re.split(r"(?<=\.)\s+", answer.strip()) if plain(claim) not in document]


def vote(prompt, model):
    document, answer = between(prompt, "<document>", "</document>"), between(prompt, "<answer>", "</answer>")
    question = between(prompt, "<question>", "</question>")
    if not document:
        return {"reason": "It begins with the matter." if number_of(answer) % 4 else "It says little.", "accept": number_of(answer) % 4 > 0}
    if model.startswith("reader"):
        unsaid = found_in(answer, document)
        return {"reason": f"Not in the document: {unsaid[0]}" if unsaid else "The document says it.", "accept": not unsaid}
    names = re.search(r"\b(this|that|it|they|following)\b", question.lower()) is None
    return {"reason": "The question names its subject." if names else "Who is meant?", "accept": names}


def instructions(prompt):
    wanted = int(re.search(r"exactly (\d+) instructions", prompt).group(1))
    levels = re.search(r"to the hardest: (.*?)\.", prompt).group(1).split(", ")
    topic = between(prompt, "<topic>", "</topic>").strip().split("/")
    forms = ["Explain {} to a newcomer.", "When is {} the wrong choice?", "Write a plan to introduce {} in a team."]
    written = [
        {"level": levels[number * len(levels) // wanted], "instruction": forms[number % len(forms)].format(topic[-1])}
        for number in range(wanted)
    ]
    # One topic is beyond this teacher.
    return {"instructions": written if topic[-1] != "recording rules" else written[:-1]}


def carried_out(prompt):
    return f"In short: it depends on what is measured. {prompt.strip()} Begin with one service, look at its rate, and go on from there."


def answer(request):
    prompt = next(turn["content"] for turn in request["messages"] if turn["role"] == "user")
    if "response_format" not in request:
        return carried_out(prompt)
    schema = request["response_format"]["json_schema"]["name"]
    match schema:
        case "facts":
            return facts(prompt)
        case "questions":
            return questions(prompt)
        case "instructions":
            return instructions(prompt)
        case "vote":
            return vote(prompt, request["model"])
    raise ValueError(f"this endpoint knows no schema {schema!r}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            said = answer(request)
            status, said = 200, self.completion(request, said if isinstance(said, str) else json.dumps(said))
        except Exception as error:
            status, said = 400, {"error": {"message": str(error)}}
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def completion(self, request, text):
        words = sum(len(turn["content"].split()) for turn in request["messages"])
        return {
            "model": request["model"] + "-2026-01",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": words, "completion_tokens": len(text.split()), "total_tokens": words + len(text.split())},
        }

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = dict(os.environ, MODELS=f"http://127.0.0.1:{server.server_port}/v1")
    sys.exit(subprocess.run(sys.argv[1:], env=environment).returncode)


if __name__ == "__main__":
    main()
