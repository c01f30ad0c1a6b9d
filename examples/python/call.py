"""Submit an execution and wait for its end: python call.py ACTION INPUTS [EXECUTION_ID].

The same EXECUTION_ID again runs nothing again; without one, an id is made up before the first try.
"""

import json
import sys

from actionrelay_client import ActionRelayError, Client


def main() -> int:
    """Return 0 when the action completed."""
    action, inputs, *execution_id = sys.argv[1:]
    try:
        with Client() as client:
            done = client.run(action, json.loads(inputs), execution_id=execution_id[0] if execution_id else None)
    except ActionRelayError as error:
        print(error, file=sys.stderr)
        return 1
    print(done.execution_id, done.status, done.result if done.error is None else done.error.message)
    return 0 if done.status == "completed" else 1


if __name__ == "__main__":
    sys.exit(main())
