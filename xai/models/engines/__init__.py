"""What a batch of films can run on, a file each, and how one is held against another."""
