/** What became of the minutes of one UTC day, as `/bi/data_quality.csv` tells it. */
export interface DayAccount {
  readonly date: string;
  readonly expected: number;
  readonly missing: number;
  readonly stopped: number;
  readonly repaired: number;
  readonly coverage: string;
}

export type DayState = 'whole' | 'stopped' | 'missing' | 'unknown';

export function toDayAccount(row: Readonly<Record<string, string>>): DayAccount {
  const count = (name: string): number => Number(row[name] ?? '0');
  return {
    date: row['date'] ?? '',
    expected: count('expected_minutes'),
    missing: count('missing_minutes'),
    stopped: count('exchange_stop_minutes'),
    repaired: count('repaired_minutes'),
    coverage: row['coverage_pct'] ?? '',
  };
}

export function stateOf(day: DayAccount | undefined): DayState {
  if (!day) return 'unknown';
  if (day.missing > 0) return 'missing';
  return day.stopped > 0 ? 'stopped' : 'whole';
}

/** One line on a day, for whoever cannot see its colour. */
export function describeDay(date: string, day: DayAccount | undefined): string {
  if (!day) return `${date}: nothing is known`;
  const parts = [`${day.coverage} % of ${day.expected} minutes`];
  if (day.missing > 0) parts.push(`${day.missing} missing`);
  if (day.stopped > 0) parts.push(`the exchange stood still for ${day.stopped}`);
  if (day.repaired > 0) parts.push(`${day.repaired} came late`);
  return `${date}: ${parts.join(', ')}`;
}

/** Weeks from Monday to Sunday, the oldest first, that hold all dates from the first to the last. */
export function weeksOf(first: string, last: string): string[][] {
  const day = 86_400_000;
  const end = Date.parse(`${last}T00:00:00Z`);
  const from = Date.parse(`${first}T00:00:00Z`);
  if (!(from <= end)) return [];
  const monday = from - ((new Date(from).getUTCDay() + 6) % 7) * day;
  const weeks: string[][] = [];
  for (let start = monday; start <= end; start += 7 * day) {
    weeks.push(Array.from({ length: 7 }, (_, index) => new Date(start + index * day).toISOString().slice(0, 10)));
  }
  return weeks;
}

/** The date after. */
export function dayAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
