"""How many examples the laws are tried with: few by default, many by `--hypothesis-profile=long`."""

from hypothesis import settings

settings.register_profile("default", max_examples=400, deadline=None, print_blob=True)
settings.register_profile("long", max_examples=20_000, deadline=None, print_blob=True)
