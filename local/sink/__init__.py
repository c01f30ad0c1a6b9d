"""A webhook sink: the receiving end of the callers' webhooks, over real HTTP, for tests and the demo.

Whatever is posted, to `/hooks/{name}` or to any other path, is recorded with its headers, its body and what
its Standard Webhooks signature was worth. How a name answers can be set: a list of statuses to go through,
a delay, silence, a redirect, `Retry-After`. `sink.control.INDEX` has the routes under `/_control`.

Started by `python -m local.sink --port N [--secret whsec_…]`.
"""

from local.sink.app import create_app
from local.sink.behaviour import Behaviour

__all__ = ["Behaviour", "create_app"]
