"""The log as others see it: tiles for monitors and witnesses, pages for people."""
