#!/bin/busybox sh
# The first process under the other kernel. It sees the outer machine's files, read-only beneath a layer in memory; with
# them it runs the command that /settings names, and tells the outer machine its output and exit status.

if [ "$1" != inside ]; then
	/bin/busybox mount -t devtmpfs dev /dev
	for module in /modules/*; do /bin/busybox insmod "$module"; done
	/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro outer /outer
	/bin/busybox mount -t tmpfs -o size=75% layer /layer
	/bin/busybox mkdir /layer/upper /layer/work
	/bin/busybox mount -t overlay -o lowerdir=/outer,upperdir=/layer/upper,workdir=/layer/work overlay /root
	/bin/busybox mount -t tmpfs run /root/run
	/bin/busybox cp /init /settings /root/run
	exec /bin/busybox switch_root /root /bin/sh /run/init inside
fi

export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
ln -s /proc/self/fd /dev/fd

port() {
	for found in /sys/class/virtio-ports/*; do
		if [ "$(cat "$found/name")" = "$1" ]; then echo "/dev/${found##*/}"; fi
	done
}
status=$(port status)
echo booted >"$status"

. /run/settings

# Further modules are loaded as they are asked for.
mkdir -p "/lib/modules/$(uname -r)"
mount --bind "$modules" "/lib/modules/$(uname -r)"
printf '#!/bin/sh\nexec busybox modprobe "$@"\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
# Many ask for it at once, and who asks while it is being loaded is refused.
/run/modprobe veth
# Nobody asks for it before it has a device.
/run/modprobe tun
# The drivers of tunnels put no links of their own into new namespaces; only newer kernels know 2, nowhere at all.
for least in 1 2; do echo $least >/proc/sys/net/core/fb_tunnels_only_for_init_net; done 2>/dev/null

"$@" >"$(port output)" 2>&1 </dev/null
echo $? >"$status"
echo o >/proc/sysrq-trigger
sleep 60
