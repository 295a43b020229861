"""How large the report's published triplet files are, counted from them."""

TEST_TRIPLETS, TEST_PAINTINGS = 6135, 4383
TRAINING_TRIPLETS, TRAINING_PAINTINGS = 23755, 6892
