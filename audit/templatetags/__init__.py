"""Template filters that every page shares."""
