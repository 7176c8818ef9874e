import { parseCsv } from './csv';
import { nextPath } from './next-path';
import type { ListPage } from './types';

/** The service wants a key, or another one than it was given. */
export class KeyNeededError extends Error {}

const STORED_KEY = 'api-key';
const TIMEOUT_MS = 15_000;

/** Asks the public routes of the service that the page came from, whatever path it lies behind. */
export class Client {
  private key = sessionStorage.getItem(STORED_KEY) ?? '';

  /** Keeps a key for as long as this tab is open. */
  useKey(key: string): void {
    this.key = key;
    sessionStorage.setItem(STORED_KEY, key);
  }

  /** The whole address of a route, as it is copied: without the key. */
  address(path: string): string {
    return new URL(path, document.baseURI).href;
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
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    return this.request(path, signal ? AbortSignal.any([signal, timeout]) : timeout, {});
  }

  private async request(path: string, signal: AbortSignal, headers: Record<string, string>): Promise<Response> {
    const sent = this.key === '' ? headers : { ...headers, 'X-API-Key': this.key };
    const response = await fetch(this.address(path), { headers: sent, signal });
    if (response.status === 401) throw new KeyNeededError('the service wants a key');
    if (!response.ok) throw new Error(await problemOf(response));
    return response;
  }
}

/** What an answer says is wrong. */
async function problemOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : '';
  return detail === '' ? `HTTP ${response.status}` : detail;
}
