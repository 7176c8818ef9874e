import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { onSendHookHandler } from 'fastify';
import { platformVersion, PublicAddress } from '@app/http';
import { LruMap } from '../bi/lru-map';
import { documentToTry } from './document-to-try';
import { withEnumNames } from './enum-names';
import { withNullTypes } from './null-types';
import { withOwnAnswers } from './own-answers';

const DESCRIPTION = [
  'Complete and exact history of the crypto market. Prices and volumes are decimal texts, times are UTC, ranges are',
  'half-open (`start` is in, `end` is not). Lists are paged: follow `next_url` until it is null. Every error is problem',
  'details (RFC 9457). Each client, by its key or else its address, has one request budget for all routes, told in the',
  '`RateLimit` headers.',
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
    .addTag('files', 'Builds of the tables as Parquet and CSV, by addresses that never change.')
    .addTag('market data', 'JSON lists, page by page.')
    .addTag('operations', 'How the platform does.')
    .build();
  return withOwnAnswers(withEnumNames(withNullTypes(SwaggerModule.createDocument(app, config))));
}

/** Proxies in front have few paths. */
const MOST_ADDRESSES = 16;

/** Beside the page that Swagger UI is on, whatever path it was reached by. */
const BESIDE_DOCS = './';

/**
 * Serves `/openapi.json`, which names this server as its readers reach it, and Swagger UI with its own assets at `/docs`,
 * which asks the server that it came from.
 */
export function setupOpenApi(app: NestFastifyApplication): void {
  addContentPolicy(app);
  serveDocument(app);
  redirectToDocs(app);
  SwaggerModule.setup('docs', app, () => documentToTry({ ...openApiDocument(app), servers: [{ url: BESIDE_DOCS }] }), {
    raw: false,
    customSiteTitle: 'API of the crypto streaming platform',
    customCss: '.swagger-ui .topbar { display: none }',
    // Without a validator: it is on another host, which would be told where this one is.
    swaggerOptions: { defaultModelsExpandDepth: 0, displayRequestDuration: true, validatorUrl: null },
  });
}

/** Made once for each address by which readers reach this server: as text for each of them, it would fill the memory. */
function serveDocument(app: NestFastifyApplication): void {
  const address = app.get(PublicAddress);
  const documents = new LruMap<Buffer>(MOST_ADDRESSES, Infinity);
  let document: OpenAPIObject | undefined;
  const instance = app.getHttpAdapter().getInstance();
  instance.get('/openapi.json', (request, reply) => {
    address.varyByPrefix(reply);
    const url = address.serverUrl(request);
    let bytes = documents.get(url);
    if (!bytes) {
      document ??= openApiDocument(app);
      bytes = Buffer.from(JSON.stringify({ ...document, servers: [{ url }] }));
      documents.set(url, bytes, 1);
    }
    return reply.type('application/json; charset=utf-8').send(bytes);
  });
}

/** Swagger UI runs its own scripts and asks its own host. It has styles in its page, and icons in its styles. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Says of all that is served at `/docs`, by routes that come after this, what it may do and that it is UTF-8. */
function addContentPolicy(app: NestFastifyApplication): void {
  const sayContent: onSendHookHandler = (_request, reply, _payload, done) => {
    reply.header('content-security-policy', CONTENT_POLICY);
    const type = reply.getHeader('content-type');
    if (type === 'text/html' || type === 'application/javascript') reply.type(`${type}; charset=utf-8`);
    done();
  };
  const instance = app.getHttpAdapter().getInstance();
  instance.addHook('onRoute', (route) => {
    if (!/^\/docs(?:\/|$)/.test(route.url)) return;
    route.onSend = [...[route.onSend ?? []].flat(), sayContent];
  });
}

/** Addresses on that page are relative to `/docs`. */
function redirectToDocs(app: NestFastifyApplication): void {
  const instance = app.getHttpAdapter().getInstance();
  instance.get('/docs/', (request, reply) => {
    // As it was sent: a key in it is needed again there.
    const query = /\?.*$/.exec(request.originalUrl)?.[0] ?? '';
    return reply.code(308).header('location', `../docs${query}`).send();
  });
}
