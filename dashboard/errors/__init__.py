"""What the Errors page knows: what is asked, figures, sentences, remedies that are kept, maps and features."""
