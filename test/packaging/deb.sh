#!/usr/bin/env bash
# The Debian packages, where somebody asked for them: they compile everything
# once more.
set -euo pipefail
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
if [[ -z "${CLEARANCE_TEST_DEB-}" ]]; then
  echo 'skipped: debian packages: run packaging/test-deb, or test/run --deb'
  exit 77
fi
exec "$top/packaging/test-deb"
