# shellcheck shell=bash
# Shared by the scripts of this folder: the cache's layout, a private apt, atomic publishing.
#
# Nothing here touches the machine's own packages or apt sources. Debian packages of any suite are
# resolved and verified by apt itself, with its state in the cache, and are unpacked, never installed.

set -euo pipefail

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VM_CACHE=${SHIMSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shimscope}/vm
VM_MIRROR=${SHIMSCOPE_DEBIAN_MIRROR:-http://deb.debian.org/debian}

vm_say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
vm_die() { vm_say "$*"; exit 1; }

# The sources of one suite, with what belongs to it: a suite's fixes live in suites of their own.
vm_sources() {
	local deb=$VM_MIRROR sec=$VM_MIRROR-security
	case $1 in
	bullseye | bookworm | trixie)
		printf 'deb %s %s main\n' "$deb" "$1" "$deb" "$1-updates" "$sec" "$1-security"
		;;
	*-backports)
		vm_sources "${1%-backports}"
		printf 'deb %s %s main\n' "$deb" "$1"
		;;
	*) printf 'deb %s %s main\n' "$deb" "$1" ;;
	esac
}

# vm_apt SUITE STATUS TOOL ARGS…: run an apt tool that sees only SUITE. STATUS is the dpkg status
# file to resolve against: /dev/null for an empty machine, /var/lib/dpkg/status for this one.
vm_apt() {
	local suite=$1 status=$2 tool=$3 root=$VM_CACHE/apt/$1 release=
	shift 3
	# A suite of backports is pinned low, so that it is used only where it is asked for: here it is.
	[[ $suite != *-backports ]] || release=$suite
	"$tool" -q \
		-o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::Etc::trustedparts=/usr/share/keyrings \
		-o Dir::State="$root/state" -o Dir::State::status="$status" \
		-o Dir::Cache="$root/cache" -o Dir::Cache::archives="$VM_CACHE/debs" \
		-o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Sandbox::User=root \
		-o APT::Default-Release="$release" -o APT::Get::AllowUnauthenticated=false \
		-o Acquire::Languages=none -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false \
		-o Acquire::Retries=3 -o Debug::NoLocking=true -o Dpkg::Use-Pty=false "$@"
}

# vm_lists SUITE [refresh]: make sure that SUITE's package lists are there.
vm_lists() {
	local root=$VM_CACHE/apt/$1
	if [[ ${2:-} != refresh && -e $root/ready ]]; then
		return
	fi
	mkdir -p "$root/state/lists/partial" "$root/cache" "$VM_CACHE/debs/partial"
	vm_sources "$1" >"$root/sources.list"
	vm_say "reading the package lists of $1"
	vm_apt "$1" /dev/null apt-get update >"$root/update.log" 2>&1 ||
		vm_die "cannot read Debian's package lists of $1: $(grep -m1 '^E:' "$root/update.log")"
	touch "$root/ready"
}

# vm_fetch SUITE STATUS MODE PACKAGE…: download packages into the cache, print their paths.
# MODE is `closure` (with all that they depend on) or `only` (just these).
vm_fetch() {
	local suite=$1 status=$2 mode=$3 debs=$VM_CACHE/debs log=$VM_CACHE/apt/$1/fetch.log get try uris
	shift 3
	case $mode in
	closure) get=(install -y --no-install-recommends --reinstall) ;;
	only) get=(download) ;;
	*) vm_die "vm_fetch: no such mode: $mode" ;;
	esac
	vm_lists "$suite"
	for try in first again; do
		# A second try is for lists that have aged: the archive no longer has what they name.
		[[ $try == first ]] || vm_lists "$suite" refresh
		# apt names only what it would have to fetch: asked beside an empty folder, that is all.
		uris=$(cd "$VM_CACHE/apt/$suite/cache" && vm_apt "$suite" "$status" apt-get "${get[@]}" \
			-o Dir::Cache::archives="$VM_CACHE/apt/$suite/cache" --print-uris "$@" 2>"$log") || continue
		if [[ $mode == closure ]]; then
			vm_apt "$suite" "$status" apt-get "${get[@]}" --download-only "$@" </dev/null >"$log" 2>&1
		else
			(cd "$debs" && vm_apt "$suite" "$status" apt-get "${get[@]}" "$@") >"$log" 2>&1
		fi || continue
		sed -n "s|^'[^']*' \([^ ]*\.deb\) .*|$debs/\1|p" <<<"$uris"
		return
	done
	vm_die "cannot fetch $* from Debian's $suite: $(grep '^E:' "$log" | tail -n1)"
}

# vm_unpack DIR DEB…: unpack packages over each other, through a merged /usr's links.
vm_unpack() {
	local dir=$1 deb
	shift
	for deb in "$@"; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$dir" --keep-directory-symlink --no-same-owner --warning=no-timestamp
	done
}

# vm_layout DIR: the directories and links of a merged /usr, for vm_unpack.
vm_layout() {
	local dir=$1 name
	for name in bin sbin lib lib64; do
		mkdir -p "$dir/usr/$name"
		ln -sfn "usr/$name" "$dir/$name"
	done
}

# vm_locked NAME COMMAND…: run COMMAND while holding the cache's lock NAME.
vm_locked() {
	local name=$1
	shift
	mkdir -p "$VM_CACHE/lock"
	(
		flock 9
		"$@"
	) 9>"$VM_CACHE/lock/$name"
}

# vm_tool NAME ARGS…: run a program that setup.sh unpacked.
vm_tool() {
	local file=$VM_TOOLS/usr/bin/$1
	[[ -e $file ]] || file=$VM_TOOLS/usr/sbin/$1
	shift
	LD_LIBRARY_PATH=$VM_TOOLS/usr/lib/x86_64-linux-gnu "$file" "$@"
}

# vm_key FILE…: a short name for the contents of a recipe.
vm_key() { cat "$@" | sha256sum | cut -c1-12; }

# The tools' folder is named by the recipe that fills it, so that a new recipe makes a new folder.
VM_TOOLS=$VM_CACHE/tools/$(vm_key "$VM_DIR/setup.sh")
