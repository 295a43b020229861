"""What every package uses, nothing of it specific to art: command line, atomic files, URLs, progress, log, errors."""
