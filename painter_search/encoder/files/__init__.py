"""Encoders on disk: folders, and the safetensors, ONNX and calibration files in them."""
