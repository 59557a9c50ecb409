"""Users, roles, grants and tokens."""
