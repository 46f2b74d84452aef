"""The pages that links open: one human task, shown to one person who is asked."""
