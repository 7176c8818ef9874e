import type { OpenAPIObject } from '@nestjs/swagger';

/** What the letters of an interval stand for; case matters. */
const UNITS: Readonly<Record<string, string>> = { m: 'MINUTE', h: 'HOUR', d: 'DAY', w: 'WEEK', M: 'MONTH' };

const SIGNS: Readonly<Record<string, string>> = { ',': 'COMMA', ';': 'SEMICOLON', '.': 'POINT', '0': 'NO', '1': 'YES' };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** @throws Error for a value that would have no name in a generated client */
function nameOf(value: unknown): string {
  const text = String(value);
  const [, count = '', letter = ''] = /^(\d+)([a-zA-Z])$/.exec(text) ?? [];
  const unit = UNITS[letter];
  if (unit !== undefined) return `${unit}_${count}`;
  const name = SIGNS[text] ?? text.toUpperCase();
  if (!/^[A-Z]\w*$/.test(name))
    throw new Error(`the value ${text} of an enumeration has no name for generated clients`);
  return name;
}

/**
 * Names the members of enumerations whose values are no identifiers (`1m`, `;`): generators of clients read
 * `x-enum-varnames`, and number the members otherwise, so that a new value would rename others. Examples are left as they
 * are.
 */
export function withEnumNames(document: OpenAPIObject): OpenAPIObject {
  return named(document) as OpenAPIObject;
}

function named(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(named);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, key === 'example' ? item : named(item)] as const);
  const values = value['enum'];
  const wantsNames = Array.isArray(values) && values.some((item) => !/^[A-Za-z_]\w*$/.test(String(item)));
  return Object.fromEntries(wantsNames ? [...entries, ['x-enum-varnames', values.map(nameOf)]] : entries);
}
