"""Recurrent networks and Transformers."""
