import type { DynamicModule, NestApplicationOptions, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NestLogger } from '@app/observability';
import { answerClientError } from './client-error';
import { configureApp, type HttpAppContext } from './configure-app';
import { problemOfError } from './problem-from-error';
import { sendProblem } from './problem.filter';
import { parseQueryString } from './query-string';
import { requestId } from './request-id';

/** Routes are read-only: a body is never needed. */
const BODY_LIMIT_BYTES = 16_384;
/** Longest time in which a request may arrive. */
const REQUEST_TIMEOUT_MS = 15_000;
/** Above the 60 s of common proxies, so that the proxy and not this side ends an idle connection. */
const KEEP_ALIVE_MS = 65_000;

/** The Fastify adapter of every process: small limits, no banner, problem details for what never reaches a route. */
export function createHttpAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    // No Nest middleware is used.
    skipMiddie: true,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: requestId,
    routerOptions: { querystringParser: parseQueryString, ignoreTrailingSlash: false },
    clientErrorHandler: answerClientError,
    // Node would refuse such a request by itself, without a word: a hook does it.
    http: { requireHostHeader: false },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(request, reply, problemOfError(error));
    },
  });
}

/** Builds the HTTP application of a process, ready to listen. */
export async function createHttpApp(
  module: Type | DynamicModule,
  context: HttpAppContext,
): Promise<NestFastifyApplication> {
  const options: Pick<NestApplicationOptions, 'logger' | 'abortOnError'> = {
    logger: new NestLogger(context.logger),
    abortOnError: false,
  };
  const app = await NestFactory.create<NestFastifyApplication>(module, createHttpAdapter(), options);
  configureApp(app, context);
  return app;
}
