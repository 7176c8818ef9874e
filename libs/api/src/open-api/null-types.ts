function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * Writes schemas that may be null the way OpenAPI 3.1 does (`type: [string, null]`): the decorators write `nullable`,
 * which 3.1 does not know, so that a validator would refuse the null. Examples are left as they are.
 */
export function withNullTypes<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withNullTypes(item)) as T;
  if (!isObject(value)) return value;
  const { nullable, type, ...rest } = value;
  const entries = Object.entries(rest).map(([key, item]) => [key, key === 'example' ? item : withNullTypes(item)]);
  const types = nullable === true && typeof type === 'string' ? [type, 'null'] : withNullTypes(type);
  return { ...(type === undefined ? {} : { type: types }), ...Object.fromEntries(entries) } as T;
}
