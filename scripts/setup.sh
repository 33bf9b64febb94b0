#!/bin/bash
# Installs, with apt, the Debian packages that shimscope needs: to be built, and with --test also to be
# tested and to run the demo. Does nothing, and asks no network, when all of them are there.
#
#   scripts/setup.sh [--test] [--list]
#
# --list only prints the package names. Made for Debian 12 (bookworm) and later.
set -euo pipefail

# Without make, clang and bpftool there is no binary; the -dev packages are the libraries it links.
build_packages=(
	bpftool
	clang
	gcc
	libbpf-dev
	libc6-dev
	libcap-ng-dev
	libelf-dev
	libjansson-dev
	libmd-dev
	libncurses-dev
	libprotobuf-c-dev
	llvm
	make
	pkg-config
	protobuf-c-compiler
	uthash-dev
	zlib1g-dev
)

# The testbed fetches containerd and runc without installing them: their one shared library that a
# minimal system may lack is libseccomp2.
test_packages=(
	busybox-static
	ca-certificates
	clang-format
	clang-tidy
	cppcheck
	curl
	debian-archive-keyring
	iproute2
	libcmocka-dev
	libseccomp2
	mount
	procps
	protobuf-compiler
	python3
	python3-grpcio
	python3-protobuf
	python3-pytest
	shellcheck
	strace
	tmux
	util-linux
)

usage() {
	sed -n '2,7s/^# \{0,1\}//p' "$0"
}

list_only=
packages=("${build_packages[@]}")
for arg in "$@"; do
	case $arg in
	--test) packages+=("${test_packages[@]}") ;;
	--list) list_only=1 ;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		echo "setup: unknown argument '$arg' (try --help)" >&2
		exit 2
		;;
	esac
done

if [[ -n $list_only ]]; then
	printf '%s\n' "${packages[@]}"
	exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "setup: no dpkg and apt-get here; install the likes of: ${packages[*]}" >&2
	exit 3
fi

missing_packages() {
	local installed
	# Unknown names make dpkg-query fail and say so on stderr; the others are printed all the same.
	# A package of the machine's own architecture or "all" counts, one of a foreign architecture does not.
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Architecture} ${Package}\n' \
		"${packages[@]}" 2>/dev/null |
		awk -v arch="$(dpkg --print-architecture)" \
			'$1 == "installed" && ($2 == arch || $2 == "all") { print $3 }') || true
	comm -23 <(printf '%s\n' "${packages[@]}" | sort -u) <(sort -u <<<"$installed")
}

mapfile -t missing < <(missing_packages)
if ((${#missing[@]} == 0)); then
	exit 0
fi

if ((EUID != 0)); then
	echo "setup: these packages are missing: ${missing[*]}" >&2
	echo "setup: run it as root: sudo $0 $*" >&2
	exit 3
fi

echo "setup: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
# One of the machine's other package sources may be out of reach; whether that matters is seen when the
# packages are installed.
apt-get -q update -o Acquire::Retries=3 >&2 ||
	echo "setup: apt-get update did not reach every source; going on" >&2
apt-get -q install -y --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 \
	"${missing[@]}" >&2

mapfile -t missing < <(missing_packages)
if ((${#missing[@]} != 0)); then
	echo "setup: still missing after the installation: ${missing[*]}" >&2
	exit 1
fi
