"""One reader and one writer for each file and folder format that commands share."""
