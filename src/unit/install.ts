/** `--install-unit`: the executable, the unit and the options in their places, and the service running. */

import { successorError } from "../arguments.ts";
import { printDone } from "../output.ts";
import { EXIT, Failure } from "../status.ts";
import { installedProgram, notOurs, UNKNOWN } from "./belongings.ts";
import { type FileChanges, folderOf, lookAt, reasonOf } from "./files.ts";
import { optionsIn, optionsText } from "./options_file.ts";
import { find, type Found, type Place } from "./place.ts";
import { isSameFile } from "./same.ts";
import { seal } from "./seal.ts";
import { type Service, status } from "./systemd.ts";
import { UNIT, unitText } from "./text.ts";
import { asAWhole } from "./whole.ts";

export interface InstallOptions {
  /** The service's own, as on the command line; none: those that it has are kept. */
  readonly options: readonly string[];
  /** Whether it is to run afterwards. */
  readonly start: boolean;
  /** Whether to replace what a person or a package has put there. */
  readonly force: boolean;
}

/** Everything is prepared before anything is changed, and what fails later is undone. Throws Failure. */
export async function install(place: Place, asked: InstallOptions): Promise<void> {
  await requireFree(place, asked);
  const unit = await find(place.unit), texts = await wantedTexts(place, unit, asked), told: string[] = [];
  const before = installedProgram(unit), { force } = asked;
  const stuck = await asAWhole("not installed", place, async (change) => {
    if (change.service?.isActive) await requireSuccessor(place, asked);
    await prepareProgram(change.files, place, { before, told, force });
    await prepareTexts(change.files, place, { texts, told, force });
    await change.commit();
    const { service } = change;
    if (!service) return;
    const isNew = told.length > 0 || service.isStale;
    if (isNew) await change.reload();
    const isRight = service.isActive && !isNew && await runs(service, place);
    if (asked.start && !isRight) told.push(await change.start());
  });
  const lines = told.length > 0 ? [...told, ...stuck] : ["nothing to do"];
  const text = lines.map((line) => `symrouted: ${line}\n`).join("");
  printDone(!place.isImage && asked.start ? text + await status() : text);
}

/** What is not ours to replace. */
async function requireFree(place: Place, { force }: InstallOptions): Promise<void> {
  for (const path of [place.unit, place.options, place.wish, `${place.root}${place.program}`]) {
    await place.requireWithin(path);
  }
  const packaged = await place.packaged();
  if (packaged && !force) throw kept(packaged.path, "it came with a package");
}

function kept(path: string, why: string): Failure {
  return new Failure(EXIT.failed, `not installed: ${path}`, why, "--force replaces it");
}

/** The texts that are to be there instead of what is. Throws where that would replace what a person has written. */
async function wantedTexts(
  place: Place,
  found: Found,
  { options, force }: InstallOptions,
): Promise<{ found: Found; text: string }[]> {
  const unit = { found, text: await seal(unitText(place.program)) };
  const file = { found: await place.findOptions(), text: await optionsText(options) };
  const { text: current, standing } = file.found;
  const isSame = current !== undefined && sameWords(optionsIn(current), options);
  const isKept = standing !== "none" && (options.length === 0 || isSame);
  const wanted = [unit, ...isKept ? [] : [file]].filter(({ found, text }) => found.text !== text);
  for (const { found } of force ? [] : wanted) {
    const whose = notOurs(found);
    if (whose) throw kept(found.path, whose);
  }
  return wanted;
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Throws where a service that runs could not go on with these options. */
async function requireSuccessor(place: Place, { options }: InstallOptions): Promise<void> {
  const before = optionsIn((await place.findOptions()).text ?? "");
  const error = options.length > 0 ? await successorError(options, before) : undefined;
  if (error) throw new Failure(EXIT.failed, "not installed", error);
}

/** Puts the executable beside its place, if it is not there yet, and says so in `told`; one that our unit ran before goes. */
async function prepareProgram(
  changes: FileChanges,
  place: Place,
  { before, told, force }: { before: string | undefined; told: string[]; force: boolean },
): Promise<void> {
  const program = `${place.root}${place.program}`, old = `${place.root}${before}`;
  if (!await isSameFile(Deno.execPath(), program)) {
    const isThere = await lookAt(program) !== undefined;
    if (isThere && before !== place.program && !force) throw kept(program, UNKNOWN);
    await changes.folder(folderOf(program));
    const fresh = await changes.write(program, { file: Deno.execPath() }, 0o755);
    // What an image lies on now says nothing of the host that it will be.
    if (!place.isImage) await requireExecutable(fresh, program);
    told.push(`${isThere ? "replaced" : "installed"} ${program}`);
  }
  if (before === undefined || before === place.program || !await lookAt(old)) return;
  await place.requireWithin(old);
  await changes.remove(old);
  told.push(`removed ${old}`);
}

/** Puts the texts that are to change beside their places, and says in `told` which those are. */
async function prepareTexts(
  changes: FileChanges,
  place: Place,
  { texts, told, force }: {
    texts: readonly { found: Found; text: string }[];
    told: string[];
    force: boolean;
  },
): Promise<void> {
  for (const { found, text } of texts) {
    await changes.folder(folderOf(found.path));
    await changes.write(found.path, { text }, 0o644);
    const was = found.text === undefined ? "" : optionsChange(place, { found, text });
    told.push(`${found.standing === "none" ? "installed" : "replaced"} ${found.path}${was}`);
  }
  const target = await place.wishTarget();
  if (target !== undefined && isOwnName(target)) return;
  if (target !== undefined && !force) throw kept(place.wish, `it leads to ${target}`);
  await changes.folder(folderOf(place.wish));
  await changes.link(place.wish, `../${UNIT}`);
  told.push(`enabled ${UNIT}`);
}

/** Whether that is a unit of our name, as also a package's is. */
function isOwnName(path: string): boolean {
  return path === UNIT || path.endsWith(`/${UNIT}`);
}

/** Which options were there, and which are now. */
function optionsChange(place: Place, { found, text }: { found: Found; text: string }): string {
  if (found.path !== place.options) return "";
  const [before, after] = [found.text!, text].map((one) => optionsIn(one).join(" ") || "no options");
  return `: ${after} (it was: ${before})`;
}

/** The folder may forbid what the service has to do. */
async function requireExecutable(fresh: string, path: string): Promise<void> {
  let why: string;
  try {
    const { success, stderr } = await new Deno.Command(fresh, { args: ["--help"], stdout: "null" }).output();
    if (success) return;
    why = new TextDecoder().decode(stderr).trim().split("\n")[0];
  } catch (error) {
    why = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable
      ? "no file may be executed there (is it mounted noexec?)"
      : reasonOf(error);
  }
  throw new Failure(EXIT.failed, `not installed: ${path}`, why, "--bindir names another place");
}

/** Whether the service, if it runs, runs the executable that is in place. */
async function runs({ pid }: Service, { program }: Place): Promise<boolean> {
  if (pid === undefined) return true;
  const [one, other] = await Promise.all([
    Deno.stat(`/proc/${pid}/exe`).catch(() => undefined),
    Deno.stat(program),
  ]);
  return one?.dev === other.dev && one.ino === other.ino;
}
