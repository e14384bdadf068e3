"""What the models share: reports, pictures, recorded results."""
