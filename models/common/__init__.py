"""What the models share: command line, recorded results, reports, judge of generated digits, and
checkpoints of others."""
