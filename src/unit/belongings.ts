/** What of a service's files is ours to remove, and what is left to whom. */

import { EXIT, Failure } from "../status.ts";
import { lookAt } from "./files.ts";
import type { Found, Place } from "./place.ts";
import { isSameFile } from "./same.ts";
import { UNIT } from "./text.ts";

export interface Belongings {
  /** The paths of what is to be removed: also of what is left where somebody has removed a part. */
  readonly ours: readonly string[];
  /** In words, what stays, and why. */
  readonly left: readonly string[];
}

/** The executable that a unit of ours runs. */
const EXECUTABLE = /^ExecStart=(\/(?:\S*\/)?symrouted)(?:\s|$)/m;

/** Looks through a service's files. Throws where the unit is not ours to remove; with `force` every unit is, but a package's. */
export async function belongings(
  place: Place,
  { unit, options, force }: { unit: Found; options: Found; force: boolean },
): Promise<Belongings> {
  const packaged = await place.packaged();
  if (packaged && unit.standing === "none") {
    throw refused(packaged.path, "it came with a package", "remove that with the package manager");
  }
  const whose = notOurs(unit);
  if (whose && !force) throw refused(unit.path, whose, "--force removes it");
  const left: string[] = [], ours: string[] = [];
  if (await isLink(place.wish, packaged && `../${UNIT}`)) ours.push(place.wish);
  if (unit.standing !== "none") ours.push(unit.path);
  if (options.standing !== "none") {
    const why = packaged ? "the package's service has it" : force ? undefined : notOurs(options);
    if (why === undefined) ours.push(options.path);
    else left.push(`${options.path}: ${why}${packaged ? "" : " (--force removes it)"}`);
  }
  const program = await programOf(place, { unit, packaged: packaged?.text, force });
  if (program.ours) ours.push(program.ours);
  if (program.left) left.push(program.left);
  const dropIns = await place.dropIns();
  if (dropIns) left.push(`${dropIns}: additions of your own`);
  if (packaged) left.push(`${packaged.path}: it came with a package (systemctl start ${UNIT})`);
  for (const path of ours) await place.requireWithin(path);
  return { ours, left };
}

export function refused(path: string, why: string, hint: string): Failure {
  return new Failure(EXIT.failed, `not removed: ${path}`, why, hint);
}

/** Whose a file is that is there, in words; undefined where it is as we have written it. */
export function notOurs({ standing }: Found): string | undefined {
  return {
    none: undefined,
    ours: undefined,
    edited: "it was edited by hand",
    foreign: "it is not symrouted's own",
  }[
    standing
  ];
}

/** The executable that our unit runs, as it says itself; undefined where it is not as we have written it. */
export function installedProgram(unit: Found): string | undefined {
  return unit.standing === "ours" ? EXECUTABLE.exec(unit.text!)?.[1] : undefined;
}

/** Only a unit that nobody has edited tells for certain what we have put where; or else it is what this program is. */
async function programOf(
  place: Place,
  { unit, packaged, force }: { unit: Found; packaged: string | undefined; force: boolean },
): Promise<{ ours?: string; left?: string }> {
  const named = EXECUTABLE.exec(unit.text ?? "")?.[1];
  const program = installedProgram(unit) ?? place.program;
  const path = `${place.root}${program}`, other = `${place.root}${named}`;
  const isPackaged = program === EXECUTABLE.exec(packaged ?? "")?.[1];
  const isThere = await isFile(path);
  const isOurs = force || unit.standing === "ours" || await isSameFile(Deno.execPath(), path);
  return {
    ours: isThere && !isPackaged && isOurs ? path : undefined,
    left: isThere && isPackaged
      ? `${path}: the package's service runs it`
      : isThere && !isOurs
      ? `${path}: ${UNKNOWN} (--force removes it)`
      : named && named !== program && await isFile(other)
      ? `${other}: whose it is, a unit that is not as it was written does not tell`
      : undefined,
  };
}

/** Of an executable. */
export const UNKNOWN = "nothing tells that it is symrouted's own";

async function isFile(path: string): Promise<boolean> {
  const info = await lookAt(path);
  return info !== undefined && !info.isDirectory;
}

/** Whether there is a link, and to that target if one is given. */
async function isLink(path: string, target?: string): Promise<boolean> {
  if (!(await lookAt(path))?.isSymlink) return false;
  return target === undefined || await Deno.readLink(path) === target;
}
