import type { MessagePort } from "node:worker_threads";
import type { Answer, Bell, Deliveries, RequestSlot } from "./queue-channel";
import type { Item } from "./queue-endpoint";

/** Who waits at a queue, as its owner knows them. */

/** Somebody who waits: with an item for a place, for an item, or for the last item to be marked done. */
export interface Waiter {
  value?: unknown;
  /** Gives what was waited for; false when the waiter has withdrawn meanwhile. */
  grant(value?: unknown): boolean;
  /** The queue is shut down. */
  refuse(): void;
  client?: Client;
  id?: number;
}

/** Another thread, at the other end of its channel. */
export interface Client {
  port: MessagePort;
  bell: Bell;
  slot: RequestSlot;
  deliveries: Deliveries<Item>;
}

/** One who waits in another thread; `takes` an item, or only wants to know. */
export function remoteWaiter(
  client: Client,
  request: { id: number; blocks: boolean; value?: unknown },
  takes = false,
): Waiter {
  const { id, blocks, value } = request;
  const decide = () => !blocks || client.slot.decide(id);
  const grant = (granted: unknown) => {
    if (!decide()) return false;
    client.deliveries.add(takes ? { value: granted } : undefined);
    reply(client, request, { id, ok: true, value: granted });
    return true;
  };
  const refuse = () => {
    if (decide()) reply(client, request, { id, ok: false, why: "shutDown" });
  };
  return { value, grant, refuse, client, id };
}

export function reply({ port, bell }: Client, { blocks }: { blocks: boolean }, answer: Answer): void {
  port.postMessage(answer);
  if (blocks) bell.ring();
}
