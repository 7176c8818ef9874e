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

/** For each week the month that begins in it, and that of the first week: `Nov`. */
export function monthsOver(weeks: readonly (readonly string[])[]): string[] {
  const name = (date: string): string =>
    new Date(`${date}T00:00:00Z`).toLocaleString('en', { month: 'short', timeZone: 'UTC' });
  const begun = weeks.map((week) => week.find((date) => date.endsWith('-01')));
  return weeks.map(([monday = ''], index) => {
    const first = begun[index];
    if (first !== undefined) return name(first);
    // Where the next one begins a month, two names would lie on each other.
    return index === 0 && begun[1] === undefined && begun[2] === undefined ? name(monday) : '';
  });
}

/** Where an arrow key leads from a date, within the first and the last; undefined for a key that does not move. */
export function dateAfterKey(key: string, date: string, first: string, last: string): string | undefined {
  const days = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 }[key];
  if (key === 'Home') return first;
  if (key === 'End') return last;
  if (days === undefined) return undefined;
  const target = new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
  return target < first || target > last ? date : target;
}

/** All days in a line: `90 days: 76 whole, 13 with a stop of the exchange, 1 with minutes missing`. */
export function summaryOf(days: readonly DayAccount[]): string {
  const count = (state: DayState): number => days.filter((day) => stateOf(day) === state).length;
  const parts = [
    ...(count('whole') > 0 ? [`${count('whole')} whole`] : []),
    ...(count('stopped') > 0 ? [`${count('stopped')} with a stop of the exchange`] : []),
    ...(count('missing') > 0 ? [`${count('missing')} with minutes missing`] : []),
  ];
  return days.length === 0 ? 'No day is known yet.' : `${days.length} days: ${parts.join(', ')}.`;
}
