"""The whole suite at once, as `make suite` runs it: its exit status is 0 when all of it passed.

The browser tests wait for pages and mails most of the time, so that the others run beside them, in
as many workers as there are cores; these stand back, for a page has to come in time.
"""

import os
import subprocess
import sys
from tempfile import TemporaryFile

from tests.browser.chromium import find_chromium

PYTEST = (sys.executable, "-m", "pytest")
WORKERS = str(os.cpu_count() or 1)


def main() -> int:
    """Run both, and show what the browser tests said when the others have ended."""
    with TemporaryFile() as said:
        browser = None
        if find_chromium() or os.environ.get("CI"):
            browser = subprocess.Popen(
                [*PYTEST, "-m", "browser"], stdout=said, stderr=subprocess.STDOUT
            )
        others = subprocess.run(
            ["nice", *PYTEST, "--numprocesses", WORKERS, "-m", "not browser"], check=False
        )
        if browser is None:
            return others.returncode
        status = browser.wait()
        said.seek(0)
        sys.stdout.write(said.read().decode())
        return others.returncode or status


if __name__ == "__main__":
    sys.exit(main())
