import { ProblemError } from '@app/http';

/** A 503 for a large table that cannot be made or sent now. */
export function busy(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'SERVER.BUSY',
    title: 'Too many large tables are asked for',
    detail: 'Others take large tables now; ask again, for a shorter window if it will do.',
    headers: { 'Retry-After': '30' },
  });
}
