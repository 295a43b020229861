"""Which artist painted a work, and whether any of an index did: PLDA, its calibration, and the cost of naming."""
