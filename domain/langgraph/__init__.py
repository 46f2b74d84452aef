"""Definitions as graphs of LangGraph: what can go there, and how it is decided there. Nothing here knows the library."""
