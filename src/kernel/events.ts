/** From notifications to what they make dirty. */

import { type GoneAddress, goneAddress, lostLink } from "../../ffi/link.ts";
import { FLAG, MESSAGE, type Message, messages } from "../../ffi/message.ts";
import type { RouteCodec, RouteFields } from "../../ffi/route.ts";
import type { Socket } from "../../ffi/socket.ts";

/** Whose request led to a notification. */
export type Author = "us" | "another" | "kernel";

/** Is told of each notification. */
export interface EventHandler {
  /** Whether routes of that table matter. */
  wants(table: number): boolean;
  route(
    route: RouteFields,
    event: { op: "new" | "delete"; replace: boolean; append: boolean; by: Author },
  ): void;
  rule(): void;
  /** `lost`: an interface that is down or gone. */
  link(lost: number | undefined): void;
  /** `gone`: one that has left its interface. */
  address(gone: GoneAddress | undefined): void;
  forwarding(): void;
  /** A next hop object has gone, or leads elsewhere than the routes that are known say. */
  nexthopChanged(): void;
}

interface Ear {
  readonly handler: EventHandler;
  readonly codec: RouteCodec;
  readonly ownPort: number;
  readonly isKept: (route: RouteFields) => boolean;
}

export function drainEvents(socket: Socket, ear: Ear): void {
  for (let datagram = socket.receive(); datagram; datagram = socket.receive()) {
    for (const message of messages(datagram)) dispatch(message, ear);
  }
}

function dispatch(message: Message, ear: Ear): void {
  const { handler } = ear;
  switch (message.type) {
    case MESSAGE.newRoute:
    case MESSAGE.delRoute:
      return dispatchRoute(message, ear);
    case MESSAGE.newRule:
    case MESSAGE.delRule:
      return handler.rule();
    case MESSAGE.newLink:
    case MESSAGE.delLink:
      return handler.link(lostLink(message));
    case MESSAGE.newAddress:
    case MESSAGE.delAddress:
      return handler.address(goneAddress(message));
    case MESSAGE.newNetconf:
    case MESSAGE.delNetconf:
      return handler.forwarding();
    case MESSAGE.newNexthop:
      if (ear.codec.objects.hear(message)) handler.nexthopChanged();
      return;
    case MESSAGE.delNexthop:
      ear.codec.objects.hear(message);
      return handler.nexthopChanged();
  }
}

function dispatchRoute(message: Message, { handler, codec, ownPort, isKept }: Ear): void {
  const route = codec.decode(message, (table) => handler.wants(table));
  if (!route || !isKept(route)) return;
  handler.route(route, {
    op: message.type === MESSAGE.newRoute ? "new" : "delete",
    replace: (message.flags & FLAG.replace) !== 0,
    append: (message.flags & FLAG.append) !== 0,
    by: message.port === ownPort ? "us" : message.port === 0 ? "kernel" : "another",
  });
}
