import { performance } from "node:perf_hooks";

/** What an executor has done so far; times in ms. */
export interface ExecutorStats {
  maxWorkers: number;
  /** Threads alive. */
  threads: number;
  queued: number;
  running: number;
  /** Tasks that gave a result, an error, or were cancelled. */
  completed: number;
  /** From submission to start. */
  waitTime: { mean: number; max: number };
  /** From start to settling. */
  runTime: { mean: number; max: number };
  /** The part of all threads' lifetime in which they ran a task, from 0 to 1. */
  utilization: number;
}

class Tally {
  count = 0;
  sum = 0;
  max = 0;

  add(value: number): void {
    this.count++;
    this.sum += value;
    if (value > this.max) this.max = value;
  }

  summary(): { mean: number; max: number } {
    return { mean: this.count > 0 ? this.sum / this.count : 0, max: this.max };
  }
}

/** Adds up what `ExecutorStats` shows. */
export class Meter {
  readonly wait = new Tally();
  readonly run = new Tally();
  completed = 0;
  /** Lifetime of threads that are gone. */
  private goneLifetime = 0;

  threadGone(startedAt: number, now: number): void {
    this.goneLifetime += now - startedAt;
  }

  /** Of a pool with these tasks queued and running, and these threads alive. */
  stats(maxWorkers: number, queued: number, running: Started[], alive: Started[]): ExecutorStats {
    const now = performance.now();
    // A task that is about to start has no time yet.
    const sum = (all: Started[]) => all.reduce((total, { startedAt }) => total + now - (startedAt || now), 0);
    const lifetime = this.goneLifetime + sum(alive);
    return {
      maxWorkers,
      threads: alive.length,
      queued,
      running: running.length,
      completed: this.completed,
      waitTime: this.wait.summary(),
      runTime: this.run.summary(),
      utilization: lifetime > 0 ? Math.min(1, (this.run.sum + sum(running)) / lifetime) : 0,
    };
  }
}

interface Started {
  startedAt: number;
}
