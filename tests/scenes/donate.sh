#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Collects from this machine the files that kernel_taint_exporter reads, as a scene for
# its tests. Knows which of them tell of their owner, and leaves that out.
set -eu

usage() {
	cat <<'END'
usage: donate.sh FOLDER [PROCFS [SYSFS]]
Copies what kernel_taint_exporter reads of this machine into the new folder FOLDER:
the taint mask, the kernel's release, the list of modules, their taint and build, those
that are gone if debugfs may be read, and what guards against more. The kernel's log is
not copied. PROCFS is /proc and SYSFS is /sys unless given. No privileges
are needed.

The modules' files are left out: they are large, and some may not be given away. To add
some, copy them from /lib/modules/RELEASE to the same place in FOLDER, together with
modules.dep:
  cd / && cp --parents lib/modules/RELEASE/modules.dep lib/modules/RELEASE/.../X.ko FOLDER

Addresses are replaced by zeros, the name of this host by "host"; of the boot command
line only panic_on_taint is kept. The names of modules stay: look at FOLDER before you
give it away.
END
}

case ${1-} in
-h | --help)
	usage
	exit 0
	;;
'' | -*)
	usage >&2
	exit 2
	;;
esac
if [ $# -gt 3 ]; then
	usage >&2
	exit 2
fi

folder=$1
procfs=${2-/proc}
sysfs=${3-/sys}
LC_ALL=C
export LC_ALL
umask 022

if ! [ -r "$procfs/sys/kernel/osrelease" ]; then
	echo "donate.sh: $procfs is no procfs: cannot read sys/kernel/osrelease" >&2
	exit 1
fi
mkdir "$folder"

# take FROM TO [FILTER]...: copies through FILTER what there is and can be read.
take() {
	from=$1
	to=$folder/$2
	shift 2
	[ -f "$from" ] && [ -r "$from" ] || return 0
	mkdir -p "$(dirname "$to")"
	# A module may be gone by now.
	if ! "${@:-cat}" <"$from" >"$to" 2>/dev/null; then
		rm -f "$to"
	fi
}

host=$(uname -n | sed -e 's/\..*//' -e 's/[][\*^$/]/\\&/g')

without_host() {
	sed -e "s/@$host)/@host)/" -e "s/@$host\.[^ )]*)/@host)/"
}

without_addresses() {
	sed -e 's/ 0x[0-9a-f]*$/ 0x0000000000000000/' \
		-e 's/ 0x[0-9a-f]* (\([^ ]*\))$/ 0x0000000000000000 (\1)/'
}

# Only what is the kernel's: nothing behind "--".
only_panic_on_taint() {
	tr ' ' '\n' | sed -n -e '/^--$/q' -e '/^panic[_-]on[_-]taint=[0-9A-Za-z,]*$/p' |
		tr '\n' ' '
	echo
}

take "$procfs/sys/kernel/tainted" proc/sys/kernel/tainted
take "$procfs/sys/kernel/osrelease" proc/sys/kernel/osrelease
take "$procfs/sys/kernel/modules_disabled" proc/sys/kernel/modules_disabled
take "$procfs/version" proc/version without_host
take "$procfs/cmdline" proc/cmdline only_panic_on_taint
take "$procfs/modules" proc/modules without_addresses

for name in warn_count oops_count softlockup_count hardlockup_count rcu_stall_count \
	security/lockdown debug/modules/unloaded_tainted; do
	take "$sysfs/kernel/$name" "sys/kernel/$name"
done
for name in SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c \
	SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c \
	MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23; do
	path=firmware/efi/efivars/$name
	take "$sysfs/$path" "sys/$path"
done
path=devices/system/cpu/vulnerabilities/old_microcode
take "$sysfs/$path" "sys/$path"

# What is in these folders tells whether they are hidden. Of one from which nothing was
# taken, an empty file has the name of its first entry.
for path in firmware/efi/efivars firmware/efi firmware kernel/security kernel; do
	[ -d "$sysfs/$path" ] || continue
	mkdir -p "$folder/sys/$path"
	[ -z "$(ls -A "$folder/sys/$path")" ] || continue
	for entry in "$sysfs/$path"/*; do
		[ ! -e "$entry" ] || : >"$folder/sys/$path/${entry##*/}"
		break
	done
done
take "$sysfs/module/module/parameters/sig_enforce" \
	sys/module/module/parameters/sig_enforce

for module in "$sysfs"/module/*; do
	[ -d "$module" ] || continue
	name=${module##*/}
	mkdir -p "$folder/sys/module/$name"
	if [ -e "$module/initstate" ]; then
		take "$module/initstate" "sys/module/$name/initstate"
		take "$module/taint" "sys/module/$name/taint"
		take "$module/srcversion" "sys/module/$name/srcversion"
		take "$module/notes/.note.gnu.build-id" \
			"sys/module/$name/notes/.note.gnu.build-id"
	else
		# Built in. An empty file, since git keeps no empty folder.
		: >"$folder/sys/module/$name/uevent"
	fi
done

count=$(find "$folder" -type f | wc -l)
echo "$folder: $count files; look at them before you give them away"
