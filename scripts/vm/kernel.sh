#!/bin/bash
# Fetch one of Debian's kernels and make what a virtual machine boots from it.
#
#   scripts/vm/kernel.sh VERSION [--refresh]    e.g. 6.12; --refresh takes a newer build if there is one
#   scripts/vm/kernel.sh --list                 the versions known
#
# Prints a folder with `vmlinuz`, `initrd` (busybox and the modules that the disks and containers need;
# run.sh adds /init to it) and `release` (what uname -r says). The cloud flavour serves: the same code
# as the generic one with fewer drivers, so a smaller download.

# shellcheck source=scripts/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# Kernel version, and the suites to look in, in this order: a moving suite may have left it behind.
KERNELS='
5.10  bullseye
6.1   bookworm
6.12  trixie bookworm-backports
7.2   forky sid
7.3   trixie-backports forky sid
'
# Loaded in this order, each after what it depends on; what is built in is left out.
MODULES=(virtio_pci virtio_blk ext4 overlay veth bridge)

# newest VERSION SUITE: the release (uname -r) of SUITE's newest cloud kernel of that version, if any.
newest() {
	vm_apt "$2" /dev/null apt-cache show linux-image-cloud-amd64 2>/dev/null |
		awk -v want="$1." '
			$1 == "Version:" { ours = index($2, want) == 1 }
			$1 == "Depends:" && ours && match($0, /linux-image-[0-9][^ ,]*-cloud-amd64/) {
				print substr($0, RSTART + 12, RLENGTH - 12)
			}' | sort -V | tail -n1
}

# parts SUITE RELEASE: the packages with the kernel and its modules: one, or from 7.x on several.
parts() {
	local image=linux-image-$2 found
	found=$(vm_apt "$1" /dev/null apt-cache show "$image" | grep '^Depends:' |
		grep -oE 'linux-(base|binary|modules)-[0-9][^ ,]*' | sort -u) || true
	printf '%s\n' "${found:-$image}"
}

# initrd TREE RELEASE: busybox and MODULES, unpacked and numbered in the order to load them.
initrd() {
	local tree=$1 release=$2 root n=10 verb file
	root=$(mktemp -d "$tree/initrd.XXXXXX")
	mkdir -p "$root"/{bin,modules,dev,proc,sys,root}
	cp "$VM_TOOLS/usr/bin/busybox" "$root/bin/busybox"
	vm_tool depmod -b "$tree" "$release"
	vm_tool modprobe -d "$tree" -S "$release" -a --show-depends "${MODULES[@]}" >"$tree/order"
	while read -r verb file _; do
		[[ $verb == insmod ]] || continue
		case $file in
		*.ko) cat "$file" ;;
		*.ko.xz) vm_tool xz -dc "$file" ;;
		*) vm_die "no way to unpack the module $file" ;;
		esac >"$root/modules/$n-$(basename "${file%.xz}")"
		n=$((n + 1))
	done < <(awk '!seen[$0]++' "$tree/order")
	(cd "$root" && find . | LC_ALL=C sort | vm_tool busybox cpio -o -H newc 2>/dev/null)
}

build() {
	local version=$1 dir=$2 tmp suite release='' names list vmlinuz
	[[ ! -d $dir || -n ${REFRESH:-} ]] || return 0
	mkdir -p "$VM_CACHE/kernels"
	for suite in $SUITES; do
		vm_lists "$suite" "${REFRESH:+refresh}"
		release=$(newest "$version" "$suite")
		[[ -z $release ]] || break
	done
	[[ -n $release ]] || vm_die "Debian has no cloud kernel $version any more (looked in: $SUITES)"
	[[ ! -d $dir || $(cat "$dir/release") != "$release" ]] || return 0

	tmp=$(mktemp -d "$VM_CACHE/kernels/tmp.XXXXXX")
	# shellcheck disable=SC2064 # the name is known now
	trap "rm -rf '$tmp'" EXIT
	vm_say "fetching Linux $release from $suite"
	mapfile -t names < <(parts "$suite" "$release")
	list=$(vm_fetch "$tmp/debs" "$suite" /dev/null only "${names[@]}")
	mapfile -t list <<<"$list"
	mkdir "$tmp/tree" "$tmp/made"
	vm_layout "$tmp/tree"
	vm_unpack "$tmp/tree" "${list[@]}"
	initrd "$tmp/tree" "$release" | gzip -1 >"$tmp/made/initrd"
	# From 7.x on it lies with its modules.
	vmlinuz=$tmp/tree/boot/vmlinuz-$release
	[[ -e $vmlinuz ]] || vmlinuz=$tmp/tree/lib/modules/$release/vmlinuz
	cp "$vmlinuz" "$tmp/made/vmlinuz"
	printf '%s\n' "$release" >"$tmp/made/release"
	# A new build takes the place of an older one; a machine that runs keeps the files it has open.
	rm -rf "$dir"
	mv -T "$tmp/made" "$dir"
}

[[ $# -ge 1 ]] || vm_die "which kernel? One of: $(awk '{printf "%s ", $1}' <<<"$KERNELS")"
if [[ $1 == --list ]]; then
	awk 'NF {print $1}' <<<"$KERNELS"
	exit
fi
SUITES=$(awk -v v="$1" '$1 == v {$1 = ""; print}' <<<"$KERNELS")
[[ -n $SUITES ]] || vm_die "no kernel $1 in the table; there are: $(awk '{printf "%s ", $1}' <<<"$KERNELS")"
case ${2:-} in
'') ;;
--refresh) REFRESH=yes ;;
*) vm_die "no such option: $2" ;;
esac
"$VM_DIR/setup.sh"
dir=$VM_CACHE/kernels/$1-$(vm_key "$VM_DIR/kernel.sh")
[[ -d $dir && -z ${REFRESH:-} ]] || vm_locked build "$1" "$dir"
vm_used "$dir"
printf '%s\n' "$dir"
