"""The V5 REST protocol: one small function for each endpoint, grouped in files by subject."""
