import { Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';

/** What the route of a request would answer now. */
export interface ReadyAnswer {
  readonly status: 200 | 304;
  /** Beside what every answer carries. */
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: Buffer;
}

/** An address whose answer is at hand. */
export interface ReadyAddress {
  /** Template of its route. */
  readonly route: string;
  /** What the route would answer to a GET with these headers; undefined where it has to be asked. */
  readonly answer: (headers: IncomingHttpHeaders) => Promise<ReadyAnswer | undefined>;
}

const MAX_ADDRESSES = 500;
/** Longest address that is remembered, in characters. */
const MAX_LENGTH = 500;

/** Addresses whose answers routes have at hand, by path and query without keys; the oldest go when there are too many. */
@Injectable()
export class ReadyAnswers {
  private readonly addresses = new Map<string, ReadyAddress>();

  find(url: string): ReadyAddress | undefined {
    return this.addresses.get(url);
  }

  keep(url: string, address: ReadyAddress): void {
    if (url.length > MAX_LENGTH || this.addresses.has(url)) return;
    this.addresses.set(url, address);
    const [oldest] = this.addresses.keys();
    if (oldest !== undefined && this.addresses.size > MAX_ADDRESSES) this.addresses.delete(oldest);
  }
}
