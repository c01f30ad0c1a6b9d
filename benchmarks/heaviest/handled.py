"""The program of the process that is measured: imports a function, has one event handled, and says what that took.

It does what Lambda's runtime does: reads the event's JSON, calls the handler, writes the answer's JSON, and holds as
much meanwhile. It imports nothing of the repository.
"""

import json
import sys
from pathlib import Path
from typing import Any


class _Context:
    function_name = "benchmark"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:benchmark"
    aws_request_id = "benchmark"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def _peak_kb() -> int:
    # Not getrusage: what it says has the memory of the process that started this one in it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    """Take the event from standard input; write what is known in the last line of standard output."""
    from app import lambda_handler  # type: ignore[import-not-found]  # noqa: PLC0415 - of the function's own folder

    ready = _peak_kb()
    raw = sys.stdin.buffer.read()
    answer: Any = lambda_handler(json.loads(raw), _Context())
    written = json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")
    peak = _peak_kb()
    known = {"ready": ready, "peak": peak, "event": len(raw), "answer": len(written)}
    said = {name: answer[name] for name in ("statusCode", "batchItemFailures") if name in answer}
    failed = {"body": str(answer["body"])[:2_000]} if answer.get("statusCode", 200) >= 400 else {}
    sys.stdout.write("\n" + json.dumps(known | said | failed) + "\n")


if __name__ == "__main__":
    main()
