"""What all commands share: flags, completion, interrupts, and how much is said."""
