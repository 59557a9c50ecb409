"""Statistics of monitoring: numbers in, numbers with their uncertainty out."""
