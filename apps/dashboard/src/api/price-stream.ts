import { KeyNeededError, type Client } from './client';
import { ServerEventParser, type ServerEvent } from './server-events';

/** Shortest and longest pause before the stream is opened again. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Prices of a longer absence are not worth the way: the newest are read anew, and the stream begins now. */
const LONGEST_RESUME_MS = 60_000;

export interface StreamHandlers {
  readonly onEvents: (events: readonly ServerEvent[]) => void;
  readonly onState: (state: 'live' | 'waiting') => void;
  readonly onKeyNeeded: (error: KeyNeededError) => void;
  /** The stream goes on, but not from where it ended: what lies between is to be read elsewhere. */
  readonly onResumed: () => void;
}

/**
 * The one stream of this tab: closed while the tab is hidden, for a browser allows few connections to a host, and opened
 * again behind the last event, also after an error status, with which a browser's EventSource gives up.
 */
export class PriceStream {
  private controller: AbortController | undefined;
  private timer: number | undefined;
  private pause = FIRST_PAUSE_MS;
  private lastEventId = '';
  private lastReadAt = 0;

  constructor(
    private readonly client: Client,
    private readonly handlers: StreamHandlers,
  ) {}

  start(): void {
    document.addEventListener('visibilitychange', this.follow);
    this.follow();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.follow);
    this.close();
  }

  private readonly follow = (): void => {
    if (document.hidden) this.close();
    else this.open();
  };

  private open(): void {
    if (this.controller) return;
    clearTimeout(this.timer);
    const controller = new AbortController();
    this.controller = controller;
    const ended = (error?: unknown): void => {
      if (controller.signal.aborted) return;
      this.controller = undefined;
      this.handlers.onState('waiting');
      // With another key a stream of its own is opened.
      if (error instanceof KeyNeededError) this.handlers.onKeyNeeded(error);
      else this.openLater();
    };
    this.read(controller.signal).then(() => {
      ended();
    }, ended);
  }

  private close(): void {
    clearTimeout(this.timer);
    this.controller?.abort();
    this.controller = undefined;
  }

  private openLater(): void {
    this.timer = window.setTimeout(() => {
      this.open();
    }, this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
  }

  private async read(signal: AbortSignal): Promise<void> {
    const isTooOld = this.lastEventId !== '' && performance.now() - this.lastReadAt > LONGEST_RESUME_MS;
    if (isTooOld) this.lastEventId = '';
    const response = await this.client.stream('stream/prices', this.lastEventId, signal);
    if (!response.body) return;
    this.handlers.onState('live');
    if (isTooOld) this.handlers.onResumed();
    this.pause = FIRST_PAUSE_MS;
    const parser = new ServerEventParser(this.lastEventId);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const events = parser.push(piece.value);
      this.lastEventId = parser.lastEventId;
      this.lastReadAt = performance.now();
      if (events.some(({ name }) => name === 'gap')) this.handlers.onResumed();
      if (events.length > 0) this.handlers.onEvents(events);
    }
  }
}
