"""Where AI and reader part ways, and who was right."""
