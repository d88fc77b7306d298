"""Seals with secrets of their own."""

from infrastructure.sealing.aes_password_seal import AesPasswordSeal


def a_seal(secret: bytes = b"a secret of the tests, and of nobody else") -> AesPasswordSeal:
    return AesPasswordSeal(lambda: secret)
