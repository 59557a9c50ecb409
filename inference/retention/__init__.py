"""How long what names a person is kept: erasure, legal hold, expiry."""
