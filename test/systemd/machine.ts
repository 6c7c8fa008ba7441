// A machine with a systemd of its own as its first process, in namespaces: units, journal and network as on a real one.

import { Namespace } from "../lab/netns.ts";
import { eventually, must, Process, type Result, run, type RunOptions } from "../lab/process.ts";

/**
 * What a machine is made of: `usual` is the release of the distribution that this machine has, `oldest` the oldest Debian
 * that can be made from its mirror.
 */
export type Release = typeof releases[number];
export const releases = ["usual", "oldest"] as const;

/** How the tests are told of what their machines are made of, or of why there can be none. */
export const variables = {
  group: "SYMROUTED_TEST_GROUP",
  root: (release: Release) => `SYMROUTED_TEST_ROOT_${release}`,
  reason: (release: Release) => `SYMROUTED_TEST_NO_${release}`,
};

/** The program as a command of the machine's, which sees this checkout and the Deno that runs the tests in /opt. */
export const program = "/opt/deno/deno run -A --cached-only --no-prompt /opt/symrouted/src/main.ts";

/** What it needs in its environment there. */
export const environment = "DENO_DIR=/opt/deno-cache DENO_NO_UPDATE_CHECK=1";

/**
 * Becomes the first process of the machine. Of the kernel's settings and devices it may change those of its network only.
 * Its control group looks like the uppermost one.
 */
const BOOT = `
cd "$1"
mount -t proc proc proc
mount --bind proc/sys/net proc/sys/net
mount --rbind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs sysfs sys
mount --bind sys/devices/virtual/net sys/devices/virtual/net
for part in sys/*; do
  mount --rbind "$part" "$part"
  mount -o remount,bind,ro "$part"
done
mount --bind dev dev
mount --bind /dev/null dev/console
mount --bind -o ro "$2" opt/deno/deno
mount --rbind -o ro "$3" opt/deno-cache
mount --rbind -o ro "$4" opt/symrouted
echo 0 >"$5/cgroup.procs"
pivot_root . mnt
umount -l mnt
exec unshare --cgroup sh -euc '
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  exec env -i container=namespaces PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=multi-user.target
'
`;

export interface MachineOptions {
  /** What it is made of; the usual one unless told. */
  release?: Release;
  /** The network namespace that it is to be in; one of its own unless told. */
  host?: Namespace;
  /** Files that it boots with, by their paths. */
  files?: Record<string, string>;
  /** The same for those that root alone may read. */
  secrets?: Record<string, string>;
  /** Units that are enabled when it boots. */
  enable?: string[];
}

/** The running machine; disposing of it ends it at once. */
export class Machine implements AsyncDisposable {
  /** Its first process, as this side of the namespaces knows it. */
  readonly pid: number;

  private constructor(
    /** Its network namespace. */
    readonly host: Namespace,
    private readonly made: { folder: string; group: string; process: Process; ownsHost: boolean },
    pid: number,
  ) {
    this.pid = pid;
  }

  /** Where there is anything of it outside. */
  get traces(): string[] {
    return [this.made.folder, this.made.group];
  }

  /** Boots it; when this returns, all that it starts with has started, or it throws. */
  static async boot(options: MachineOptions = {}): Promise<Machine> {
    const folder = await Deno.makeTempDir({ dir: "/run", prefix: "machine-" });
    const group = await Deno.makeTempDir({ dir: Deno.env.get(variables.group)!, prefix: "machine-" });
    const root = `${folder}/root`;
    for (const name of ["root", "upper", "work"]) await Deno.mkdir(`${folder}/${name}`);
    const lower = Deno.env.get(variables.root(options.release ?? "usual"));
    const layers = `lowerdir=${lower},upperdir=${folder}/upper,workdir=${folder}/work`;
    await must(["mount", "-t", "overlay", "-o", layers, "overlay", root]);
    for (const [path, text] of Object.entries(options.files ?? {})) await write(root, path, text);
    for (const [path, text] of Object.entries(options.secrets ?? {})) await write(root, path, text, 0o600);
    if (options.enable?.length) {
      await must(["chroot", root, "systemctl", "--quiet", "enable", ...options.enable]);
    }
    const host = options.host ?? (await Namespace.create(["machine"]))[0];
    const checkout = new URL("../..", import.meta.url).pathname;
    const cache = Deno.env.get("DENO_DIR")!;
    const process = host.spawn([
      ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--"],
      ...["sh", "-euc", BOOT, "sh", root, Deno.execPath(), cache, checkout, group],
    ]);
    const pid = await eventually(async () => {
      const children = await Deno.readTextFile(`/proc/${process.pid}/task/${process.pid}/children`);
      if (!Number(children)) throw new Error(`no first process: ${process.text}`);
      return Number(children);
    });
    const machine = new Machine(host, { folder, group, process, ownsHost: !options.host }, pid);
    try {
      await machine.#started();
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  /** Runs a program in the machine to its end. */
  run(command: string[], options: RunOptions = {}): Promise<Result> {
    return run(this.#inside(command), options);
  }

  /** Runs a program in the machine that has to succeed, and gives what it printed. */
  must(command: string[], options: RunOptions = {}): Promise<string> {
    return must(this.#inside(command), options);
  }

  /** Runs `systemctl ARGUMENTS`, which has to succeed, and gives what it printed. */
  systemctl(args: string): Promise<string> {
    return this.must(["systemctl", ...args.split(" ")]);
  }

  /** Writes one of its files; all may read it unless told otherwise. */
  async write(path: string, text: string, options: { mode?: number } = {}): Promise<void> {
    await write(`${this.made.folder}/root`, path, text, options.mode);
  }

  /** Writes a unit and lets systemd read it. */
  async writeUnit(name: string, text: string): Promise<void> {
    await this.write(`/etc/systemd/system/${name}`, text);
    await this.systemctl("daemon-reload");
  }

  /** What a unit, and systemd about it, has said, line by line. */
  async journal(unit: string): Promise<string[]> {
    const text = await this.must(["journalctl", "--quiet", "--output=cat", `--unit=${unit}`]);
    return text.split("\n").filter((line) => line !== "");
  }

  /** Awaits so many lines of a unit's journal that match. */
  async said(
    unit: string,
    pattern: RegExp,
    options: { times?: number; within?: number } = {},
  ): Promise<void> {
    await eventually(async () => {
      const lines = await this.journal(unit);
      const count = lines.filter((line) => pattern.test(line)).length;
      if (count < (options.times ?? 1)) {
        throw new Error(`${unit} has not said ${pattern}:\n${lines.join("\n")}`);
      }
    }, { within: options.within ?? 20_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { folder, group, process, ownsHost } = this.made;
    await process[Symbol.asyncDispose]();
    if (ownsHost) await this.host[Symbol.asyncDispose]();
    await run(["umount", "-l", `${folder}/root`]);
    await run(["rm", "-rf", folder]);
    await eventually(() => must(["find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]));
  }

  async #started(): Promise<void> {
    const { process } = this.made;
    await eventually(async () => {
      const { stdout, stderr } = await this.run(["systemctl", "is-system-running"]);
      const state = stdout.trim();
      if (state === "running") return;
      const failed = state === "degraded" ? await this.systemctl("--failed --plain --no-legend") : "";
      throw new Error(`the machine is not running but ${state}: ${stderr}${failed}${process.text}`);
    }, { within: 30_000 });
  }

  #inside(command: string[]): string[] {
    const own = "--mount --pid --net --uts --ipc --cgroup --root --wd --".split(" ");
    return ["nsenter", "--target", `${this.pid}`, ...own, ...command];
  }
}

async function write(root: string, path: string, text: string, mode = 0o644): Promise<void> {
  await Deno.mkdir(root + path.replace(/\/[^/]*$/, ""), { recursive: true });
  await Deno.writeTextFile(root + path, text);
  await Deno.chmod(root + path, mode);
}
