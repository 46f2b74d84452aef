"""One execution: its state, what commands lead to, what events mean, and which effects they call for."""
