"""Connectors: what is wrong with one, what a request of an action is made of, and connectors of OpenAPI documents."""
