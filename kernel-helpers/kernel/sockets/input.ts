/** Questions of cells to the reader: `input_request` to the front end that runs the cell. */

import type { Channels, Incoming } from "./channels";
import type { Message } from "./wire";

interface Question {
  request: Incoming;
  prompt: string;
  password: boolean;
  answer(value: string): void;
}

/** One question at a time: a front end shows one box. */
export class Input {
  readonly #waiting: Question[] = [];

  constructor(private readonly channels: Channels) {}

  ask(question: Question) {
    this.#waiting.push(question);
    if (this.#waiting.length === 1) this.#send(question);
  }

  #send({ request: { header, identities }, prompt, password }: Question) {
    const content = { prompt, password };
    this.channels.stdin.push({ identities, msg_type: "input_request", parent: header, content });
  }

  /** An `input_reply`; one that nobody waits for any more is dropped. */
  heard({ header, content }: Message) {
    if (header.msg_type !== "input_reply") return;
    const question = this.#waiting.shift();
    question?.answer(typeof content.value === "string" ? content.value : "");
    if (this.#waiting[0]) this.#send(this.#waiting[0]);
  }

  /** The cell is answered: what it has asked is void. */
  cancel(request: Incoming) {
    const kept = this.#waiting.filter((question) => question.request !== request);
    this.#waiting.splice(0, this.#waiting.length, ...kept);
  }
}
