"""What stands in files: the data folder, blobs, snapshots."""
