"""Log-ins made and closed by an identity provider: the part of SCIM 2.0 that does it (RFC 7643, RFC 7644)."""
