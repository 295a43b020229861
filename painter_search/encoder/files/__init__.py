"""Encoders on disk: checkpoints, folders, ONNX files, and the Hugging Face hub."""
