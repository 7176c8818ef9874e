import { parseCsv } from './csv';
import { nextPath } from './next-path';
import type { ListPage } from './types';

/** The service wants a key, or another one than it was given. */
export class KeyNeededError extends Error {
  constructor(readonly wasGiven: boolean) {
    super(wasGiven ? 'the key does not hold' : 'the service wants a key');
  }
}

const STORED_KEY = 'api-key';
const TIMEOUT_MS = 15_000;
/** What a key consists of: anything else cannot be sent in a header, or is more than one key there. */
const KEY = /^[!-+\--~]{1,200}$/;

/** Asks the public routes of the service that the page came from, whatever path it lies behind. */
export class Client {
  private key = sessionStorage.getItem(STORED_KEY) ?? '';
  /** Whether the service has refused the key, or no key: it is not asked again before there is another one. */
  private isRefused = false;
  /** Requests by path that were begun before their answers are asked for. */
  private readonly begun = new Map<string, Promise<Response>>();

  /** Keeps a key for as long as this tab is open. */
  useKey(key: string): void {
    this.key = key;
    this.isRefused = !KEY.test(key);
    if (!this.isRefused) sessionStorage.setItem(STORED_KEY, key);
  }

  /** Whether requests carry a key, which copied addresses do not. */
  get hasKey(): boolean {
    return this.key !== '';
  }

  /** The whole address of a route, as it is copied: without the key. */
  address(path: string): string {
    return new URL(path, document.baseURI).href;
  }

  /** Begins a request whose answer is about to be asked for: whoever asks for that path next is given it. */
  begin(path: string): void {
    const answer = this.fetch(path);
    // Whoever asks is told what is wrong.
    answer.catch(() => undefined);
    this.begun.set(path, answer);
  }

  async json<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await (await this.fetch(path, signal)).json()) as T;
  }

  async csv(path: string, signal?: AbortSignal): Promise<Record<string, string>[]> {
    return parseCsv(await (await this.fetch(path, signal)).text());
  }

  /** All items of a list, page after page. */
  async list<Item>(path: string, signal?: AbortSignal): Promise<Item[]> {
    const items: Item[] = [];
    for (let next: string | null = path; next !== null;) {
      const page: ListPage<Item> = await this.json<ListPage<Item>>(next, signal);
      items.push(...page.data);
      next = page.next_url === null ? null : nextPath(path, page.next_url);
    }
    return items;
  }

  /** A stream's answer; it lasts for as long as the signal lets it. */
  stream(path: string, lastEventId: string, signal: AbortSignal): Promise<Response> {
    return this.request(path, signal, lastEventId === '' ? {} : { 'Last-Event-ID': lastEventId });
  }

  private fetch(path: string, signal?: AbortSignal): Promise<Response> {
    const begun = this.begun.get(path);
    this.begun.delete(path);
    if (begun) return begun;
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    return this.request(path, signal ? AbortSignal.any([signal, timeout]) : timeout, {});
  }

  private async request(path: string, signal: AbortSignal, headers: Record<string, string>): Promise<Response> {
    const { key } = this;
    if (this.isRefused) throw new KeyNeededError(this.hasKey);
    // In a header alone: addresses stay in histories and logs.
    const sent = key === '' ? headers : { ...headers, 'X-API-Key': key };
    const response = await fetch(this.address(path), { headers: sent, signal });
    if (response.status === 401) {
      // Another key was given meanwhile.
      if (key !== this.key) return this.request(path, signal, headers);
      this.refuse();
      throw new KeyNeededError(this.hasKey);
    }
    if (!response.ok) throw new Error(await problemOf(response));
    return response;
  }

  private refuse(): void {
    this.isRefused = true;
    sessionStorage.removeItem(STORED_KEY);
  }
}

/** What an answer says is wrong. */
async function problemOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : '';
  return detail === '' ? `HTTP ${response.status}` : detail;
}
