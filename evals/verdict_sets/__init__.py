"""Published sets of statements with the truth about each, one small loader a file."""
