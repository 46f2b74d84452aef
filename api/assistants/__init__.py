"""Refold as a server of the Model Context Protocol: what assistants may ask for, made of the operations of the API."""
