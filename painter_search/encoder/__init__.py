"""A painting → 256 numbers: network, views, embedding, checkpoint."""
