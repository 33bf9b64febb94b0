#!/bin/bash
# Boot a virtual machine, run a command in it, bring back what it wrote, and exit as it did.
#
#   scripts/vm/run.sh --kernel 6.12 [OPTION…] --out DIR -- COMMAND [ARG…]
#
#   --kernel VERSION   one of kernel.sh --list
#   --in DIR|TAR       becomes /input in the guest, where the command starts
#   --out DIR          made if need be; gets what the command left in /output, and
#                      console.log (its output), serial.log (the kernel's), dmesg
#   --append ARGS      more kernel arguments
#   --timeout SECONDS  for all of it (default 600)
#   --memory MIB       (default 1024)
#   --cpus N           (default 2)
#   --icount           count instructions for time (1 = 1 ns) on one CPU: slow, but repeats exactly
#   --quiet            do not copy the command's output to standard output
#
# The guest is emulated (QEMU's TCG), so it needs no /dev/kvm, and runs some 12 times slower than this
# machine. SHIMSCOPE_VM_ACCEL=kvm uses hardware where there is some. The guest has no network.
# Exit status: the command's; 124 if time ran out; 125 if the machine did not work.

# shellcheck source=scripts/vm/lib.sh
. "$(dirname "$0")/lib.sh"

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }

# Not to be taken for the command's own.
VM_FAILURE=125

kernel='' append='' timeout=600 memory=1024 cpus=2 icount='' in='' out='' quiet=''
while [[ $# -gt 0 ]]; do
	case $1 in
	--kernel | --append | --timeout | --memory | --cpus | --in | --out)
		[[ $# -ge 2 ]] || vm_die "$1 needs a value"
		printf -v "${1#--}" %s "$2"
		shift
		;;
	--icount | --quiet) printf -v "${1#--}" yes ;;
	--help) usage; exit ;;
	--) shift; break ;;
	*) vm_die "no such option: $1 (see --help)" ;;
	esac
	shift
done
[[ -n $kernel ]] || vm_die "--kernel is missing"
[[ -n $out ]] || vm_die "--out is missing"
[[ $# -gt 0 ]] || vm_die "a command is missing: … -- COMMAND"
[[ -z $in || -e $in ]] || vm_die "no such input: $in"
for name in timeout memory cpus; do
	[[ ${!name} =~ ^[1-9][0-9]*$ ]] || vm_die "--$name is not a number: ${!name}"
done

# The one QEMU that runs, if any. It is told to die with this script even if that is killed outright.
qemu_pid=
work=
cleanup() {
	if [[ -n $qemu_pid ]]; then
		kill -KILL "$qemu_pid" 2>/dev/null || true
		{ wait "$qemu_pid" || true; } 2>/dev/null
	fi
	[[ -z $work ]] || rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

"$VM_DIR/setup.sh" || vm_die "no QEMU"
kernel_dir=$("$VM_DIR/kernel.sh" "$kernel") || vm_die "no kernel $kernel"
image=$("$VM_DIR/image.sh") || vm_die "no image"
mkdir -p "$out" "$VM_CACHE/run"
# A run that was killed outright could not tidy up.
find "$VM_CACHE/run" -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf {} +
work=$(mktemp -d "$VM_CACHE/run/XXXXXX")
# What an earlier run left here must not pass for this one's.
rm -f "$out"/{console.log,serial.log,dmesg,uptime,status}

# The initial RAM disk: the kernel's own part, then what belongs to this run.
mkdir -p "$work/initrd/guest"
cp "$VM_DIR/guest/init" "$work/initrd/init"
cp "$VM_DIR/guest/system" "$work/initrd/guest/system"
chmod +x "$work/initrd/init"
{
	printf 'exec'
	printf ' %q' "$@"
	printf '\n'
} >"$work/initrd/guest/command"
# Time out in the guest first, so that what there is can still be packed.
printf '%d\n' $((timeout > 40 ? timeout - 20 : timeout)) >"$work/initrd/guest/seconds"
cp "$kernel_dir/initrd" "$work/initrd.gz"
(cd "$work/initrd" && find . | vm_tool busybox cpio -o -H newc 2>/dev/null) | gzip -1 >>"$work/initrd.gz"

if [[ -z $in ]]; then
	tar -c -f "$work/in" -T /dev/null
elif [[ -d $in ]]; then
	tar -c -C "$in" -f "$work/in" --owner=0 --group=0 .
else
	cp "$in" "$work/in"
fi
truncate -s %1M "$work/in"
truncate -s 4G "$work/out"

accel=(-accel "${SHIMSCOPE_VM_ACCEL:-tcg,thread=multi,tb-size=256}")
if [[ -n $icount ]]; then
	accel=(-accel "tcg,thread=single" -icount "shift=0,sleep=off")
	cpus=1
fi
# Where the rate cannot be measured the guest has to find it out.
khz=1000000
[[ -n $icount ]] || khz=$(/usr/bin/python3 "$VM_DIR/tsc.py" 2>/dev/null) || khz=
arguments="console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check"
arguments+=" lsm=lockdown,yama,bpf random.trust_cpu=on ${khz:+tsc_early_khz=$khz}"
# Addresses that differ between runs would change what caches and the translator make of the code.
arguments+="${icount:+ nokaslr norandmaps} $append"

# boot DEADLINE: one life of the machine. 0: it ended by itself; 1: it never got to init; 2: out of time.
boot() {
	local deadline=$1 console="id=command,logfile=$out/console.log,logappend=off"
	if [[ -n $quiet ]]; then
		console=null,$console
	else
		console=stdio,signal=off,$console
	fi
	: >"$out/serial.log"
	TMPDIR=$work LD_LIBRARY_PATH=$VM_TOOLS/usr/lib/x86_64-linux-gnu \
		setpriv --pdeathsig KILL -- "$VM_TOOLS/usr/bin/qemu-system-x86_64" \
		-L "$VM_TOOLS/usr/share/qemu" -L "$VM_TOOLS/usr/share/seabios" \
		-M q35 "${accel[@]}" -cpu max -smp "$cpus" -m "$memory" -nodefaults -display none -no-reboot \
		-kernel "$kernel_dir/vmlinuz" -initrd "$work/initrd.gz" -append "$arguments" \
		-drive "file=$image,if=virtio,format=raw,snapshot=on" \
		-drive "file=$work/in,if=virtio,format=raw,readonly=on" \
		-drive "file=$work/out,if=virtio,format=raw,cache=unsafe" \
		-chardev "file,id=kernel,path=$out/serial.log" -serial chardev:kernel \
		-chardev "$console" -serial chardev:command \
		</dev/null 2>"$work/qemu.err" &
	qemu_pid=$!
	local started=$SECONDS seen=
	while kill -0 "$qemu_pid" 2>/dev/null; do
		if [[ -z $seen ]]; then
			if grep -q '^vm: command' "$out/serial.log"; then
				seen=yes
			elif ((SECONDS - started > 120)); then
				break
			fi
		fi
		((SECONDS < deadline)) || break
		sleep 0.1
	done
	local result=0
	if kill -0 "$qemu_pid" 2>/dev/null; then
		result=2
		kill -KILL "$qemu_pid"
	fi
	{ wait "$qemu_pid" || true; } 2>/dev/null
	qemu_pid=
	[[ -n $seen ]] || grep -q '^vm: command' "$out/serial.log" || result=1
	return $result
}

SECONDS=0
result=0
boot "$timeout" || result=$?
if [[ $result == 1 ]] && ((SECONDS < timeout)); then
	vm_say "the machine did not boot; trying once more"
	result=0
	boot "$timeout" || result=$?
fi
case $result in
0)
	# A machine that was cut off, or could not pack all of it, does not say so.
	grep -q '^vm: done' "$out/serial.log" ||
		vm_die "the guest ended before its time: see $out/serial.log $(tail -n1 "$work/qemu.err")"
	tar -x -C "$out" -f "$work/out" --no-same-owner || vm_die "cannot unpack the guest's output into $out"
	status=$(<"$out/status")
	rm -f "$out/status"
	exit "$status"
	;;
1) vm_die "Linux $kernel does not boot: see $out/serial.log $(tail -n1 "$work/qemu.err")" ;;
2) vm_say "out of time after $timeout s: see $out/serial.log"; exit 124 ;;
esac
