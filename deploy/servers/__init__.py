"""The embedded PostgreSQL and Valkey: installed as wheels, driven by us, stopped by whoever leaves last."""
