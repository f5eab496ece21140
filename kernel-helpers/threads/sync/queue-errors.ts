/** No item came in time, or none is there now. */
export class QueueEmpty extends Error {
  override name = "QueueEmpty";
}

/** No place became free in time, or none is free now. */
export class QueueFull extends Error {
  override name = "QueueFull";
}

/** The queue was closed. What was in it can still be taken, unless it was closed with `immediate`. */
export class QueueShutDown extends Error {
  override name = "QueueShutDown";
}

export const empty = (when: string) => new QueueEmpty(`The queue is empty ${when}.`);

export const full = (maxsize: number, when: string) =>
  new QueueFull(`The queue is full (maxsize ${maxsize}) ${when}.`);

export const shutDown = () => new QueueShutDown("The queue is closed: nothing more goes in or comes out.");

export const wouldBlock = (call: string) =>
  new Error(
    `syncQ.${call} would block the thread that made the queue, and with it the event loop. ` +
      `Await asyncQ.${call} here; syncQ is for worker threads.`,
  );
