"""Claims: what a product was labelled with, held to anytime-valid evidence."""
