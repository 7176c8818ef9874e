import { assertExplained } from './explained-reasons';
import { rawRequest } from './raw-request';

/** A page of a JSON list of the API. */
export interface ListPage<T> {
  readonly data: T[];
  readonly next_cursor: string | null;
  readonly next_url: string | null;
}

/** The body of an answer with status 200; any other status is an error. */
export async function getText(url: string): Promise<string> {
  const { status, body } = await rawRequest(url);
  const text = body.toString('utf8');
  if (status !== 200) throw new Error(`${url}: HTTP ${status}: ${text.slice(0, 300)}`);
  return text;
}

export async function getJson<T>(url: string): Promise<T> {
  const body = JSON.parse(await getText(url)) as T;
  if (new URL(url).pathname.endsWith('/health')) assertExplained(body);
  return body;
}

/** All items of a JSON list, page after page as a client follows `next_url`. */
export async function getAll<T>(base: string, path: string): Promise<T[]> {
  const items: T[] = [];
  for (let next: string | null = path; next !== null;) {
    const page: ListPage<T> = await getJson<ListPage<T>>(new URL(next, base).href);
    items.push(...page.data);
    next = page.next_url;
  }
  return items;
}

/** Rows of a CSV as objects; fails when a row has another number of fields than the header. */
export async function getCsv(url: string): Promise<Record<string, string>[]> {
  const lines = (await getText(url)).split('\r\n');
  if (lines.pop() !== '') throw new Error(`${url}: the last line does not end with CRLF`);
  const [header = [], ...rows] = lines.map((line) => line.split(','));
  return rows.map((row) => {
    if (row.length !== header.length) throw new Error(`${url}: ${row.length} fields, not ${header.length}`);
    return Object.fromEntries(header.map((name, index) => [name, row[index] ?? '']));
  });
}
