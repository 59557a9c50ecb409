"""What can be proven: the log, the keys, the packages. Imports none of the others."""
