"""`actionrelay`, and `python -m actionrelay_client.command`."""

import sys


def main() -> None:
    """Run the command and leave with its status."""
    try:
        from actionrelay_client.command.app import app  # noqa: PLC0415 - what the extra brings may be missing
    except ImportError as missing:
        if missing.name not in {"typer", "rich"}:
            raise
        sys.exit("the command needs the extra cli: pip install 'actionrelay-client[cli]'")
    app()


if __name__ == "__main__":
    main()
