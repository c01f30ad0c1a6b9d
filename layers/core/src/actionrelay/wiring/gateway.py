"""What is in front of a function: API Gateway, or a local server that proves no caller."""

import os


def proves_no_caller() -> bool:
    """Whether `sam local start-api` serves the API: it authorises nobody, so no event of its has a caller.

    SAM CLI sets this variable in the containers that it starts. The template sets it nowhere (`tests/template`).
    """
    return os.environ.get("AWS_SAM_LOCAL") == "true"
