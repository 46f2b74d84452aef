"""Models: how they are asked, in a process of its own, and what comes back. The kinds that ask are in `workers/running/activities`."""
