import { types } from 'node:util';

/** The innermost of an error's causes: fetch says "fetch failed", and hides in them what happened. */
export function rootCause(error: unknown): { readonly message: string; readonly code: string } {
  let current = error;
  while (types.isNativeError(current) && types.isNativeError(current.cause)) current = current.cause;
  // Node tries every address of a name, and reports them together.
  if (current instanceof AggregateError && current.errors.length > 0) current = current.errors[0];
  if (!types.isNativeError(current)) return { message: String(current), code: '' };
  const { message, code = '', name } = current as NodeJS.ErrnoException;
  return { message: message || code || name, code };
}
