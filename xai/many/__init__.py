"""Many films: several under way at a time, here or on a Dask cluster, and what was made before is kept."""
