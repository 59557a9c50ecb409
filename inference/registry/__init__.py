"""Organisations, sites, scanners, products, versions, findings, concepts, deployments, truth rules, sharing."""
