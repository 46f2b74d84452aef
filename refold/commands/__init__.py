"""The commands of `refold`, one file per group. Nothing here is imported before a command runs."""
