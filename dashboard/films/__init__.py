"""What the Films page knows: catalogues, searches, tags and notes, thumbnails. No Streamlit in here."""
