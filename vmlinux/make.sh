#!/bin/bash
# Makes vmlinux/x86/vmlinux.h and vmlinux/arm64/vmlinux.h from the BTF of Debian's kernels, the same
# version for both. The headers are pinned in the repository: CO-RE fits the programs to the kernel that
# runs, so they need not be made anew for each; do it when a program needs a type that they lack.
#
#   vmlinux/make.sh [x86] [arm64]
#
# Needs bpftool, zstd, python3 and the network (the archive of Debian). The last lines of each header say
# which kernel it was made from.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SUITE=trixie
mirror=${SHIMSCOPE_DEBIAN_MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# apt of its own: the machine's sources and architectures stay as they are.
private_apt() {
	local arch=$1 tool=$2
	shift 2
	"$tool" -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State="$work/state-$arch" -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache-$arch" \
		-o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User=root \
		-o Acquire::Languages=none "$@"
}

make_header() {
	local arch=$1 deb_arch=$2 release image
	mkdir -p "$work/state-$deb_arch/lists/partial" "$work/cache-$deb_arch" "$work/tree-$arch" "$here/$arch"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $SUITE main" >"$work/sources.list"
	private_apt "$deb_arch" apt-get update >/dev/null
	release=$(private_apt "$deb_arch" apt-cache depends "linux-image-cloud-$deb_arch" |
		sed -n 's/.*Depends: linux-image-\([0-9].*\)/\1/p' | tail -n1)
	(cd "$work" && private_apt "$deb_arch" apt-get download "linux-image-$release" >/dev/null)
	dpkg-deb -x "$work"/linux-image-"$release"*.deb "$work/tree-$arch"
	image=$(find "$work/tree-$arch/boot" -name 'vmlinuz-*' | head -n1)
	/usr/bin/python3 "$here/btf_extract.py" "$image" "$work/$arch.btf"
	{
		bpftool btf dump file "$work/$arch.btf" format c
		echo "/* Made by vmlinux/make.sh from Debian's linux-image-$release. */"
	} >"$work/$arch.h"
	mv "$work/$arch.h" "$here/$arch/vmlinux.h"
	rm -f "$work"/*.deb
	echo "$arch: linux-image-$release"
}

for arch in "${@:-x86 arm64}"; do
	for one in $arch; do
		case $one in
		x86) make_header x86 amd64 ;;
		arm64) make_header arm64 arm64 ;;
		*) echo "vmlinux/make.sh: no such architecture: $one" >&2; exit 2 ;;
		esac
	done
done
