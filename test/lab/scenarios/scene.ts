import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, WebSocketRoute } from "playwright-core";
import { launchBrowser } from "../../browser";
import { freePort, startJupyterServer } from "../jupyter-server";
import { LabPage } from "../lab-page";
import { makePlayground, type Playground } from "../playground";
import { startServer } from "../server-process";

/** A server that can be started again at the same port. */
interface Started {
  /** The address of a document, with the token. */
  addressOf(document: string): string;
  close(): Promise<void>;
}

type Start = (play: Playground, port: number) => Promise<Started>;

export async function startOurs(play: Playground, port: number): Promise<Started> {
  const server = startServer(play, "--no-browser", "--no-trash", "--port", String(port));
  const { searchParams } = new URL(await server.address());
  return {
    addressOf: (document) =>
      `http://127.0.0.1:${port}/lab/tree/${document}?token=${searchParams.get("token")}`,
    async close() {
      server.child.kill("SIGTERM");
      await server.ended;
    },
  };
}

export async function startOfficial({ root }: Playground, port: number): Promise<Started> {
  const server = await startJupyterServer(root, port, "jupyter-lab");
  return { ...server, addressOf: (document) => `${server.base}/lab/tree/${document}?token=test` };
}

const onePixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Pauses after the third line until the file `go` is there: a line that is under way when a connection ends is anybody's. */
const tenLines = `const { existsSync } = require("node:fs");
for (let i = 0; i < 10; i++) {
  console.log("line" + i);
  while (i === 2 && !existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 20));
}
require("node:fs").writeFileSync("ended", "");`;

/** With the language that the kernel says: a notebook without it changes as soon as its kernel is there. */
const { metadata } = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "..", "fixtures", "chart.ipynb"), "utf8"),
);

const notebookOf = (...cells: object[]) =>
  JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata,
    cells: cells.map((cell, index) => ({ ...cell, id: `cell-${index}`, metadata: {} })),
  });

const markdown = (source: string) => ({ cell_type: "markdown", source });
const code = (source: string) => ({ cell_type: "code", source, execution_count: null, outputs: [] });

const documents = {
  "work.ipynb": notebookOf(code(tenLines)),
  "linked.ipynb": notebookOf(
    markdown("[To the other](folder/other.ipynb#Below)"),
    markdown("A needle, and a second needle."),
  ),
  "folder/other.ipynb": notebookOf(markdown("# The other"), markdown("## Below")),
  "folder/deep/file.txt": "kept",
  "a.txt": "a",
  "b.txt": "b",
  "page.md": "# Page",
  "data.json": "{}",
  "table.csv": "a,b\n1,2\n",
  "table.tsv": "a\tb\n1\t2\n",
  "code.ts": "export {};",
  "drawing.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  "picture.png": Buffer.from(onePixel, "base64"),
  "broken.ipynb": "{",
  "binary.dat": Buffer.from([0xff, 0xfe, 0x00, 0xff]),
};

/** One server, one folder and one page with `work.ipynb`, which all scenarios share. */
export class Scene {
  readonly #play = makePlayground();
  readonly #routes = new Set<WebSocketRoute>();
  #isBlocked = false;
  #port = 0;
  #server: Started | undefined;
  #browser: Browser | undefined;
  #lab: LabPage | undefined;

  constructor(readonly start: Start) {}

  get lab(): LabPage {
    return this.#lab!;
  }

  on(...names: string[]): string {
    return path.join(this.#play.root, ...names);
  }

  read(name: string): string {
    return readFileSync(this.on(name), "utf8");
  }

  addressOf(document: string): string {
    return this.#server!.addressOf(document);
  }

  async open(): Promise<void> {
    mkdirSync(this.on("folder", "deep"), { recursive: true });
    for (const [file, content] of Object.entries(documents)) writeFileSync(this.on(file), content);
    this.#play.put("stranger.ipynb");
    this.#port = await freePort();
    this.#server = await this.start(this.#play, this.#port);
    this.#browser = await launchBrowser();
    this.#lab = await this.newPage({ width: 1280, height: 900 });
    await this.#lab.page.routeWebSocket(/channels/, (socket) => {
      if (this.#isBlocked) return void socket.close({ code: 3001 });
      socket.connectToServer();
      this.#routes.add(socket);
    });
    await this.#lab.page.goto(this.addressOf("work.ipynb"));
    await this.#lab.untilIdle();
  }

  /** Another page, which knows nothing of the first. */
  async newPage(viewport: { width: number; height: number }): Promise<LabPage> {
    const page = await this.#browser!.newPage({ viewport });
    page.setDefaultTimeout(30_000);
    return new LabPage(page);
  }

  async restart(): Promise<void> {
    await this.#server?.close();
    this.#server = await this.start(this.#play, this.#port);
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    await this.#server?.close();
    this.#play.remove();
  }

  /** Breaks the page's connections to kernels, and lets it make no new ones until `reconnect`. */
  async disconnect(): Promise<void> {
    this.#isBlocked = true;
    for (const socket of this.#routes) await socket.close({ code: 3001 });
  }

  reconnect(): void {
    this.#isBlocked = false;
  }

  /** How many pages the server believes to be connected to the kernel. */
  async connections(): Promise<number> {
    const { origin, searchParams } = new URL(this.addressOf(""));
    const headers = { Authorization: `token ${searchParams.get("token")}` };
    const [kernel] = (await (await fetch(`${origin}/api/kernels`, { headers })).json()) as [
      { connections: number },
    ];
    return kernel.connections;
  }
}
