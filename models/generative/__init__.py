"""Models that make new images, or score and compress known ones."""
