"""Second factors: one-time codes of an app, passkeys and security keys, recovery codes."""
