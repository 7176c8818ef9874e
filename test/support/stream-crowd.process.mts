import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { CrowdOrder, CrowdReader, ReaderReport } from './stream-crowd.js';

/** Longest time until a reader that was cut, or found nobody, connects again. */
const RETURN_WITHIN_MS = 500;
/** A reader to whom nothing is said for so long, while a comment comes every 15 s, has lost its stream. */
const SILENCE_MS = 60_000;

/** Random numbers that follow from a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Reads one stream on and on, over as many connections as it takes. Bytes are kept as Latin-1, whatever is cut where. */
class Reader {
  private readonly hash = createHash('sha256');
  private readonly file: number | undefined;
  private toKeep = '';
  private count = 0;
  private gaps = 0;
  private cuts = 0;
  private breaks = 0;
  private torn = 0;
  private lastId = '';
  private rest = '';
  private isGreeted = false;
  private sent: ClientRequest | undefined;
  private cutAt = Infinity;
  private readonly url: string;
  private cutEveryMs: number;
  private readonly random: () => number;

  constructor(url: string, { path, keepIn }: CrowdReader, cutEveryMs: number, random: () => number) {
    this.url = url + path;
    this.file = keepIn === undefined ? undefined : openSync(keepIn, 'w');
    this.cutEveryMs = cutEveryMs;
    this.random = random;
    this.connect();
  }

  report(): ReaderReport {
    return {
      count: this.count,
      hash: this.hash.copy().digest('hex'),
      gaps: this.gaps,
      cuts: this.cuts,
      breaks: this.breaks,
      torn: this.torn,
      isOpen: this.isGreeted,
    };
  }

  /** A last cut: none comes after it. */
  rejoin(): void {
    this.cutEveryMs = 0;
    this.cutAt = Infinity;
    if (this.sent) this.cut(this.sent);
  }

  private connect(): void {
    this.rest = '';
    if (this.cutEveryMs > 0) this.cutAt = performance.now() + 2 * this.cutEveryMs * this.random();
    const headers = this.lastId === '' ? {} : { 'last-event-id': this.lastId };
    const sent = request(this.url, { agent: false, headers, timeout: SILENCE_MS });
    this.sent = sent;
    sent.on('timeout', () => {
      sent.destroy(new Error('nothing is said'));
    });
    sent.on('response', (response) => {
      this.take(sent, response);
    });
    sent.on('close', () => {
      this.lose(sent);
    });
    // What becomes of the request is told by its end.
    sent.on('error', () => undefined);
    sent.end();
  }

  private take(sent: ClientRequest, response: IncomingMessage): void {
    if (response.statusCode !== 200) {
      sent.destroy();
      return;
    }
    response.setEncoding('latin1');
    response.on('data', (text: string) => {
      if (this.sent !== sent) return;
      if (performance.now() < this.cutAt) {
        this.read(text);
        return;
      }
      // Anywhere, within an event too.
      this.read(text.slice(0, Math.floor(this.random() * (text.length + 1))));
      this.cut(sent);
    });
    response.on('end', () => {
      if (this.sent === sent && this.rest !== '') this.torn += 1;
    });
    response.on('error', () => undefined);
  }

  private cut(sent: ClientRequest): void {
    this.cuts += 1;
    this.leave();
    sent.destroy();
  }

  /** The server ended the stream, or cannot be reached. */
  private lose(sent: ClientRequest): void {
    if (this.sent !== sent) return;
    this.breaks += 1;
    this.leave();
  }

  private leave(): void {
    this.sent = undefined;
    this.isGreeted = false;
    setTimeout(() => {
      this.connect();
    }, this.random() * RETURN_WITHIN_MS);
  }

  private read(text: string): void {
    const whole = this.rest + text;
    let start = 0;
    for (let end = whole.indexOf('\n\n'); end !== -1; end = whole.indexOf('\n\n', start)) {
      this.readBlock(whole.slice(start, end));
      start = end + 2;
    }
    this.rest = whole.slice(start);
    if (this.file !== undefined && this.toKeep !== '') writeSync(this.file, this.toKeep, null, 'latin1');
    this.toKeep = '';
  }

  private readBlock(block: string): void {
    let name = '';
    let data: string | undefined;
    for (const line of block.split('\n')) {
      if (line.startsWith('id: ')) this.lastId = line.slice(4);
      else if (line.startsWith('event: ')) name = line.slice(7);
      else if (line.startsWith('data: ')) data = line.slice(6);
    }
    // The first block, and each comment, has no data.
    this.isGreeted = true;
    if (data === undefined) return;
    if (name === 'gap') this.gaps += 1;
    this.count += 1;
    this.hash.update(`${data}\n`, 'latin1');
    if (this.file !== undefined) this.toKeep += `${name} ${data}\n`;
  }
}

const readers: Reader[] = [];

process.on('message', (order: CrowdOrder) => {
  switch (order.kind) {
    case 'open': {
      const random = randomOf(order.seed);
      for (const reader of order.readers) readers.push(new Reader(order.url, reader, order.cutEveryMs, random));
      return;
    }
    case 'rejoin':
      for (const reader of readers) reader.rejoin();
      return;
    case 'report':
      process.send?.(readers.map((reader) => reader.report()));
  }
});

process.on('disconnect', () => {
  process.exit();
});
