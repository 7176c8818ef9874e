import { HttpException } from '@nestjs/common';
import { StoreNotReadyError } from '@app/domain';
import { ProblemError, type ProblemOptions } from './problem.error';

/** Seconds after which a client may ask again while the store is not readable. */
const STORE_RETRY_SECONDS = 5;

/** What a client is told of errors that are not its fault: nothing but that. */
export const INTERNAL_PROBLEM: ProblemOptions = {
  status: 500,
  code: 'INTERNAL',
  title: 'Something went wrong on this side',
  detail: 'The request could not be answered; the log has the reason under the X-Request-Id of this answer.',
};

const REQUEST_PROBLEMS: Readonly<Record<number, { code: string; title: string; detail: string }>> = {
  400: { code: 'REQUEST.MALFORMED', title: 'The request is malformed', detail: 'The request cannot be read.' },
  404: {
    code: 'ROUTE.NOT_FOUND',
    title: 'There is nothing here',
    detail: 'No such route; the API docs list all of them.',
  },
  408: { code: 'REQUEST.TIMEOUT', title: 'The request took too long', detail: 'The request did not arrive in time.' },
  413: { code: 'REQUEST.BODY_TOO_LARGE', title: 'The body is too large', detail: 'Requests here have no body.' },
  414: { code: 'REQUEST.URL_TOO_LONG', title: 'The address is too long', detail: 'The address is too long.' },
  415: { code: 'REQUEST.UNSUPPORTED_BODY', title: 'The body is not wanted', detail: 'Requests here have no body.' },
  429: {
    code: 'THROTTLE.LIMIT_EXCEEDED',
    title: 'Too many requests',
    detail: 'The request budget is used up; Retry-After says when to go on.',
  },
  431: {
    code: 'REQUEST.HEADERS_TOO_LARGE',
    title: 'The request is too large',
    detail: 'Address and headers of a request may have 16 kB together.',
  },
  503: {
    code: 'SERVER.STOPPING',
    title: 'The process is stopping',
    detail: 'The process is being stopped; another one may take over.',
  },
};

/** A 404 for whoever asks through a proxy that leaves the path on which it should have taken off. */
export function prefixLeftOn(prefix: string): ProblemOptions {
  const detail = `No such route; the proxy in front has to take ${prefix} off before it hands a request on.`;
  return { ...problemOfStatus(404), detail };
}

/** The problem of a status that the framework chose; its own wording is not passed on. */
export function problemOfStatus(status: number): ProblemOptions {
  const known = REQUEST_PROBLEMS[status];
  if (known) return { status, ...known };
  if (status >= 400 && status < 500) {
    return { status, code: 'REQUEST.REFUSED', title: 'The request is refused', detail: 'The request is not allowed.' };
  }
  return INTERNAL_PROBLEM;
}

function frameworkStatus(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode, status, code } = (error ?? {}) as { statusCode?: unknown; status?: unknown; code?: unknown };
  if (typeof statusCode !== 'number') return 500;
  if (typeof code === 'string' && code.startsWith('FST_')) return statusCode;
  // Of the files of /docs: a path that leads out of their folder has both properties and no code.
  return status === statusCode && code === undefined && statusCode < 500 ? statusCode : 500;
}

/** What a client is told of any error. */
export function problemOfError(error: unknown): ProblemOptions {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof StoreNotReadyError) {
    return {
      status: 503,
      code: error.code,
      title: error.isDamage ? 'The database cannot be used' : 'The store cannot be read yet',
      detail: error.reason,
      headers: { 'Retry-After': String(STORE_RETRY_SECONDS) },
    };
  }
  return problemOfStatus(frameworkStatus(error));
}
