import type { FieldProblem, Problem } from '@app/domain';

/** Longest part of a refused value that an error repeats. */
const MAX_SHOWN = 100;

/** Keys that the platform made, in a place where none belongs: a mistyped name of a parameter. */
const KEYS = /csp_[A-Za-z0-9_-]{8,}/g;

/** A refused value as an error shows it: never longer than 100 characters, and without a key. */
export function shownValue(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replace(KEYS, 'csp_***');
  return text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN) : text;
}

export interface ProblemOptions {
  readonly status: number;
  /** Stable code, `AREA.WHAT`. */
  readonly code: string;
  /** The kind of problem in words, the same each time. */
  readonly title: string;
  /** What is wrong this time. */
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
  /** Members of the body beside those of the RFC. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Headers that the answer needs besides, e.g. `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that a client is told about, as RFC 9457 problem details. */
export class ProblemError extends Error {
  constructor(readonly problem: ProblemOptions) {
    super(problem.detail);
    this.name = 'ProblemError';
  }
}

/** A 400 that names each wrong field with its value and what is allowed. */
export function invalidParameters(errors: readonly FieldProblem[]): ProblemError {
  return new ProblemError({
    status: 400,
    code: 'REQUEST.INVALID_PARAMETER',
    title: 'A parameter is not allowed',
    detail: errors.map(describeField).join('; '),
    errors,
  });
}

function describeField({ field, value, allowed }: FieldProblem): string {
  return value === null
    ? `${field} is missing; expected ${allowed}`
    : `${field}: ${JSON.stringify(value)} is not allowed; expected ${allowed}`;
}

/** A 400 about one field. */
export function invalidParameter(field: string, value: unknown, allowed: string): ProblemError {
  return invalidParameters([{ field, value: shownValue(value), allowed }]);
}

export function methodNotAllowed(method: string, allowed: readonly string[]): ProblemError {
  return new ProblemError({
    status: 405,
    code: 'ROUTE.METHOD_NOT_ALLOWED',
    title: 'The method is not allowed here',
    detail: `${method} is not allowed; expected ${allowed.join(', ')}`,
    headers: { Allow: allowed.join(', ') },
  });
}

/** What ends work whose readers are all gone; nobody is told. */
export function readerGone(): ProblemError {
  return new ProblemError({
    status: 499,
    code: 'REQUEST.ABANDONED',
    title: 'The client is gone',
    detail: 'The client closed the connection before it was answered.',
  });
}

export function problemBody(problem: ProblemOptions, instance: string): Problem {
  const { status, code, title, detail, errors, extensions } = problem;
  return {
    type: `urn:csp:problem:${code.toLowerCase().replaceAll('.', '-').replaceAll('_', '-')}`,
    title,
    status,
    detail,
    instance,
    code,
    ...(errors && errors.length > 0 ? { errors: [...errors] } : {}),
    ...extensions,
  };
}
