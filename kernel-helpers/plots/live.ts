import { randomUUID } from "node:crypto";
import { Chart } from "./chart";
import { notebook } from "./show";

export interface LiveOptions {
  /** The least time between two updates, in ms, at least 50. @default 250 */
  every?: number;
}

/**
 * Shows a chart that follows the work: `draw` makes it anew every so often, in one display that is updated
 * in place and keeps the last state. While it lives, it is sent without the SVG, which only a reader of the
 * stored notebook needs and which takes the loop some 20 ms to draw.
 *
 * An error of `draw` ends the updates and is thrown by `stop()`.
 *
 * @throws RangeError if `every` is below 50 ms.
 */
export function liveChart(draw: () => Chart, options: LiveOptions = {}): LiveChart {
  return new LiveChart(draw, options);
}

/** A chart that is updated until `stop()`. Made by `liveChart`. */
export class LiveChart {
  readonly #draw: () => Chart;
  readonly #send = notebook();
  readonly #displayId = randomUUID();
  readonly #timer: NodeJS.Timeout;
  #failure: { error: unknown } | undefined;
  #sent = false;
  #stopped = false;

  constructor(draw: () => Chart, { every = 250 }: LiveOptions) {
    if (!(every >= 50)) throw new RangeError(`\`every\` must be at least 50 ms, got ${String(every)}.`);
    this.#draw = draw;
    this.#timer = setInterval(() => this.#update(), every).unref();
    this.#update();
  }

  /** Draws the last state, with its picture, and ends the updates; called again, does nothing. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    if (this.#failure) throw this.#failure.error;
    const chart = this.#draw();
    if (this.#send) this.#publish(chart.toMimeBundle());
    else process.stdout.write(`${chart}\n`);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #update(): void {
    if (!this.#send) return;
    try {
      const { spec, description } = this.#draw();
      this.#publish({ "application/vnd.vegalite.v5+json": spec, "text/plain": description });
    } catch (error) {
      this.#failure = { error };
      clearInterval(this.#timer);
    }
  }

  #publish(data: { [mediaType: string]: unknown }): void {
    this.#send?.({ data, displayId: this.#displayId, update: this.#sent });
    this.#sent = true;
  }
}
