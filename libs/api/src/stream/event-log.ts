import { textUnder, type StreamEvent } from './stream-event';

/** Some of a channel's newest events, as one piece for all readers that want all of it. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly prefix: string;
  readonly hasAddresses: boolean;
  readonly bytes: Buffer;
}

/** The newest events of a channel, numbered from the first that this process saw; the oldest go when there are too many. */
export class EventLog {
  private events: StreamEvent[] = [];
  /** Number behind each event that is here, by its id. */
  private readonly numbers = new Map<string, number>();
  private sizes = 0;
  private firstNumber = 0;
  private piece: Piece | undefined;

  constructor(private readonly maxBytes: number) {}

  /** Number of the oldest event that is still here. */
  get start(): number {
    return this.firstNumber;
  }

  /** Number that the next event gets. */
  get end(): number {
    return this.firstNumber + this.events.length;
  }

  append(events: readonly StreamEvent[]): void {
    for (const event of events) {
      this.events.push(event);
      this.numbers.set(event.id, this.end);
      this.sizes += event.text.length;
    }
    let surplus = 0;
    while (this.sizes > this.maxBytes && surplus < this.events.length) {
      this.sizes -= this.events[surplus]?.text.length ?? 0;
      surplus += 1;
    }
    if (surplus === 0) return;
    for (const { id } of this.events.splice(0, surplus)) this.numbers.delete(id);
    this.firstNumber += surplus;
  }

  at(number: number): StreamEvent | undefined {
    return this.events[number - this.firstNumber];
  }

  /** Number of the event behind the one with this id; undefined where that is no longer here, or never was. */
  behind(id: string): number | undefined {
    return this.numbers.get(id);
  }

  /** The bytes of all events from one number up to another one, their addresses below `prefix`. */
  bytes(from: number, to: number, prefix: string): Buffer {
    const { piece } = this;
    if (piece?.from === from && piece.to === to && (piece.prefix === prefix || !piece.hasAddresses)) return piece.bytes;
    const events = this.events.slice(from - this.firstNumber, to - this.firstNumber);
    const hasAddresses = events.some(({ addressAt }) => addressAt !== undefined);
    const bytes = Buffer.from(events.map((event) => textUnder(event, prefix)).join(''));
    this.piece = { from, to, prefix, hasAddresses, bytes };
    return bytes;
  }

  clear(): void {
    this.firstNumber = this.end;
    this.events = [];
    this.numbers.clear();
    this.sizes = 0;
    this.piece = undefined;
  }
}
