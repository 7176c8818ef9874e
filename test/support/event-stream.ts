import { request, type ClientRequest, type IncomingMessage } from 'node:http';

/** One event of a stream, as a browser's EventSource would give it. */
export interface ReceivedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** Reads a stream of server-sent events until it is ended by either side. */
export class EventStream {
  readonly events: ReceivedEvent[] = [];
  comments = 0;
  /** Of the last block that had one, events or not. */
  lastEventId = '';
  retry: string | undefined;
  hasEnded = false;
  /** Why it ended other than by its last chunk. */
  failure: Error | undefined;
  private rest = '';

  private constructor(
    private readonly sent: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      this.read(text);
    });
    response.on('end', () => {
      this.hasEnded = true;
    });
    response.on('error', (error) => {
      this.failure = error;
      this.hasEnded = true;
    });
  }

  /** Opens the stream; rejects when it is not answered with 200. */
  static open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { headers, agent: false });
      sent.on('error', reject);
      sent.on('response', (response) => {
        if (response.statusCode === 200) resolve(new EventStream(sent, response));
        else reject(new Error(`${url}: HTTP ${response.statusCode}`));
      });
      sent.end();
    });
  }

  /** Whether it stands behind a whole event, with nothing of another one. */
  get isWhole(): boolean {
    return this.rest === '';
  }

  get status(): number | undefined {
    return this.response.statusCode;
  }

  /** Cuts the connection, as a network does. */
  cut(): void {
    this.sent.destroy();
  }

  private read(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) this.readBlock(block);
  }

  private readBlock(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) {
        this.comments += 1;
        continue;
      }
      const colon = line.indexOf(': ');
      fields.set(line.slice(0, colon), line.slice(colon + 2));
    }
    this.lastEventId = fields.get('id') ?? this.lastEventId;
    this.retry = fields.get('retry') ?? this.retry;
    const data = fields.get('data');
    if (data === undefined) return;
    this.events.push({ id: this.lastEventId, event: fields.get('event') ?? 'message', data: JSON.parse(data) });
  }
}
