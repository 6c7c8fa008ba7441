// Does to a daemon's port what only who may change routes is to be able to do: asks for a reload, and is marked like it.

import { markedPorts, Port } from "../../ffi/port.ts";

const [daemon] = markedPorts(), port = Port.open();
const attempts: Record<string, () => void> = {
  tell: () => port.tell(daemon.number, JSON.stringify(["--exclude", "*"])),
  mark: () => port.mark(),
};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    attempt();
    console.log(`${name}: done`);
  } catch (error) {
    console.log(`${name}: ${(error as Error).message}`);
  }
}
