#!/bin/bash
# Shows what shimscope does: starts a private containerd, runs log-heavy pods through its CRI, a
# container through ctr and an ExecSync, records all of it and prints the report. Then compares the
# report with what the pods counted themselves, and cleans up, also when interrupted. No containerd
# that runs already is touched.
#
#   scripts/demo.sh [--containerd 1.6|1.7|2.1] [-o CAPTURE]
#
# Needs root and the built binary ($OUTPUT/shimscope, .output/shimscope by default): `make demo` sees to it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
case ${1:-} in
-h | --help)
	sed -n '2,9s/^# \{0,1\}//p' "$0"
	exit 0
	;;
esac
if ((EUID != 0)); then
	echo "demo: a containerd needs root; run: sudo $0 $*" >&2
	exit 3
fi
"$here/setup.sh" --test
PYTHONPATH=$here exec /usr/bin/python3 -B -m testbed.demo "$@"
