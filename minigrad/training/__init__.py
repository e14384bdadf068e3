"""Training: Model and Sequential, the epoch loop, callbacks, files."""
