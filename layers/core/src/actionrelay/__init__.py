"""actionrelay: runs Genesys Cloud Data Actions for other systems without losing one or running one twice.

Imports point inwards (``docs/conventions.md`` draws the layers, a test enforces them): pure rules know nothing of
AWS, HTTP or the environment; use cases know only pure rules and ports; adapters implement the ports; ``wiring``
is the only place where concretes meet.
"""

__version__ = "0.1.0"
