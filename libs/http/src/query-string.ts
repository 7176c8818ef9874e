import { parse } from 'node:querystring';

const BRACKETS = /^([^[\]]+)\[[^\]]*\]$/;

/**
 * Parses a query string. `name[]=a` and `name[0]=a` are several values of `name`, as clients of many languages write
 * lists, so that a list where one value is due is seen as one. The result has no prototype: no name is special. All
 * parameters count, however many: the size of a request head bounds them, and one that is dropped would be another question.
 */
export function parseQueryString(text: string): Record<string, string | string[]> {
  const parsed = parse(text, '&', '=', { maxKeys: 0 }) as Record<string, string | string[]>;
  if (!/\[|%5b/i.test(text)) return parsed;
  const result = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of Object.entries(parsed)) {
    const plain = BRACKETS.exec(name)?.[1];
    const key = plain ?? name;
    const values = plain === undefined && typeof value === 'string' ? value : [value].flat();
    const before = result[key];
    if (before === undefined) result[key] = values;
    else if (Array.isArray(before)) before.push(...[values].flat());
    else result[key] = [before, values].flat();
  }
  return result;
}
