"""The overview and the pages of a product, a site and a case."""
