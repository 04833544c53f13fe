"""Published weights and openly licensed data, from their own addresses: resumable and checked."""
