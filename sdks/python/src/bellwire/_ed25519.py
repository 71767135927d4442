"""Ed25519, which the standard library does not have."""

from __future__ import annotations


class Ed25519Missing(ImportError):
    """Verifying Ed25519 needs a package that is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "verifying with a whpk_ key needs the package cryptography (the extra bellwire[ed25519])"
        )


def ed25519_signed(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is the key's over `message` (RFC 8032)."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise Ed25519Missing from None
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
