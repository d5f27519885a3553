"""Private keys: Ed25519 in OpenSSH's forms, which open an SSH server, and RSA for programs that sign tokens."""

from __future__ import annotations


def make() -> str:
    """A new private key: ``-----BEGIN OPENSSH PRIVATE KEY-----`` and so on."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def make_rsa() -> str:
    """A new RSA private key in PKCS 1: ``-----BEGIN RSA PRIVATE KEY-----`` and so on."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def public(private: str) -> str:
    """The public half of a private key, as one line: ``ssh-ed25519 AAAA…``."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

    return load_ssh_private_key(private.encode(), None).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
