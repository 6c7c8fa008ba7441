/** A change of the service and its files that is made as a whole, or not at all. */

import { EXIT, Failure } from "../status.ts";
import { eachOf, FileChanges, reasonOf } from "./files.ts";
import { Guard } from "./guard.ts";
import type { Place } from "./place.ts";
import { forgetStarts } from "./starts.ts";
import { type Service, service, systemctl, whyNot } from "./systemd.ts";
import { UNIT } from "./text.ts";

/**
 * Makes the change, whose failures begin with `what`. Where a part of it fails, or the program is told to end meanwhile, all
 * is put back; what of that fails too is told after the reason. Gives in words what could not be cleared away. Throws Failure.
 */
export async function asAWhole(
  what: string,
  place: Place,
  make: (change: Change) => Promise<void>,
): Promise<string[]> {
  using guard = new Guard();
  const change = new Change(what, guard, place.isImage ? undefined : await service());
  try {
    await make(change);
  } catch (error) {
    throw await change.undo(error);
  }
  return await change.files.finish();
}

export class Change {
  readonly files = new FileChanges();
  /** The service as it was before; undefined in an image, where none can run. */
  readonly service?: Service;
  readonly #what: string;
  readonly #guard: Guard;
  #isCommitted = false;
  /** Whether the service was started, started again or ended. */
  #isTouched = false;

  constructor(what: string, guard: Guard, service?: Service) {
    this.#what = what;
    this.#guard = guard;
    this.service = service;
  }

  /** Does with the files all that was prepared. */
  async commit(): Promise<void> {
    this.check();
    this.#isCommitted = true;
    await this.files.commit();
  }

  /** Has systemd read units again. */
  async reload(): Promise<void> {
    if (this.service) await this.#systemctl("daemon-reload");
  }

  /** Starts the service, or starts it again where it runs; returns when it is ready, with what was done. */
  async start(): Promise<string> {
    const began = new Date(), isActive = this.service?.isActive;
    this.#isTouched = true;
    try {
      await this.#systemctl(isActive ? "restart" : "start", UNIT);
    } catch {
      this.check();
      const what = `${this.#what}: the service does not get ready`;
      throw new Failure(EXIT.failed, what, await whyNot(began));
    }
    return `${isActive ? "restarted" : "started"} ${UNIT}`;
  }

  /** Ends the service, if it runs. */
  async stop(): Promise<void> {
    if (!this.service?.isActive) return;
    this.#isTouched = true;
    await this.#systemctl("stop", UNIT);
  }

  /** Throws where the program has been told to end. */
  check(): void {
    const interruption = this.#guard.interruption(this.#what);
    if (interruption) throw interruption;
  }

  /** Puts everything back; gives what there is to tell of it. */
  async undo(failure: unknown): Promise<unknown> {
    const interruption = this.#guard.interruption(this.#what), error = interruption ?? failure;
    const isActive = this.service?.isActive && this.#isTouched;
    if (this.#isTouched) await eachOf([() => systemctl(["stop", UNIT])]);
    const failed = await this.files.undo();
    if (this.service && this.#isCommitted) failed.push(...await eachOf([() => systemctl(["daemon-reload"])]));
    if (this.#isTouched) await eachOf([() => systemctl(["reset-failed", UNIT]), forgetStarts]);
    const unstarted = isActive ? await eachOf([() => systemctl(["start", UNIT])]) : [];
    if (unstarted.length > 0) failed.push("the service that ran does not start either");
    if (failed.length === 0 && !this.#isCommitted && !this.#isTouched && !interruption) return error;
    const state = `all is as it was${failed.length > 0 ? `, but ${failed.join("; ")}` : ""}`;
    if (!(error instanceof Failure)) return new Failure(EXIT.failed, this.#what, reasonOf(error), state);
    return new Failure(error.status, error.what, error.why, error.hint ? `${error.hint}; ${state}` : state);
  }

  async #systemctl(...args: string[]): Promise<void> {
    this.check();
    await systemctl(args, this.#guard.signal).finally(() => this.check());
  }
}
