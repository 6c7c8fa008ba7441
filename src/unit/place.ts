/** Where a service's files are on a host, or in the image of one. */

import { EXIT, Failure } from "../status.ts";
import { lookAt } from "./files.ts";
import { standing } from "./seal.ts";
import { OPTIONS_FILE, UNIT, unitText } from "./text.ts";

export const UNITS = "/etc/systemd/system";

/** Where packages put units (systemd.unit(5), UNIT FILE LOAD PATH). */
const PACKAGED = ["/usr/lib/systemd/system", "/lib/systemd/system", "/usr/local/lib/systemd/system"];

/** What wants the unit by its own words, when it is enabled. */
const WANTED_BY = /^WantedBy=(\S+)$/m;

/** A file as it was found. */
export interface Found {
  readonly path: string;
  /** Its text; undefined where there is none. */
  readonly text?: string;
  /** Whose it is: written by us and left so, edited since, or not written by us. */
  readonly standing: "none" | "ours" | "edited" | "foreign";
}

export class Place {
  /** What all paths begin with: the image's folder, or "". */
  readonly root: string;
  /** Whether it is an image, which may also be the root folder; else it is the host that this runs on. */
  readonly isImage: boolean;
  /** The executable as the unit names it. */
  readonly program: string;

  constructor({ root, bindir }: { root?: string; bindir: string }) {
    this.root = root ?? "";
    this.isImage = root !== undefined;
    this.program = `${bindir}/symrouted`;
  }

  get unit(): string {
    return `${this.root}${UNITS}/${UNIT}`;
  }

  get options(): string {
    return `${this.root}${OPTIONS_FILE}`;
  }

  /** The link by which it is enabled. */
  get wish(): string {
    return `${this.root}${UNITS}/${WANTED_BY.exec(unitText(this.program))![1]}.wants/${UNIT}`;
  }

  /** What that link leads to; undefined where nothing is there, "something else" where it is no link. */
  async wishTarget(): Promise<string | undefined> {
    const info = await lookAt(this.wish);
    return info?.isSymlink ? await Deno.readLink(this.wish) : info && "something else";
  }

  /** The options as systemd reads them: on a host, also where a link leads to them. */
  async findOptions(): Promise<Found> {
    const found = await find(this.options);
    if (this.isImage || found.text !== undefined || found.standing === "none") return found;
    return { ...found, text: await Deno.readTextFile(this.options).catch(() => undefined) };
  }

  /** The folder of the operator's own additions, where there is one. */
  async dropIns(): Promise<string | undefined> {
    const path = `${this.unit}.d`;
    return await lookAt(path) ? path : undefined;
  }

  /** The unit that came with a package, where there is one. */
  async packaged(): Promise<Found | undefined> {
    for (const folder of PACKAGED) {
      const found = await find(`${this.root}${folder}/${UNIT}`);
      if (found.standing !== "none") return found;
    }
    return undefined;
  }

  /** Throws where a link leads out of the image: it would be the host that is changed. */
  async requireWithin(path: string): Promise<void> {
    if (!this.isImage) return;
    const [root, folder] = [await Deno.realPath(this.root || "/"), await deepest(path)];
    if (`${folder}/`.startsWith(root === "/" ? root : `${root}/`)) return;
    throw new Failure(EXIT.failed, path, `it leads out of ${this.root}, to ${folder}`);
  }
}

/** Reads a text of ours, or what is there instead of one. */
export async function find(path: string): Promise<Found> {
  const info = await lookAt(path);
  if (!info) return { path, standing: "none" };
  if (!info.isFile) return { path, standing: "foreign" };
  const text = await Deno.readTextFile(path);
  return { path, text, standing: await standing(text) };
}

/** The real path of the nearest folder above a file that there is; of a link that leads nowhere, where that is. */
async function deepest(path: string): Promise<string> {
  for (let folder = path;;) {
    folder = folder.replace(/\/[^/]*$/, "") || "/";
    const info = await lookAt(folder);
    if (!info) continue;
    return await Deno.realPath(folder).catch(async (error) => {
      if (info.isSymlink && error instanceof Deno.errors.NotFound) return await Deno.readLink(folder);
      throw error;
    });
  }
}
