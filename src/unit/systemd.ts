/** The host's systemd, by systemctl(1). */

import { EXIT, Failure } from "../status.ts";
import { reasonOf } from "./files.ts";
import { UNIT } from "./text.ts";

/** What systemd says of the service. */
export interface Service {
  /** It runs, or is about to, or tries to. */
  readonly isActive: boolean;
  /** Its files are newer than what systemd knows of them. */
  readonly isStale: boolean;
  /** Its first process, if it runs. */
  readonly pid?: number;
}

/** How a program ended, and what it said. */
export interface Said {
  readonly success: boolean;
  readonly out: string;
  readonly error: string;
}

/** Runs systemctl, which has to succeed; the signal ends the waiting for it, not what systemd does. */
export async function systemctl(args: readonly string[], signal?: AbortSignal): Promise<void> {
  const { success, error } = await call("systemctl", args, signal);
  if (!success) {
    throw new Failure(EXIT.failed, `systemctl ${args.join(" ")}`, firstLine(error) || "it failed");
  }
}

export async function service(): Promise<Service> {
  const names = ["ActiveState", "NeedDaemonReload", "MainPID"];
  const { out } = await call("systemctl", ["show", `--property=${names.join()}`, UNIT]);
  const values = new Map(
    out.split("\n").map((line) => {
      const equals = line.indexOf("=");
      return [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
  const pid = Number(values.get("MainPID"));
  return {
    isActive: /^(active|reloading|activating)$/.test(values.get("ActiveState") ?? ""),
    isStale: values.get("NeedDaemonReload") === "yes",
    pid: pid > 0 ? pid : undefined,
  };
}

/** How the service is, as systemctl shows it. */
export async function status(): Promise<string> {
  return (await call("systemctl", ["status", "--no-pager", "--full", "--lines=3", UNIT])).out;
}

/** Why the service has not started: the last that it has said itself, or what systemd says of it. */
export async function whyNot(since: Date): Promise<string> {
  await call("journalctl", ["--sync"]);
  const seconds = Math.floor(since.getTime() / 1000);
  const journal = async (...matches: string[]) => {
    const args = ["--quiet", "--output=cat", "--no-pager", `--since=@${seconds}`, ...matches];
    return (await call("journalctl", args)).out.split("\n").filter((line) => line !== "");
  };
  // Its last words; those of a start that only waits after several failures tell nothing.
  const own = (await journal(`_SYSTEMD_UNIT=${UNIT}`)).filter((line) =>
    !/^failed \d+ times? in a row/.test(line)
  );
  if (own.length > 0) return own.at(-1)!.replace(/^symrouted: /, "");
  const told = (await journal("--priority=notice", `UNIT=${UNIT}`)).filter((line) =>
    !/^Failed to start/.test(line)
  );
  // What follows says no more than that it has failed.
  const step = told.findLast((line) => line.includes(": Failed at step "));
  return step ?? told.at(-1) ?? "the journal does not say why";
}

/** Runs a program to its end; what a terminal sends to all that it has started (^C, its end) does not reach it. */
export async function call(program: string, args: readonly string[], signal?: AbortSignal): Promise<Said> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      env: { LC_ALL: "C.UTF-8", SYSTEMD_COLORS: "0", SYSTEMD_PAGER: "" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
      signal,
    }).output();
    const decoder = new TextDecoder();
    return { success, out: decoder.decode(stdout), error: decoder.decode(stderr) };
  } catch (error) {
    return { success: false, out: "", error: reasonOf(error) };
  }
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0];
}
