"""Activities for workers in processes of their own: leases, queues, polls."""
