"""What holds for all tests: properties are tried without a stopwatch, and on the build machine always alike."""

import os

from hypothesis import settings

settings.register_profile("hub", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("hub")
