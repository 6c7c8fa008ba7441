#!/bin/sh
# Stands at the beginning of each script of each package.
set -e

unit=symrouted.service
options=/etc/default/symrouted
template=/usr/share/symrouted/options

# In a chroot with the host's /run it would be the host's systemd that is asked, and the host's routes that go.
has_systemd() { [ -d /run/systemd/system ] && [ /proc/1/root -ef / ]; }

# A unit of the operator's own, such as --install-unit's, goes before the package's; unless it runs the package's program,
# neither it nor what it keeps is touched.
is_ours() {
  [ ! -f "/etc/systemd/system/$unit" ] ||
    grep -q '^ExecStart=/usr/bin/symrouted\( \|$\)' "/etc/systemd/system/$unit"
}

# For a first installation: who removes the file does not get it again.
make_options() {
  [ -e "$options" ] || install -m 644 "$template" "$options"
}

# Rules and routes, and marks, go with the program, by the options that the service has: systemd itself reads them. Nothing
# of its run-time directory stays but what it needs to take back later.
take_back() {
  systemd-run --quiet --pipe --wait --collect --property="EnvironmentFile=-$options" \
    /usr/bin/symrouted --flush '$SYMROUTED_OPTIONS' </dev/null ||
    echo "symrouted: rules and routes are left, see 'ip rule' and 'ip -6 rule'" >&2
  rm -f /run/symrouted/starts
  ! rmdir "$(readlink -f /run/symrouted)" 2>/dev/null || rm -f /run/symrouted
}

