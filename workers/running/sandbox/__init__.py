"""Where code of users runs: pydantic-monty's worker processes, or a Python in a jail of its own."""
