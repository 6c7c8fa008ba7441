#!/bin/sh
# What udhcpc runs when its lease changes: addresses and default route as a DHCP client of a distribution sets them.
set -eu
case "$1" in
deconfig)
	ip -4 address flush dev "$interface"
	;;
bound | renew)
	ip address replace "$ip/$mask" dev "$interface" metric 106
	ip route replace default via "$router" dev "$interface" proto dhcp metric 106
	;;
esac
