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
vm_die() { vm_say "$*"; exit "${VM_FAILURE:-1}"; }

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
		-o Dir::Cache="$root/cache" \
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
	mkdir -p "$root/state/lists/partial" "$root/cache"
	vm_sources "$1" >"$root/sources.list"
	vm_say "reading the package lists of $1"
	vm_apt "$1" /dev/null apt-get -o APT::Update::Error-Mode=any update >"$root/update.log" 2>&1 ||
		vm_die "cannot read Debian's package lists of $1: $(grep -m1 '^E:' "$root/update.log")"
	touch "$root/ready"
}

# vm_fetch DIR SUITE STATUS MODE PACKAGE…: download packages into DIR, print their paths.
# MODE is `closure` (with all that they depend on) or `only` (just these).
vm_fetch() {
	local debs=$1 suite=$2 status=$3 mode=$4 log=$VM_CACHE/apt/$2/fetch.log get try uris
	shift 4
	mkdir -p "$debs/partial" "$debs/none"
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
		uris=$(cd "$debs/none" && vm_apt "$suite" "$status" apt-get "${get[@]}" \
			-o Dir::Cache::archives="$debs/none" --print-uris "$@" 2>"$log") || continue
		if [[ $mode == closure ]]; then
			vm_apt "$suite" "$status" apt-get "${get[@]}" -o Dir::Cache::archives="$debs" \
				--download-only "$@" </dev/null >"$log" 2>&1
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

# vm_locked COMMAND…: run COMMAND while nobody else builds in this cache.
vm_locked() {
	mkdir -p "$VM_CACHE"
	(
		flock 9
		"$@"
	) 9>"$VM_CACHE/lock"
}

# vm_used PATH: note that PATH of the cache serves, and drop what beside it has not for two weeks.
vm_used() {
	touch -c "$1"
	find "$(dirname "$1")" -mindepth 1 -maxdepth 1 -mtime +14 -exec rm -rf {} + 2>/dev/null || true
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
