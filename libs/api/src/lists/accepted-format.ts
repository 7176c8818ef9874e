import type { ListFormat } from '@app/domain';

/** Formats by what an `Accept` header calls them. */
const FORMATS: Readonly<Record<string, ListFormat>> = {
  'application/json': 'json',
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/vnd.apache.parquet': 'parquet',
};

/** What stands for several types, JSON among them. */
const WILDCARDS: ReadonlySet<string> = new Set(['*/*', 'application/*']);

/** Of a quality from 0 to 1; one that is none counts as 1, as if it were not there. */
const QUALITY = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

interface Preference {
  readonly format: ListFormat;
  readonly quality: number;
  readonly isNamed: boolean;
}

/**
 * The format that the client would rather have (RFC 9110, 12.5.1): that of the highest quality, of equal ones the first that
 * is named. A wildcard is answered with JSON, and so is whoever names none of ours.
 */
export function acceptedFormat(accept: string | undefined): ListFormat {
  let best: Preference | undefined;
  for (const item of accept?.split(',') ?? []) {
    const preference = preferenceOf(item);
    if (preference && preference.quality > 0 && (!best || isBetter(preference, best))) best = preference;
  }
  return best?.format ?? 'json';
}

function isBetter(one: Preference, best: Preference): boolean {
  return one.quality > best.quality || (one.quality === best.quality && one.isNamed && !best.isNamed);
}

/** Undefined for a type that is none of ours. */
function preferenceOf(item: string): Preference | undefined {
  const [type = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
  const format = FORMATS[type] ?? (WILDCARDS.has(type) ? 'json' : undefined);
  if (!format) return undefined;
  const quality = parameters.map((parameter) => QUALITY.exec(parameter)?.[1]).find((found) => found !== undefined);
  return { format, quality: Number(quality ?? 1), isNamed: type in FORMATS };
}
