import { compareCodePoints, type EpochMicros, type TimeKey, type TimeRange, PAGE_ROWS } from '@app/domain';

/** How much further the next look back reaches where the last one found little. */
const WIDEN = 4;

export interface LookBack<Row> {
  /** Rows of a range, ascending by time, then symbol; only those after a key. */
  readonly read: (range: TimeRange, limit: number, after?: TimeKey) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => TimeKey;
  /** Where rows can be at all. */
  readonly range: TimeRange;
  /** How far back the first look reaches. */
  readonly span: EpochMicros;
}

/** Whether a row comes behind a key when the list is read backwards. */
function isBehind({ time, symbol }: TimeKey, key: TimeKey): boolean {
  return time !== key.time ? time < key.time : compareCodePoints(symbol, key.symbol) < 0;
}

/**
 * The last rows before a key, the last one first, out of a reader that knows only the other direction: it looks back span
 * by span, further each time that it finds little, and no further than the first row.
 */
export async function newestFirst<Row>(
  { read, keyOf, range, span: firstSpan }: LookBack<Row>,
  limit: number,
  behind: TimeKey | undefined,
): Promise<Row[]> {
  const [oldest] = await read(range, 1);
  if (oldest === undefined) return [];
  const floor = keyOf(oldest).time;
  const found: Row[] = [];
  let span = firstSpan;
  let end = behind ? Math.min(range.end, behind.time + 1) : range.end;
  while (found.length < limit && end > floor) {
    const start = Math.max(floor, end - span);
    const rows = await readAll((after) => read({ start, end }, PAGE_ROWS, after), keyOf);
    found.push(...(behind ? rows.filter((row) => isBehind(keyOf(row), behind)) : rows).reverse());
    if (2 * found.length < limit) span *= WIDEN;
    end = start;
  }
  return found.slice(0, limit);
}

/** The same for rows that no range may cut: all are read, and the last ones kept. */
export async function newestOfAll<Row>(
  { read, keyOf }: { read: (limit: number, after?: TimeKey) => Promise<readonly Row[]>; keyOf: LookBack<Row>['keyOf'] },
  limit: number,
  behind: TimeKey | undefined,
): Promise<Row[]> {
  let newest: Row[] = [];
  await readPages(
    (after) => read(PAGE_ROWS, after),
    keyOf,
    (page) => {
      newest.push(...(behind ? page.filter((row) => isBehind(keyOf(row), behind)) : page));
      if (newest.length > limit + PAGE_ROWS) newest = newest.slice(-limit);
    },
  );
  return newest.reverse().slice(0, limit);
}

type ReadPage<Row> = (after: TimeKey | undefined) => Promise<readonly Row[]>;

async function readAll<Row>(read: ReadPage<Row>, keyOf: LookBack<Row>['keyOf']): Promise<Row[]> {
  const rows: Row[] = [];
  await readPages(read, keyOf, (page) => rows.push(...page));
  return rows;
}

async function readPages<Row>(
  read: ReadPage<Row>,
  keyOf: LookBack<Row>['keyOf'],
  take: (page: readonly Row[]) => void,
): Promise<void> {
  for (let after: TimeKey | undefined; ;) {
    const page = await read(after);
    take(page);
    const last = page.at(-1);
    if (page.length < PAGE_ROWS || last === undefined) return;
    after = keyOf(last);
  }
}
