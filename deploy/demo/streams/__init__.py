"""Three synthetic streams beside the chest studies; they come in through the public import commands."""
