import { compareCodePoints, type EpochMicros, type TimeKey, type TimeRange } from '@app/domain';

/** Rows that one look back reads at once. */
const PAGE = 5_000;
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

/** Newest first, symbols ascending within an instant: whether `a` comes before `b`. */
function isBefore(a: TimeKey, b: TimeKey): boolean {
  return a.time !== b.time ? a.time > b.time : compareCodePoints(a.symbol, b.symbol) < 0;
}

/**
 * The newest rows behind a key, newest first, out of a reader that knows only the other direction: it looks back span by
 * span, further each time that it finds little.
 */
export async function newestFirst<Row>(
  { read, keyOf, range, span: firstSpan }: LookBack<Row>,
  limit: number,
  behind: TimeKey | undefined,
): Promise<Row[]> {
  const found: Row[] = [];
  let span = firstSpan;
  let end = behind ? Math.min(range.end, behind.time + 1) : range.end;
  while (found.length < limit && end > range.start) {
    const start = Math.max(range.start, end - span);
    const rows = await readAll(read, keyOf, { start, end });
    const wanted = behind ? rows.filter((row) => isBefore(behind, keyOf(row))) : rows;
    found.push(...byInstantBackwards(wanted, keyOf));
    if (2 * found.length < limit) span *= WIDEN;
    end = start;
  }
  return found.slice(0, limit);
}

async function readAll<Row>(
  read: LookBack<Row>['read'],
  keyOf: LookBack<Row>['keyOf'],
  range: TimeRange,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: TimeKey | undefined; ;) {
    const page = await read(range, PAGE, after);
    rows.push(...page);
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return rows;
    after = keyOf(last);
  }
}

/** Instants from the last to the first, the rows of each as they were. */
function byInstantBackwards<Row>(rows: readonly Row[], keyOf: (row: Row) => TimeKey): Row[] {
  const result: Row[] = [];
  for (let end = rows.length; end > 0;) {
    let start = end - 1;
    const { time } = keyOf(rows[start] as Row);
    while (start > 0 && keyOf(rows[start - 1] as Row).time === time) start -= 1;
    result.push(...rows.slice(start, end));
    end = start;
  }
  return result;
}

/** The same for rows that no range may cut: all are read, and the newest kept. */
export async function newestOfAll<Row>(
  { read, keyOf }: { read: (limit: number, after?: TimeKey) => Promise<readonly Row[]>; keyOf: LookBack<Row>['keyOf'] },
  limit: number,
  behind: TimeKey | undefined,
): Promise<Row[]> {
  let newest: Row[] = [];
  for (let after: TimeKey | undefined; ;) {
    const page = await read(PAGE, after);
    newest.push(...(behind ? page.filter((row) => isBefore(behind, keyOf(row))) : page));
    if (newest.length > 2 * (limit + PAGE)) newest = newest.slice(-limit - PAGE);
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return byInstantBackwards(newest, keyOf).slice(0, limit);
    after = keyOf(last);
  }
}
