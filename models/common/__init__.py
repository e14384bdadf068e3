"""What the models share: the command line, recorded results, reports, checkpoints of others."""
