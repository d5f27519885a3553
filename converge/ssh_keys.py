"""Keys that open an SSH server: Ed25519, in OpenSSH's forms."""

from __future__ import annotations


def make() -> str:
    """A new private key: ``-----BEGIN OPENSSH PRIVATE KEY-----`` and so on."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def public(private: str) -> str:
    """The public half of a private key, as one line: ``ssh-ed25519 AAAA…``."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

    return load_ssh_private_key(private.encode(), None).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
