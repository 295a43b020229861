"""The machine as it is: cores, devices, threads, worker processes, what is installed."""
