"""Subgroups and sites: where a product works less well than elsewhere."""
