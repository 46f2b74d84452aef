"""What runs: the workers beside the core, and the activity kinds that come with Refold."""
