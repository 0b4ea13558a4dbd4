"""What holds for every test: the same examples in every run."""

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.load_profile("same")
