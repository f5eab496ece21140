/** The part of `ws` that this package uses; `@types/ws` at the root would be loaded by every kernel start. */
declare module "ws" {
  import type { EventEmitter } from "node:events";
  import type { IncomingMessage } from "node:http";
  import type { Duplex } from "node:stream";

  export class WebSocket extends EventEmitter {
    constructor(
      address: string,
      protocols?: string | string[],
      options?: { headers?: Record<string, string> },
    );
    readonly OPEN: number;
    readonly protocol: string;
    readonly readyState: number;
    /** What has been sent and has not left yet, in bytes. */
    readonly bufferedAmount: number;
    send(data: string | Uint8Array, sent?: (error?: Error) => void): void;
    ping(data?: string): void;
    close(code?: number, reason?: string): void;
    terminate(): void;
  }

  export class WebSocketServer {
    constructor(options: {
      noServer: true;
      maxPayload?: number;
      handleProtocols?: (offered: Set<string>) => string | false;
    });
    readonly clients: Set<WebSocket>;
    handleUpgrade(
      request: IncomingMessage,
      stream: Duplex,
      head: Buffer,
      opened: (socket: WebSocket) => void,
    ): void;
    close(): void;
  }
}
