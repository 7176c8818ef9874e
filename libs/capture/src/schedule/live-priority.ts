import { Injectable } from '@nestjs/common';

/** Lets work that can wait stand aside while live capture is at work. */
@Injectable()
export class LivePriority {
  private running = 0;
  private waiting: (() => void)[] = [];

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
      if (this.running === 0) for (const resume of this.waiting.splice(0)) resume();
    }
  }

  /** Resolves when no live work runs, at once if none does, or when the signal ends the wait. */
  async whenIdle(signal: AbortSignal): Promise<void> {
    while (this.running > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        // The signal lives as long as the process: a listener left behind by each wait would pile up on it.
        const resume = (): void => {
          signal.removeEventListener('abort', resume);
          resolve();
        };
        this.waiting.push(resume);
        signal.addEventListener('abort', resume);
      });
    }
  }
}
