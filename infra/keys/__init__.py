"""Keys of executions: where they are kept, and how they seal."""
