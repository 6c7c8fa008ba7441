/**
 * The one door to the kernel: all that is read from it, heard from it and written to it goes through here.
 *
 * Three sockets, because their uses exclude each other on one: notifications arrive at any time, requests for dumps are
 * to be checked strictly, and answers to writes must not stand behind a dump.
 */

import { AddressCache } from "../../ffi/address.ts";
import { LinkCache } from "../../ffi/link.ts";
import { FLAG, MESSAGE } from "../../ffi/message.ts";
import { readForwarding } from "../../ffi/netconf.ts";
import { dump, InterruptedDump, Writer } from "../../ffi/request.ts";
import { RouteCodec, type RouteFields, writeRouteDump } from "../../ffi/route.ts";
import { readRules } from "../../ffi/rule.ts";
import { GROUP, Socket } from "../../ffi/socket.ts";
import { readArp } from "../../ffi/sysctl.ts";
import { readTcpConnections } from "../../ffi/tcp.ts";
import { Waiter } from "../../ffi/waiter.ts";
import type { Family } from "../model/address.ts";
import type { Paths } from "../model/paths.ts";
import {
  type Address,
  type Arp,
  isAnyIp,
  type Link,
  type Rule,
  TABLE,
  type TcpConnection,
} from "../model/records.ts";
import type { Stores } from "../model/store.ts";
import type { Change } from "../model/change.ts";
import { drainEvents, type EventHandler } from "./events.ts";
import { writeChanges, type Written } from "./write.ts";

/** So much may happen between two looks at the socket: 60,000 routes. */
const EVENT_BUFFER = 64 * 1024 * 1024;
/** A refusal of every request of a batch fits. */
const ANSWER_BUFFER = 4 * 1024 * 1024;
const DUMP_ATTEMPTS = 5;

export type { RouteFields };

interface RouteReading {
  readonly filter: { readonly family: Family; readonly table: number; readonly ifindex?: number };
  /** Is told of every route: one object for all of them. */
  readonly visit: (route: RouteFields) => void;
}

export class Kernel implements Disposable {
  readonly #stack = new DisposableStack();
  readonly #events: Socket;
  readonly #waiter: Waiter;
  #dumps: Socket;
  readonly #writes: Socket;
  readonly #links: LinkCache;
  readonly #addresses: AddressCache;
  readonly #codec: RouteCodec;
  readonly #stores: Stores;
  readonly #writer = new Writer();
  #listening = true;

  /** Opens all sockets; notifications are heard from now on. Throws MissingLibrary, NetlinkError. */
  constructor(paths: Paths, stores: Stores) {
    this.#stores = stores;
    this.#codec = new RouteCodec(paths);
    try {
      this.#events = this.#stack.use(
        Socket.open({ groups: Object.values(GROUP), receiveBuffer: EVENT_BUFFER }),
      );
      this.#waiter = this.#stack.use(new Waiter(this.#events.fd));
      this.#dumps = Socket.open({ strict: true });
      this.#stack.defer(() => this.#dumps[Symbol.dispose]());
      this.#writes = this.#stack.use(Socket.open({ receiveBuffer: ANSWER_BUFFER }));
      this.#links = this.#stack.use(new LinkCache());
      this.#addresses = this.#stack.use(new AddressCache());
    } catch (error) {
      this.#stack.dispose();
      throw error;
    }
  }

  /** Reads from the socket for dumps. After a failure the rest of an answer may still come: another socket hears none of it. */
  #read<T>(read: (socket: Socket) => T): T {
    try {
      return read(this.#dumps);
    } catch (error) {
      // This one has been read to its end.
      if (error instanceof InterruptedDump) throw error;
      const fresh = Socket.open({ strict: true });
      this.#dumps[Symbol.dispose]();
      this.#dumps = fresh;
      throw error;
    }
  }

  readLinks(): Link[] {
    return this.#read((socket) => this.#links.read(socket));
  }

  readAddresses(): Address[] {
    return this.#read((socket) => this.#addresses.read(socket));
  }

  readRules(): Rule[] {
    return this.#read((socket) => readRules(socket));
  }

  /** Whether the host forwards; undefined where the kernel does not have the family. */
  readForwarding(family: Family): boolean | undefined {
    return this.#read((socket) => readForwarding(socket, family));
  }

  readTcpConnections(): TcpConnection[] {
    return readTcpConnections();
  }

  /** How an interface deals with ARP; undefined where that is not to be seen. */
  readArp({ name }: Link): Arp | undefined {
    return readArp(name);
  }

  /** Tells `visit` of every route of a table (that leaves by `ifindex`): one object for all of them. */
  readRoutes(filter: RouteReading["filter"], visit: RouteReading["visit"]): void {
    this.#readWhole((socket) => this.#readRoutes(socket, { filter, visit }));
  }

  /** Reads again where the kernel says that what it tells of has changed meanwhile. */
  #readWhole(read: (socket: Socket) => void): void {
    for (let attempt = 1;; attempt++) {
      try {
        return this.#read(read);
      } catch (error) {
        if (!(error instanceof InterruptedDump) || attempt >= DUMP_ATTEMPTS) throw error;
      }
    }
  }

  #readRoutes(socket: Socket, { filter, visit }: RouteReading): void {
    const request = { type: MESSAGE.getRoute, flags: FLAG.dump, sequence: socket.nextSequence() };
    writeRouteDump(this.#writer, filter, request);
    const op = `read the IPv${filter.family} routes of table ${filter.table}`;
    for (const message of dump(socket, this.#writer, op)) {
      if (message.type !== MESSAGE.newRoute) continue;
      const route = this.#codec.decode(message, (table) => table === filter.table);
      if (route?.family === filter.family && this.#isKept(route)) visit(route);
    }
  }

  /** Whether next hop objects are to be read: a route names one, and nothing else that says where it leads. */
  get lacksNexthops(): boolean {
    return this.#codec.objects.isLacking;
  }

  /** Whether there are routes that tell of their next hop objects no more than the numbers. */
  get usesNexthops(): boolean {
    return this.#codec.objects.isUsed;
  }

  /** Reads the next hop objects: routes that are read from now on lead where these say. */
  readNexthops(): void {
    this.#readWhole((socket) => this.#codec.objects.read(socket, this.#writer));
  }

  /** Of the local table, only what no address stands for. */
  #isKept({ table, family, path }: RouteFields): boolean {
    return table !== TABLE.local || isAnyIp(this.#stores[family].paths.get(path));
  }

  /** To be called when `Paths` has forgotten some of its paths. */
  forgetPaths(): void {
    this.#codec.forgetPaths();
  }

  /** Whether notifications are heard. */
  get listening(): boolean {
    return this.#listening;
  }

  /** Hears no more: for one who is about to write much and to end. */
  stopListening(): void {
    this.#listening = false;
    this.#events[Symbol.dispose]();
  }

  /** Hands over every notification that has arrived. Throws LostEvents where some were dropped. */
  drain(handler: EventHandler): void {
    if (!this.#listening) return;
    drainEvents(this.#events, {
      handler,
      codec: this.#codec,
      ownPort: this.#writes.port,
      isKept: (route) => this.#isKept(route),
    });
  }

  /** Whether a notification arrives within `milliseconds`; nothing else runs meanwhile. */
  hears(milliseconds: number): boolean {
    return this.#waiter.ready(milliseconds);
  }

  /** Waits for a notification for at most `milliseconds` (-1: as long as it takes), for `wake`, or for other descriptors. */
  wait(milliseconds: number, others?: readonly number[]): Promise<void> {
    return this.#waiter.wait(milliseconds, others);
  }

  /** Ends a `wait`. */
  wake(): void {
    this.#waiter.wake();
  }

  /** How many notifications the kernel has dropped. */
  drops(): number {
    return this.#listening ? this.#events.drops() : 0;
  }

  /** Writes changes in their order, a batch at each step, and yields what became of it. */
  write(changes: readonly Change[]): Generator<Written> {
    return writeChanges(changes, {
      socket: this.#writes,
      writer: this.#writer,
      codec: this.#codec,
      stores: this.#stores,
    });
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}
