"""One file a revision, numbered in one line: r0001_what.py."""
