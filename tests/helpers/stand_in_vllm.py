"""Stands in for vLLM's program: the same command line, /health, /version and chat completions.

    python stand_in_vllm.py MODE serve MODEL --host 127.0.0.1 --port N ...

MODE: up; late (comes up once there is the file STAND_IN_LOG.up); never; broken (ends with an error); dies (ends at
the second question).
"""

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

mode, serve, model = sys.argv[1:4]
assert serve == "serve"
given = dict(zip(sys.argv[4::1], sys.argv[5::1], strict=False))
log = Path(os.environ["STAND_IN_LOG"])
# Real servers start workers of their own, which have to be stopped as well.
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("loading weights", flush=True)
noted = {"pid": os.getpid(), "worker": worker.pid, "arguments": sys.argv[2:], "requests": []}
log.with_suffix(".new").write_text(json.dumps(noted))
log.with_suffix(".new").replace(log)
if mode == "broken":
    print("ValueError: no such architecture, token sk-0123456789abcdef", flush=True)
    worker.kill()
    sys.exit(3)
if mode == "never":
    time.sleep(600)
while mode == "late" and not Path(f"{log}.up").exists():
    time.sleep(0.01)
questions = 0
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def reply(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.reply({"version": "9.9.9"} if self.path == "/version" else {})

    def do_POST(self):
        global questions
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        questions += 1
        if mode == "dies" and questions > 1:
            print("CUDA error: device-side assert", flush=True)
            worker.kill()
            os._exit(7)
        with lock:
            record = json.loads(log.read_text())
            record["requests"].append(body | {"authorization": self.headers.get("authorization")})
            log.write_text(json.dumps(record))
        message = {"role": "assistant", "content": "a nurse"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self.reply({"choices": [choice], "usage": {"prompt_tokens": 100, "completion_tokens": 5}})


ThreadingHTTPServer(("127.0.0.1", int(given["--port"])), Handler).serve_forever()
