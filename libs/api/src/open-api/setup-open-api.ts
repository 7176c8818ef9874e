import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { platformVersion } from '@app/http';
import { documentToTry } from './document-to-try';
import { withNullTypes } from './null-types';

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
  return withNullTypes(SwaggerModule.createDocument(app, config));
}

/** Serves `/openapi.json`, and Swagger UI with its own assets at `/docs`. */
export function setupOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('openapi', app, () => openApiDocument(app), {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
  });
  SwaggerModule.setup('docs', app, () => documentToTry(openApiDocument(app)), {
    raw: false,
    customSiteTitle: 'API of the crypto streaming platform',
    customCss: '.swagger-ui .topbar { display: none }',
    swaggerOptions: { defaultModelsExpandDepth: 0, displayRequestDuration: true },
  });
}
