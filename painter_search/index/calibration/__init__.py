"""How sure an index is: queried with its own works, and calibrated on them."""
