#!/bin/bash
# Fetch what the virtual machines need on this machine, once: QEMU, static busybox, mkfs, depmod, xz.
#
#   scripts/vm/setup.sh            fetch if it is not there yet
#
# QEMU is 10.0 from bookworm-backports: under software emulation it booted every time, where bookworm's
# own 7.2 stalled now and then. It is unpacked into the cache with the libraries that this machine
# lacks, not installed: the machine's packages and apt sources stay as they are, and no root is needed.

# shellcheck source=scripts/vm/lib.sh
. "$(dirname "$0")/lib.sh"

build() {
	[[ ! -d $VM_TOOLS ]] || return 0
	mkdir -p "$VM_CACHE/tools"
	local tmp list
	tmp=$(mktemp -d "$VM_CACHE/tools/tmp.XXXXXX")
	# shellcheck disable=SC2064 # the name is known now
	trap "rm -rf '$tmp'" EXIT
	vm_say "fetching QEMU and tools into $VM_CACHE"
	list=$(vm_fetch "$tmp/debs" bookworm-backports /var/lib/dpkg/status closure \
		qemu-system-x86 busybox-static e2fsprogs kmod xz-utils)
	vm_layout "$tmp"
	mapfile -t list <<<"$list"
	vm_unpack "$tmp" "${list[@]}"
	rm -rf "$tmp/debs"
	# The package links these to /bin/kmod, which is another tree's.
	ln -sfn kmod "$tmp/usr/bin/depmod"
	ln -sfn kmod "$tmp/usr/bin/modprobe"
	printf '%s\n' "${list[@]##*/}" >"$tmp/packages"
	VM_TOOLS=$tmp vm_tool qemu-system-x86_64 --version >"$tmp/version" ||
		vm_die "the unpacked QEMU does not run here"
	mv -T "$tmp" "$VM_TOOLS"
}

for need in dpkg-deb apt-get tar sha256sum flock setpriv; do
	command -v "$need" >/dev/null || vm_die "$need is missing: a Debian machine is needed"
done
[[ $(dpkg --print-architecture) == amd64 ]] || vm_die "only amd64 machines can run these guests"
[[ -d $VM_TOOLS ]] || vm_locked build
vm_used "$VM_TOOLS"
