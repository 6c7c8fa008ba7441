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

/** The unit's text for an executable at `path`, which is absolute. */
export function unitText(path: string): string {
  return `\
[Unit]
Description=Symmetric routing for hosts with several uplinks
Documentation=man:symrouted(8)
Before=network-online.target
After=network-pre.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
EnvironmentFile=-${OPTIONS_FILE}
ExecStart=${path} $${OPTIONS_VARIABLE}
ExecReload=${path} --reload $${OPTIONS_VARIABLE}
Restart=on-failure
RestartSec=100ms
WatchdogSec=30s
RuntimeDirectory=symrouted
RuntimeDirectoryPreserve=restart

DynamicUser=yes
AmbientCapabilities=CAP_NET_ADMIN
CapabilityBoundingSet=CAP_NET_ADMIN

[Install]
WantedBy=multi-user.target
`;
}
