"""Which certificates are believed, of receivers and of Genesys Cloud: those that browsers and curl believe.

The chain ends in a root of the system's store, nothing in it has expired, and the name is the one that was asked for.
Since Python 3.13 the standard library asks for more by default (``VERIFY_X509_STRICT``): key identifiers and other
extensions as RFC 5280 wants them. Public roots without them are in every browser's store, and so are the companies'
own authorities in theirs, so that flag is off.
"""

import ssl


def trusting_as_browsers_do(cafile: str | None = None) -> ssl.SSLContext:
    """Make a client's context: certificates and host names verified, by ``cafile`` or else the system's roots."""
    context = ssl.create_default_context(cafile=cafile)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
