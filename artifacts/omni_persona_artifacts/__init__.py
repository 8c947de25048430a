"""One reader and one writer for each file and folder that travels between commands."""
