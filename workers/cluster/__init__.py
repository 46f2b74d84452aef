"""Several processes on one log: who is there, who owns which partition, and what goes from one to another. No file here knows a broker."""
