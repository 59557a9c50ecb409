"""Canonical bytes, Merkle trees and signed notes; standard library alone."""
