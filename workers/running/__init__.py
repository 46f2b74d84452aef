"""Running activities in this process: the activity worker, the kinds that come with Refold, their sandbox."""
