"""Profiles of hypothesis: `--hypothesis-profile=long` tries the laws with many more examples."""

from hypothesis import settings

settings.register_profile("long", print_blob=True)
