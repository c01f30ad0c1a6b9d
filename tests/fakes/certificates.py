"""Certificates that are made for a test."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
KEY_IDENTIFIERS = ("subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid:always")
NO_KEY_IDENTIFIERS = ("subjectKeyIdentifier=none", "authorityKeyIdentifier=none")
AUTHORITY = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")


def self_signed(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for an IP address or a DNS name; return the server's context and the file for clients."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    extensions = (_alternative_name(name), "keyUsage=critical,digitalSignature,keyCertSign")
    _self_signed(certificate, key, name, extensions)
    return _server(certificate, key), certificate


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority: its certificate and key."""

    certificate: Path
    key: Path

    @classmethod
    def new(cls, folder: Path, *extensions: str) -> "Authority":
        """Make a self-signed authority with exactly these extensions."""
        authority = cls(folder / "root.pem", folder / "root.key")
        _self_signed(authority.certificate, authority.key, "A root", extensions)
        return authority

    def issue(self, name: str, *extensions: str, days: int = 2) -> ssl.SSLContext:
        """Return a server's context with a certificate for ``name``; if ``days`` is negative, it has expired."""
        folder = self.certificate.parent
        request, certificate, key, file = (folder / f"leaf.{suffix}" for suffix in ("csr", "pem", "key", "ext"))
        file.write_text("\n".join((_alternative_name(name), *extensions)))
        _openssl("req", *_NEW_KEY, "-subj", "/CN=leaf", "-keyout", key, "-out", request)
        signing = ("-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", days)
        _openssl("x509", "-req", "-in", request, *signing, "-extfile", file, "-out", certificate)
        return _server(certificate, key)


def _self_signed(certificate: Path, key: Path, name: str, extensions: tuple[str, ...]) -> None:
    added = [part for extension in extensions for part in ("-addext", extension)]
    _openssl("req", "-x509", *_NEW_KEY, "-days", 2, "-subj", f"/CN={name}", *added, "-keyout", key, "-out", certificate)


def _server(certificate: Path, key: Path) -> ssl.SSLContext:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server


def _alternative_name(name: str) -> str:
    return f"subjectAltName={'IP' if name[0].isdigit() else 'DNS'}:{name}"


def _openssl(*arguments: str | int | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
