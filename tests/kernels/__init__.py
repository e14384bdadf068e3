"""Kernels held to their definitions."""
