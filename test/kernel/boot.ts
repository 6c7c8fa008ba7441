// An emulated machine with another kernel and, in its memory only, the files of this one. It has no network.

import { eventually } from "../lab/process.ts";
import { initramfs } from "./initramfs.ts";
import type { Kernel } from "./package.ts";

/** Milliseconds until its first process runs; a few seconds where nothing else does. */
const BOOT = 180_000;

/** Runs the command in this folder under that kernel, as root; gives its exit status. */
export async function boot(kernel: Kernel, command: string[]): Promise<number> {
  const work = await Deno.makeTempDir({ prefix: "kernel-" });
  try {
    const settings = [
      `modules=${quoted(kernel.modules)}`,
      `cd ${quoted(Deno.cwd())}`,
      `set -- ${command.map(quoted).join(" ")}`,
    ];
    const archive = await initramfs(kernel, work, settings.join("\n"));
    console.log(`booting ${kernel.version}`);
    const machine = new Deno.Command("qemu-system-x86_64", {
      args: machineOf(kernel, archive, work),
      // An end of its input would be the end of its output.
      stdin: "piped",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
    // Ctrl-C goes to the whole foreground group: the machine ends by it, and we wait for that end.
    const wait = () => {};
    Deno.addSignalListener("SIGINT", wait);
    let ended = false;
    const end = machine.status.finally(() => ended = true);
    const told = () => Deno.readTextFileSync(`${work}/status`).split("\n");
    await eventually(() => {
      if (told()[0] !== "booted") throw new Error("not yet");
    }, { within: BOOT, hopeless: () => ended }).catch(() => machine.kill("SIGKILL")).catch(() => {});
    await end;
    Deno.removeSignalListener("SIGINT", wait);
    const [, code] = told();
    if (code) return Number(code);
    console.error(`${kernel.version} ended before the tests did; its last words:`);
    console.error((await Deno.readTextFile(`${work}/console`)).split("\n").slice(-30).join("\n"));
    return 1;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** The arguments of qemu: two processors, serial ports for output and exit status, our files by 9p. */
function machineOf(kernel: Kernel, archive: string, work: string): string[] {
  return [
    ...["-nodefaults", "-no-reboot", "-display", "none", "-nic", "none"],
    ...["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048"],
    ...["-kernel", kernel.image, "-initrd", archive],
    ...["-append", "console=ttyS0 quiet panic=-1", "-serial", `file:${work}/console`],
    ...["-fsdev", "local,id=outer,path=/,readonly=on,security_model=none,multidevs=remap"],
    ...["-device", "virtio-9p-pci,fsdev=outer,mount_tag=outer"],
    ...["-device", "virtio-serial-pci"],
    ...["-chardev", "stdio,id=output,signal=off", "-device", "virtserialport,chardev=output,name=output"],
    ...["-chardev", `file,id=status,path=${work}/status`],
    ...["-device", "virtserialport,chardev=status,name=status"],
  ];
}

/** A word of the shell's. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
