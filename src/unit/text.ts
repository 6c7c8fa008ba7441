/** The systemd unit: what it says is what systemd.service(5), systemd.exec(5) and systemd.unit(5) call it. */

/** Where the options of the service are kept: `SYMROUTED_OPTIONS="…"`, read by systemd (EnvironmentFile). */
export const OPTIONS_FILE = "/etc/default/symrouted";

/** Its name in that file. */
export const OPTIONS_VARIABLE = "SYMROUTED_OPTIONS";

export const UNIT = "symrouted.service";

/** Where the program is: of one that runs from source, where it would be installed. */
export function programPath(): string {
  return Deno.build.standalone ? Deno.execPath() : "/usr/local/bin/symrouted";
}

/** Why a unit cannot name a path as it is, as text for an error; undefined where it can. */
export function pathError(path: string): string | undefined {
  return /[^\w@+=:,./~-]/.test(path) || /\/\.\.?(\/|$)/.test(path)
    ? `${path} has characters or parts that a unit cannot name as they are`
    : undefined;
}

/** Where packages put executables, and what the unit's ProtectHome and PrivateTmp hide from the service. */
const OTHERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"],
  HIDDEN = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

/** Why the executable cannot go to a folder, as text for an error; undefined where it can. */
export function folderError(path: string): string | undefined {
  if (OTHERS.includes(path)) return `${path} is for what packages bring`;
  const hidden = HIDDEN.find((one) => `${path}/`.startsWith(`${one}/`));
  return hidden && `the service sees nothing of ${hidden}`;
}

/**
 * The unit's text for an executable at `path`, which is absolute, and whose manual page is there or not: systemd-analyze(1)
 * complains of one that is named and missing. Every setting is known to systemd 247 (Debian 11). An older one ignores what it
 * does not know, and says so.
 *
 * - `RestartPreventExitStatus`: bad usage is the same each time. All else is tried again for ever: the daemon itself waits
 *   longer each time, because older versions of systemd have no growing delay. What it counts in outlives a failure.
 * - `RestartForceExitStatus`: SIGHUP, by which other daemons read their files again, is a clean end to systemd.
 * - `SuccessExitStatus`: of a service that is stopped, a reload that has not ended yet is ended too.
 * - `WatchdogSignal`: a daemon that is stuck does nothing upon SIGABRT but write a large core file.
 * - `Environment`: before version 240 systemd does not name the run-time directory itself.
 * - `RuntimeDirectoryPreserve`: what reverse path filters were outlives the service, as what it has set does.
 * - `ReadWritePaths`: which --connmark loosens.
 * - `MemoryDenyWriteExecute`: the compiled program runs without V8's compilers.
 * - `SystemCallFilter`: `@system-service` is known to systemd 239 and newer; older ones have what stands below it, which adds
 *   nothing to it. execve(2), by which a reload is done, is always allowed. `@resources` and `@privileged` are refused with
 *   an error, not a signal: Deno tries to raise its limit of open files, and does without.
 * - `IPAddressDeny`: netlink is no internet protocol, and nothing else is sent or received.
 * - Not there: `ProcSubset`, because kernel settings below /proc/sys are read; `PrivateNetwork` and `PrivateUsers`, because
 *   it is the host's network that is configured; `PrivateIPC` and other settings that are younger than 247.
 */
export function unitText(path: string, { manual = false } = {}): string {
  return `\
[Unit]
Description=Symmetric routing for hosts with several uplinks
${manual ? "Documentation=man:symrouted(8)\n" : ""}\
After=network-pre.target
Before=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
EnvironmentFile=-${OPTIONS_FILE}
ExecStart=${path} $${OPTIONS_VARIABLE}
ExecReload=${path} --reload $${OPTIONS_VARIABLE}
Restart=on-failure
RestartSec=100ms
RestartPreventExitStatus=2
RestartForceExitStatus=SIGHUP
SuccessExitStatus=SIGTERM
WatchdogSec=30s
WatchdogSignal=SIGKILL
TimeoutStopSec=10s
RuntimeDirectory=symrouted
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
Environment=RUNTIME_DIRECTORY=%t/symrouted

DynamicUser=yes
AmbientCapabilities=CAP_NET_ADMIN
CapabilityBoundingSet=CAP_NET_ADMIN
NoNewPrivileges=yes
UMask=0077
KeyringMode=private

ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ReadWritePaths=-/proc/sys/net/ipv4/conf
PrivateDevices=yes
PrivateTmp=yes
RemoveIPC=yes

LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=@basic-io @file-system @io-event @ipc @memlock @network-io @process @signal @sync @timer
SystemCallFilter=brk madvise membarrier mprotect mremap sched_getaffinity sched_yield sysinfo uname
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
IPAddressDeny=any

[Install]
WantedBy=multi-user.target
`;
}
