/**
 * Keeps the ruleset and the reverse path filters as the plan's marks want them. The kernel tells when somebody else changes
 * the ruleset; it is then read again, and what is there is compared with what is to be there.
 */

import { ERRNO, NetlinkError } from "../kernel/errors.ts";
import { Netfilter, readReversePath, writeReversePath } from "../kernel/netfilter.ts";
import { readSmallFile, removeSmallFile, writeSmallFile } from "../kernel/system.ts";
import type { Log } from "../log.ts";
import type { Link } from "../model/records.ts";
import type { Marks } from "../plan/marks.ts";
import { Retry } from "../retry.ts";
import type { MarkChange } from "./change.ts";
import { Pace } from "./pace.ts";
import { loosen, notesText, parseNotes, type ReversePath } from "./reverse_paths.ts";
import { rememberedMarks, rulesetText, saysTheSame, TABLE_FAMILY, TABLE_NAME } from "./ruleset.ts";

export interface MarkerOptions {
  readonly mask: number;
  /** Where it is noted what reverse path filters were. */
  readonly notes: string;
}

export class Marker implements Disposable {
  readonly #netfilter = new Netfilter();
  readonly #options: MarkerOptions;
  readonly #log: Log;
  readonly #pace = new Pace();
  readonly #retry = new Retry();
  #listing?: string;
  /** What was loaded last, and how that was listed. */
  #loaded?: { readonly text: string; readonly listing?: string };
  /** Whether it may be another one by now. */
  #isStale = true;
  #wasRead = false;
  #remembered: ReadonlyMap<string, number> = new Map();
  /** Whether somebody else has changed the ruleset. */
  #isUndone = false;
  #decidedFor?: Marks;
  #wasDecided = false;
  /** What the kernel said to what it refused. */
  #trouble?: string;

  /** Throws MissingLibrary, NetlinkError. */
  constructor(options: MarkerOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  /** Can be read when some ruleset has changed. */
  get fd(): number {
    return this.#netfilter.fd;
  }

  /** The mark of each interface name, as the ruleset has it; or had it, where somebody has removed that. */
  get remembered(): ReadonlyMap<string, number> {
    return this.#remembered;
  }

  /** Takes up what others have done to the ruleset. On the first call it is read. Throws NetlinkError. */
  follow(): void {
    this.#isStale ||= this.#netfilter.heard();
    if (!this.#isStale) return;
    const listing = this.#netfilter.list();
    this.#isStale = false;
    if (this.#wasRead && listing !== this.#listing) this.#isUndone = true;
    this.#wasRead = true;
    this.#take(listing);
  }

  #take(listing: string | undefined): void {
    this.#listing = listing;
    if (listing !== undefined) this.#remembered = rememberedMarks(listing);
  }

  /** What is to be changed, in that order; `marks` is absent where nothing is to be left. Times are in milliseconds. */
  decide(
    marks: Marks | undefined,
    { links, now }: { links: ReadonlyMap<number, Link>; now: number },
  ): readonly MarkChange[] {
    const isDue = this.#isUndone || (this.#trouble !== undefined && this.#retry.isDue(now));
    if (this.#wasDecided && marks === this.#decidedFor && !isDue) return [];
    if (this.#isUndone && !this.#mayRepair(now)) return [];
    this.#isUndone = false;
    this.#wasDecided = true;
    this.#decidedFor = marks;
    const [filters, ruleset] = [this.#filterChanges(marks, links), this.#rulesetChanges(marks)];
    const changes = marks ? [...filters, ...ruleset] : [...ruleset, ...filters];
    if (changes.length === 0) this.#trouble = undefined;
    return changes;
  }

  #mayRepair(now: number): boolean {
    const { isAllowed, isNews } = this.#pace.repair(now);
    if (isNews) {
      this.#log.warn(
        isAllowed
          ? `another program has changed the nftables table ${TABLE_FAMILY} ${TABLE_NAME}: it is put back`
          : `another program keeps changing the nftables table ${TABLE_FAMILY} ${TABLE_NAME}: it is put back only now and then`,
      );
    }
    return isAllowed;
  }

  #rulesetChanges(marks: Marks | undefined): MarkChange[] {
    const listing = this.#listing;
    if (!marks) return listing === undefined ? [] : [{ op: "remove" }];
    const text = rulesetText(marks, this.#options.mask);
    // Names that an administrator has given to numbers (rt_marks of iproute2) make a listing look like another one.
    const isLoaded = this.#loaded?.text === text && this.#loaded.listing === listing;
    if (listing !== undefined && (isLoaded || saysTheSame(listing, text))) return [];
    return [{ op: "load", text, listing }];
  }

  #filterChanges(marks: Marks | undefined, links: ReadonlyMap<number, Link>): MarkChange[] {
    const text = readSmallFile(this.#options.notes), noted = parseNotes(text ?? "");
    const uplinks = (marks?.uplinks ?? []).filter(({ families }) => families.includes(4));
    const wanted = new Set(uplinks.map(({ ifindex }) => ifindex));
    const all = readReversePath("all") ?? 0;
    const found = [...wanted.union(new Set(noted.map(({ ifindex }) => ifindex)))]
      .flatMap((ifindex): ReversePath[] => {
        const name = links.get(ifindex)?.name, own = name === undefined ? undefined : readReversePath(name);
        return own === undefined ? [] : [{ ifindex, name: name!, own, all }];
      });
    const { before, settings, after } = loosen(found, { wanted, notes: noted });
    const filters = settings.map((setting): MarkChange => ({ op: "filter", setting }));
    if (!marks) return text === undefined ? [] : [...filters, { op: "forget" }];
    const [old, first, last] = [text, notesText(before), notesText(after)];
    return [
      ...(old === first ? [] : [{ op: "note", notes: before } as const]),
      ...filters,
      ...(first === last ? [] : [{ op: "note", notes: after } as const]),
    ];
  }

  /** Makes the changes as far as it can, and gives those that it made. Throws NetlinkError for lack of privilege. */
  apply(changes: readonly MarkChange[], now: number): MarkChange[] {
    const done: MarkChange[] = [];
    let trouble: string | undefined;
    try {
      for (const change of changes) {
        this.#make(change);
        done.push(change);
      }
    } catch (error) {
      if (!(error instanceof NetlinkError) || error.code === ERRNO.EPERM) throw error;
      trouble = `${error.message}${LACKING.has(error.code) ? LACK : ""}`;
      if (trouble !== this.#trouble) this.#log.error(trouble);
      this.#retry.schedule(now, { isNew: trouble !== this.#trouble });
    }
    if (changes.length > 0) this.#trouble = trouble;
    return done;
  }

  #make(change: MarkChange): void {
    switch (change.op) {
      case "note":
        return writeSmallFile(this.#options.notes, notesText(change.notes));
      case "forget":
        return removeSmallFile(this.#options.notes);
      case "filter":
        return writeReversePath(change.setting.name, change.setting.value);
      case "load":
        this.#netfilter.load(change.text);
        return this.#believe(change.text);
      case "remove":
        this.#netfilter.remove();
        return this.#readBack();
    }
  }

  /**
   * Reads what was loaded. Where that is not there, or says something else, somebody was faster; but what says so again means
   * the same in other words.
   */
  #believe(text: string): void {
    this.#readBack();
    const listing = this.#listing, before = this.#loaded;
    const isThere = listing !== undefined &&
      (saysTheSame(listing, text) || (before?.text === text && before.listing === listing));
    this.#isUndone = !isThere;
    this.#loaded = { text, listing };
  }

  /** What was heard until now is in what is read next. */
  #readBack(): void {
    this.#netfilter.heard();
    this.#isStale = true;
    this.#take(this.#netfilter.list());
    this.#isStale = false;
  }

  /** Whether something that is to be is not, because the kernel refused it. */
  get isRefused(): boolean {
    return this.#trouble !== undefined;
  }

  /** Whether a repair waits because another program undoes it again and again. */
  get isHolding(): boolean {
    return this.#isUndone;
  }

  /** In how many milliseconds there is something to do though nothing is heard; undefined where there is not. */
  dueIn(now: number): number | undefined {
    if (this.#isUndone) return this.#pace.endsIn(now);
    return this.#trouble === undefined ? undefined : this.#retry.dueIn(now);
  }

  [Symbol.dispose](): void {
    this.#netfilter[Symbol.dispose]();
  }
}

/** What the kernel says where it does not have what a ruleset needs. */
const LACKING: ReadonlySet<number> = new Set([ERRNO.ENOENT, ERRNO.EOPNOTSUPP]);
const LACK = " (the kernel may lack nf_tables or nf_conntrack)";
