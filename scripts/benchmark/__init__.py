"""Parts of `benchmark.py` and `benchmark_index.py`."""
