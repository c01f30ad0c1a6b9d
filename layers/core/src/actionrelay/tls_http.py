"""Trusts the certificates of receivers and of Genesys Cloud that browsers and curl trust.

The chain must end in a root of the system's store, nothing in it may have expired, and the host name must match. Since
Python 3.13 the standard library also requires key identifiers and other extensions of RFC 5280 by default
(``VERIFY_X509_STRICT``). Some public roots in every browser's store lack them, and so do companies' own authorities, so
that flag is off.
"""

import ssl


def trusting_as_browsers_do(cafile: str | None = None) -> ssl.SSLContext:
    """Return a client's context that verifies certificates and host names, by ``cafile`` or else the system's roots."""
    context = ssl.create_default_context(cafile=cafile)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
