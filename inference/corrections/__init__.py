"""Later facts about identity."""
