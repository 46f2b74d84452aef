"""`refold test`: finding files with tests, running their cases in one process or several, and saying how they went."""
