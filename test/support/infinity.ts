import { rawRequest } from './raw-request';

/** A query of a panel, as the dashboard keeps it. */
export interface InfinityTarget {
  readonly type: string;
  readonly parser: string;
  readonly url: string;
  readonly columns: readonly { readonly selector: string; readonly text: string; readonly type: string }[];
}

/** What a panel is given: one list of values for each column. */
export type InfinityFrame = Readonly<Record<string, readonly (number | string | null)[]>>;

/**
 * What Grafana's Infinity data source (backend parser, CSV) makes of a query. Variables are put into the address as they
 * are, the range as epoch milliseconds; an error status or an empty body is an error of the panel; a column is found by
 * its exact name; a cell that is not what its column says is empty.
 */
export async function infinity(
  target: InfinityTarget,
  variables: Readonly<Record<string, string>>,
): Promise<InfinityFrame> {
  if (target.type !== 'csv' || target.parser !== 'backend') throw new Error('only the backend parser of CSV is known');
  const address = target.url.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`the dashboard has no variable ${name}`);
    return value;
  });
  const { status, body } = await rawRequest(new URL(address).href);
  if (status >= 400) throw new Error(`${address}: HTTP ${status}: ${body.toString()}`);
  if (body.length === 0) throw new Error('empty response body');
  const [header = [], ...rows] = body
    .toString()
    .replace(/\r\n$/, '')
    .split('\r\n')
    .map((line) => line.split(','));
  return Object.fromEntries(
    target.columns.map(({ selector, text, type }) => {
      const column = header.indexOf(selector);
      return [text, rows.map((row) => valueOf(type, row[column] ?? ''))];
    }),
  );
}

function valueOf(type: string, cell: string): number | string | null {
  if (type === 'string') return cell;
  if (cell === '') return null;
  const value = type === 'number' ? Number(cell) : type === 'timestamp' ? Date.parse(cell) : NaN;
  return Number.isNaN(value) ? null : value;
}
