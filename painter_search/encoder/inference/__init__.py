"""Embedding with a finished encoder: engines, exports, shards, Ray."""
