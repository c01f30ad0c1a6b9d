"""DNS as the operating system sees it."""

import socket


class SystemResolver:
    """Asks the system's resolver, anew each time: an answer is good for the attempt it was asked for."""

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Return every address of ``host``, in the system's order of preference and without repeats.

        An IP address is its own answer. A name that does not resolve has none, whether it does not exist or
        DNS can't say at present: to a delivery both mean "not now".
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except (socket.gaierror, ValueError):
            # ValueError: text that can't be a name at all (an empty or overlong label, a null character).
            return ()
        return tuple(dict.fromkeys(str(sockaddr[0]) for _, _, _, _, sockaddr in found))
