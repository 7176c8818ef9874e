import type { OpenAPIObject } from '@nestjs/swagger';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * Writes schemas that may be null the way OpenAPI 3.1 does (`type: [string, null]`): the decorators write `nullable`,
 * which 3.1 does not know, so that a validator would refuse the null. Examples are left as they are.
 */
export function withNullTypes(document: OpenAPIObject): OpenAPIObject {
  return converted(document) as OpenAPIObject;
}

function converted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(converted);
  if (!isObject(value)) return value;
  const { nullable, type, ...rest } = value;
  const entries = Object.entries(rest).map(([key, item]) => [key, key === 'example' ? item : converted(item)] as const);
  const types = nullable === true && typeof type === 'string' ? [type, 'null'] : converted(type);
  return { ...(type === undefined ? {} : { type: types }), ...Object.fromEntries(entries) };
}
