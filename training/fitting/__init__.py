"""What `python -m training fit` is made of, one topic a module."""
