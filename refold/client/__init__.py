"""The clients: what a program asks a server."""
