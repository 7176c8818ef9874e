import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { platformVersion, PublicAddress } from '@app/http';
import { documentToTry } from './document-to-try';
import { withNullTypes } from './null-types';
import { withOwnAnswers } from './own-answers';

const DESCRIPTION = [
  'Complete and exact history of the crypto market. Prices and volumes are decimal texts, times are UTC, ranges are',
  'half-open (`start` is in, `end` is not). Lists are paged: follow `next_url` until it is null. Every error is problem',
  'details (RFC 9457). Each client has one request budget for all routes, told in the `RateLimit` headers.',
].join(' ');

/** The description of all routes of the application. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Crypto streaming platform')
    .setDescription(DESCRIPTION)
    .setVersion(platformVersion())
    .setOpenAPIVersion('3.1.0')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addTag('tables for BI tools', 'CSV by address, for sheets, dashboards and data frames.')
    .addTag('market data', 'JSON lists, page by page.')
    .addTag('operations', 'How the platform does.')
    .build();
  return withOwnAnswers(withNullTypes(SwaggerModule.createDocument(app, config)));
}

/** Beside the page that Swagger UI is on, whatever path it was reached by. */
const BESIDE_DOCS = './';

/**
 * Serves `/openapi.json`, which names this server as its readers reach it, and Swagger UI with its own assets at `/docs`,
 * which asks the server that it came from.
 */
export function setupOpenApi(app: NestFastifyApplication): void {
  const address = app.get(PublicAddress);
  SwaggerModule.setup('openapi', app, () => openApiDocument(app), {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
    patchDocumentOnRequest: (request, reply, document) => {
      address.varyByPrefix(reply as FastifyReply);
      return { ...document, servers: [{ url: address.serverUrl(request as FastifyRequest) }] };
    },
  });
  redirectToDocs(app);
  SwaggerModule.setup('docs', app, () => documentToTry({ ...openApiDocument(app), servers: [{ url: BESIDE_DOCS }] }), {
    raw: false,
    customSiteTitle: 'API of the crypto streaming platform',
    customCss: '.swagger-ui .topbar { display: none }',
    swaggerOptions: { defaultModelsExpandDepth: 0, displayRequestDuration: true },
  });
}

/** Addresses on that page are relative to `/docs`. */
function redirectToDocs(app: NestFastifyApplication): void {
  const instance = app.getHttpAdapter().getInstance();
  instance.get('/docs/', (request, reply) => {
    const query = /\?.*$/.exec(request.url)?.[0] ?? '';
    return reply.code(308).header('location', `../docs${query}`).send();
  });
}
