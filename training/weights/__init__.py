"""Published checkpoints, read without running anything in them, become Keras models with a card."""
