"""Ranking tasks by name: our own as local mteb tasks, published ones that mteb lacks, and everything that mteb has."""
