"""What the Films page knows: catalogues, queries, tags and notes, thumbnails. No Streamlit in here."""
