"""What the Films page knows: catalogues, searches, tags and notes, thumbnails."""
