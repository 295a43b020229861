"""What every other room uses, without a word of art: command line, atomic files, URLs, progress, logging, errors."""
