import type { IncomingMessage, Server } from 'node:http';
import type { DynamicModule, NestApplicationOptions, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyServerFactoryHandler } from 'fastify';
import { NestLogger } from '@app/observability';
import { ADMISSION_LIMITS, type AdmissionLimits } from './admission/admission-limits';
import { admissionMetrics } from './admission/admission-metrics';
import { AdmittedServer } from './admission/admitted-server';
import { answerFrameworkError } from './bad-addresses';
import { clientName } from './client-address';
import { answerClientError } from './client-error';
import { configureApp, type HttpAppContext } from './configure-app';
import { credentialsOf } from './keys/credentials';
import { PublicAddress } from './public-address';
import { parseQueryString } from './query-string';
import { requestId } from './request-id';

/** Routes are read-only: a body is never needed. */
const BODY_LIMIT_BYTES = 16_384;

/** The Fastify adapter of every process: bounded by the server below it, no banner, problem details everywhere. */
export function createHttpAdapter(
  { metrics, http }: HttpAppContext,
  limits: AdmissionLimits = ADMISSION_LIMITS,
): FastifyAdapter {
  const address = new PublicAddress(http);
  return new FastifyAdapter({
    // No Nest middleware is used.
    skipMiddie: true,
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: requestId,
    // Nothing behind it sees a key that stands in an address: no route, log, link or cache.
    rewriteUrl: (request: IncomingMessage) => credentialsOf(request).url,
    routerOptions: { querystringParser: parseQueryString, ignoreTrailingSlash: false },
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket, `${address.prefixOf({ headers: {} })}/`);
    },
    serverFactory: (handler: FastifyServerFactoryHandler): Server => {
      const { onCut, observe } = admissionMetrics(metrics);
      const clientOf = (request: IncomingMessage): string => clientName(request, http.trustProxyHops);
      const server = new AdmittedServer({
        limits,
        clientOf,
        onCut,
        handler: (request, response) => {
          response.prefix = address.prefixOf(request);
          handler(request, response);
        },
      });
      observe(server.admission);
      return server;
    },
    frameworkErrors: answerFrameworkError,
  });
}

/** Builds the HTTP application of a process, ready to listen. */
export async function createHttpApp(
  module: Type | DynamicModule,
  context: HttpAppContext,
  limits: AdmissionLimits = ADMISSION_LIMITS,
): Promise<NestFastifyApplication> {
  const options: Pick<NestApplicationOptions, 'logger' | 'abortOnError'> = {
    logger: new NestLogger(context.logger),
    abortOnError: false,
  };
  const app = await NestFactory.create<NestFastifyApplication>(module, createHttpAdapter(context, limits), options);
  configureApp(app, context);
  return app;
}
