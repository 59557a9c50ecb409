"""Ed25519 verification of RFC 8032, 5.1.7, with the standard library alone.

It only verifies, so it need not run in constant time. Signing is done by the
cryptography library in audit.log.signing.
"""

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
KEY_BYTES, SIGNATURE_BYTES = 32, 64

# Extended homogeneous coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z; RFC 8032, 5.1.4.
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def verify_signature(*, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature is the key's over the message.

    Encodings must be canonical: S below the group's order, both points with y below p
    and without a signed zero. Anything malformed is False.
    """
    if len(public_key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    key, commitment = decoded(public_key), decoded(signature[:32])
    if scalar >= L or key is None or commitment is None:
        return False
    challenge = int.from_bytes(sha512(signature[:32] + public_key + message).digest(), "little") % L
    # Without the cofactor, as RFC 8032 allows and OpenSSL does: S·B = R + k·A.
    return same(times(BASE, scalar), plus(commitment, times(key, challenge)))


def decoded(data: bytes) -> Point | None:
    """Return the point of an encoding, RFC 8032, 5.1.3, or nothing when it is not canonical or on the curve."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    x = x_of(y, sign=sign)
    return None if x is None else (x, y, 1, x * y % P)


def x_of(y: int, *, sign: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def plus(first: Point, second: Point) -> Point:
    a = (first[1] - first[0]) * (second[1] - second[0]) % P
    b = (first[1] + first[0]) * (second[1] + second[0]) % P
    c = 2 * first[3] * second[3] * D % P
    d = 2 * first[2] * second[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(point: Point, scalar: int) -> Point:
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = plus(result, point)
        point = plus(point, point)
        scalar >>= 1
    return result


def same(first: Point, second: Point) -> bool:
    return not ((first[0] * second[2] - second[0] * first[2]) % P or (first[1] * second[2] - second[1] * first[2]) % P)


def base_point() -> Point:
    y = 4 * pow(5, P - 2, P) % P
    x = x_of(y, sign=0)
    assert x is not None
    return (x, y, 1, x * y % P)


BASE = base_point()
