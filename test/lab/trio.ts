// Three hosts to which the same happens. On the first the program is killed again and again, on the second it always gets
// to its end, and on the third it never runs: so the third one knows what main says, and what is to be left after a flush.

import { addForeign, beginning } from "./mixed_host.ts";
import { type Happening, Machine } from "./machine.ts";
import { assertSame } from "./observe.ts";
import { flush, onceAsFar } from "./symrouted.ts";
import { type View, view } from "./view.ts";

export class Trio implements AsyncDisposable {
  #final?: Promise<View>;
  #plain?: Promise<View>;

  private constructor(readonly killed: Machine, readonly twin: Machine, readonly plain: Machine) {}

  static async build(): Promise<Trio> {
    const machines = await Promise.all([Machine.build(), Machine.build(), Machine.build()]);
    const [killed, twin, plain] = machines;
    const trio = new Trio(killed, twin, plain);
    await Promise.all(machines.map((machine) => machine.undergo([beginning])));
    await Promise.all(machines.map(({ host }) => addForeign(host)));
    await trio.#finish();
    return trio;
  }

  /** What the killed host is to have in the end. */
  get final(): Promise<View> {
    return this.#final ??= view(this.twin);
  }

  /** What it is to have after a flush. */
  get nothing(): Promise<View> {
    return this.#plain ??= view(this.plain);
  }

  /** Has them happen everywhere, one after the other. */
  async undergo(happenings: readonly Happening[]): Promise<void> {
    const machines = [this.killed, this.twin, this.plain];
    await Promise.all(machines.map((machine) => machine.undergo(happenings)));
    this.#plain = undefined;
    // The twin begins anew: what it has then is what a host should have on which nothing ever ran before.
    await flush(this.twin.host);
    assertSame(await this.twin.state(), (await this.nothing).state);
    await this.#finish();
  }

  /** Has them happen to all but the killed host. */
  async undergoBeside(happenings: readonly Happening[]): Promise<void> {
    await Promise.all([this.twin, this.plain].map((machine) => machine.undergo(happenings)));
    this.#plain = undefined;
    await this.#finish();
  }

  async #finish(): Promise<void> {
    await onceAsFar(this.twin.host);
    this.#final = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.killed, this.twin, this.plain].map((machine) => machine[Symbol.asyncDispose]()));
  }
}
