"""The Models page: what a model is, how good it is, where not to trust it, and how models come and go."""
