import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '@app/observability';
import { problemBody, type ProblemOptions } from './problem.error';
import { prefixLeftOn, problemOfError } from './problem-from-error';
import type { PublicAddress } from './public-address';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

const MAX_INSTANCE_LENGTH = 200;

/** Headers of the answer that was meant to be sent; none of them is true of an error. */
export const HEADERS_OF_SUCCESS: readonly string[] = [
  'etag',
  'last-modified',
  'content-disposition',
  'content-encoding',
  'content-range',
  'accept-ranges',
  'link',
];

/** Path of a request without its query. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return (end < 0 ? url : url.slice(0, end)).slice(0, MAX_INSTANCE_LENGTH);
}

/** Answers with problem details that no cache keeps. `prefix` is the path that a proxy took off the request. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: ProblemOptions,
  prefix: string,
): void {
  for (const name of HEADERS_OF_SUCCESS) reply.removeHeader(name);
  reply
    .code(problem.status)
    .headers({ ...problem.headers, 'Cache-Control': 'no-store', 'Content-Type': PROBLEM_CONTENT_TYPE })
    .send(JSON.stringify(problemBody(problem, prefix + pathOf(request.url))));
}

/** Turns every error into RFC 9457 problem details; what a client must not know goes to the log instead. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly address: PublicAddress,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = this.problemOf(error, request);
    if (problem.status === 500) {
      this.logger.error({ err: error, request_id: request.id, path: pathOf(request.url) }, 'request failed');
    }
    if (!reply.sent) sendProblem(request, reply, problem, this.address.prefixOf(request));
  }

  private problemOf(error: unknown, request: FastifyRequest): ProblemOptions {
    const problem = problemOfError(error);
    if (problem.status !== 404 || !request.is404) return problem;
    const prefix = this.address.leftOnOf(request, pathOf(request.url));
    return prefix === '' ? problem : prefixLeftOn(prefix);
  }
}
