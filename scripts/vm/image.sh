#!/bin/bash
# Make the root file system of the virtual machines, once: a Debian bookworm that programs built on this
# machine run in, with containerd in several versions side by side in /opt/containerd/VERSION.
#
#   scripts/vm/image.sh [--refresh]     --refresh makes it anew from today's packages
#
# Prints the image's path. Packages are unpacked in the order that apt resolved, none is configured:
# nothing in the guest needs a maintainer script's work beyond what finish() does, and the image is made
# in well under a minute instead of several. There is no network in the guest.

# shellcheck source=scripts/vm/lib.sh
. "$(dirname "$0")/lib.sh"

PACKAGES=(
	# the system
	base-files base-passwd bash bsdutils coreutils dash debianutils diffutils findutils grep gzip
	hostname libc-bin mawk mount ncurses-base procps psmisc sed sysvinit-utils tar util-linux xz-utils
	zlib1g zstd
	# what shimscope is linked with
	libbpf1 libcap-ng0 libelf1 libjansson4 libmd0 libncursesw6 libprotobuf-c1
	# what the tests use
	bpftool busybox-static iproute2 kmod protobuf-compiler python3 python3-grpcio python3-protobuf
	python3-pytest runc strace
)
# Version, and the suites to look in. These builds need glibc 2.34 at most, so all run on bookworm's;
# the newer suites' runc does not, which is why bookworm's serves every containerd.
CONTAINERDS='
1.4  bullseye
1.6  bookworm
1.7  trixie
2.1  forky sid
'
SIZE=4G	# of the file system; the image is sparse and takes what is in it

add_containerd() {
	local root=$1 version=$2 suite candidate deb
	shift 2
	for suite in "$@"; do
		vm_lists "$suite" "${REFRESH:+refresh}"
		candidate=$(vm_apt "$suite" /dev/null apt-cache policy containerd)
		[[ $candidate == *"Candidate: $version."* ]] || continue
		deb=$(vm_fetch "$root.debs" "$suite" /dev/null only containerd)
		mkdir -p "$root/opt/containerd/$version"
		vm_unpack "$root/opt/containerd/$version" "$deb"
		rm -rf "$root/opt/containerd/$version/usr/share"
		printf '%s\n' "${deb##*/}" >>"$root/packages"
		return
	done
	# A moved suite must not stop the tests of all the others.
	vm_say "Debian has no containerd $version any more (looked in: $*): the image goes without"
}

# What the packages' maintainer scripts would have done, as far as anything here needs it.
finish() {
	local root=$1
	mkdir -p "$root"/{dev,proc,sys,run,tmp,mnt,input,output,root,var/tmp,var/lib,var/log,etc}
	chmod 1777 "$root/tmp" "$root/var/tmp"
	cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
	cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
	printf '%s\n' 'passwd: files' 'group: files' 'hosts: files' >"$root/etc/nsswitch.conf"
	ln -sfn /proc/self/mounts "$root/etc/mtab"
	ln -sfn mawk "$root/usr/bin/awk"
	[[ -e $root/usr/bin/sh ]] || ln -s dash "$root/usr/bin/sh"
	printf 'shimscope-vm\n' >"$root/etc/hostname"
	printf '127.0.0.1 localhost shimscope-vm\n::1 localhost\n' >"$root/etc/hosts"
	: >"$root/etc/resolv.conf"  # CRI copies it into each pod
	printf '%032d\n' 1 >"$root/etc/machine-id"
	rm -rf "$root"/usr/share/{doc,doc-base,man,info,locale,lintian,bug,bash-completion,perl,perl5} \
		"$root"/usr/lib/x86_64-linux-gnu/{gconv,perl,perl-base,libperl.so*} "$root"/usr/bin/perl* \
		"$root"/opt/containerd/*/usr/bin/containerd-stress "$root"/usr/lib/systemd
	chroot "$root" ldconfig
	# Compiling Python's modules at every import would cost each emulated run many seconds.
	chroot "$root" python3 -m compileall -q --invalidation-mode unchecked-hash \
		/usr/lib/python3 /usr/lib/python3.11
}

build() {
	local image=$1 tmp list version suites
	[[ ! -e $image || -n ${REFRESH:-} ]] || return 0
	mkdir -p "$VM_CACHE/images"
	tmp=$(mktemp -d "$VM_CACHE/images/tmp.XXXXXX")
	# shellcheck disable=SC2064 # the name is known now
	trap "rm -rf '$tmp'" EXIT
	vm_say "making the guests' image"
	mkdir "$tmp/root"
	vm_layout "$tmp/root"
	vm_lists bookworm "${REFRESH:+refresh}"
	list=$(vm_fetch "$tmp/root.debs" bookworm /dev/null closure "${PACKAGES[@]}")
	mapfile -t list <<<"$list"
	vm_unpack "$tmp/root" "${list[@]}"
	printf '%s\n' "${list[@]##*/}" >"$tmp/root/packages"
	while read -r version suites; do
		# shellcheck disable=SC2086 # a list of words
		[[ -z $version ]] || add_containerd "$tmp/root" "$version" $suites
	done <<<"$CONTAINERDS"
	finish "$tmp/root"
	# No journal: every run starts from a fresh snapshot, so there is nothing to recover. The inode
	# tables are cleared now, or the guest's kernel would do it in the background of every run.
	vm_tool mkfs.ext4 -q -F -m 0 -N 65536 -O ^has_journal -L shimscope \
		-E root_owner=0:0,nodiscard,lazy_itable_init=0 -d "$tmp/root" "$tmp/image" "$SIZE"
	cp "$tmp/root/packages" "$image.packages"
	mv -T "$tmp/image" "$image"
}

case ${1:-} in
'') ;;
--refresh) REFRESH=yes ;;
*) vm_die "usage: image.sh [--refresh]" ;;
esac
[[ $EUID == 0 ]] || exec unshare --map-root-user "$0" "$@"
"$VM_DIR/setup.sh"
image=$VM_CACHE/images/$(vm_key "$VM_DIR/image.sh").ext4
[[ -e $image && -z ${REFRESH:-} ]] || vm_locked build "$image"
vm_used "$image"
printf '%s\n' "$image"
