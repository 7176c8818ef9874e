import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { openApiDocument, setupOpenApi } from '@app/api';
import { loadConfig } from '@app/config';
import { configureApp, createHttpAdapter, type RouteTable } from '@app/http';
import { createLogger, MetricsRegistry } from '@app/observability';
import { apiAlone } from '../support/api-alone';

/** Documentation of the API, and parts of the page: not part of what is documented. */
const DOCUMENTATION = /^\/(?:docs|openapi\.json|assets)(?:\/|$)/;

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** The API's description against the routes that are really there. */
describe('OpenAPI document', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-open-api-'));
  let app: NestFastifyApplication;
  let routes: RouteTable;
  let document: OpenAPIObject;
  let operations: [string, Operation][];

  beforeAll(async () => {
    const config = loadConfig({ STORAGE_PATH: 'app.db', LOG_LEVEL: 'silent' }, folder);
    const logger = createLogger('silent', 'test');
    const metrics = new MetricsRegistry({ process: 'test', version: '0' });
    const root = apiAlone(config, logger, metrics);
    const quiet: Pick<NestApplicationOptions, 'logger'> = { logger: false };
    app = await NestFactory.create<NestFastifyApplication>(
      root,
      createHttpAdapter({ logger, metrics, http: config.http }),
      quiet,
    );
    routes = configureApp(app, { logger, metrics, http: config.http });
    setupOpenApi(app);
    document = openApiDocument(app);
    await app.init();
    operations = Object.entries(document.paths).flatMap(([path, item]) => (item.get ? [[path, item.get]] : []));
  });

  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('should describe exactly the routes that there are, and nothing but GET', () => {
    const served = [...routes.entries()].filter(([path]) => !DOCUMENTATION.test(path));
    const described = served.map(([path]) => path.replaceAll(/:(\w+)/g, '{$1}'));
    expect(described.sort()).toEqual(Object.keys(document.paths).sort());
    for (const [, methods] of served) expect([...methods].sort()).toEqual(['GET', 'HEAD']);
    for (const item of Object.values(document.paths)) expect(Object.keys(item)).toEqual(['get']);
  });

  it('should name every operation once', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(ids.every((id) => /^[a-z][A-Za-z]+$/.test(id ?? ''))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('should say of every operation what it gives, in more words than its summary', () => {
    for (const [path, { summary, description }] of operations) {
      expect([path, summary]).toEqual([path, expect.stringMatching(/^\S.*\.$/)]);
      expect([path, description]).toEqual([path, expect.stringMatching(/^\S.{60,}\.$/s)]);
      expect([path, description]).not.toEqual([path, summary]);
    }
  });

  it('should show addresses of next pages that have what their route wants', async () => {
    const shown = operations.flatMap(([path, { responses }]) => {
      const answer = responses['200'] as { content?: Record<string, { example?: { next_url?: string } }> } | undefined;
      const address = answer?.content?.['application/json']?.example?.next_url;
      return address === undefined ? [] : [[path, address] as const];
    });
    expect(shown.length).toBe(6);
    for (const [path, address] of shown) {
      expect(address.startsWith(`${path}?`)).toBe(true);
      // The cursor apart, which is made up: without it nothing is wrong with the question, and there is no store.
      const { statusCode } = await app.inject({ method: 'GET', url: address.replace(/&cursor=[^&]*/, '') });
      expect([address, statusCode]).toEqual([address, 503]);
    }
  });

  it('should describe every parameter with an example', () => {
    for (const [path, { parameters = [] }] of operations) {
      for (const parameter of parameters) {
        const { name, description, example, schema } = parameter as {
          name: string;
          description?: string;
          example?: unknown;
          schema?: { example?: unknown };
        };
        expect([path, name, description]).toEqual([path, name, expect.stringMatching(/\w/)]);
        expect([path, name, example ?? schema?.example]).not.toEqual([path, name, undefined]);
      }
    }
  });

  it('should show columns that the rows of the route have', () => {
    for (const [path, { parameters = [], responses }] of operations) {
      const columns = parameters.find((parameter) => 'name' in parameter && parameter.name === 'columns');
      if (columns === undefined) continue;
      const shown = String((columns as { schema?: { example?: unknown } }).schema?.example).split(',');
      const { content } = responses['200'] as { content: Record<string, { example?: unknown }> };
      const [header = ''] = String(content['text/csv']?.example).split('\r\n');
      expect([path, shown.length > 1, header.split(',')]).toEqual([path, true, expect.arrayContaining(shown)]);
    }
  });

  it('should name the members of enumerations for generators, where their values are no names', () => {
    const parameter = (path: string, wanted: string): unknown =>
      document.paths[path]?.get?.parameters?.find((one) => 'name' in one && one.name === wanted);
    expect(parameter('/candles', 'interval')).toMatchObject({
      schema: {
        'x-enum-varnames': expect.arrayContaining(['MINUTE_1', 'HOUR_4', 'DAY_1', 'WEEK_1', 'MONTH_1']) as unknown,
      },
    });
    const unnamed: unknown[] = [];
    JSON.stringify(document, (_, value: unknown) => {
      const { enum: values = [], 'x-enum-varnames': names = [] } = (value ?? {}) as {
        enum?: readonly string[];
        'x-enum-varnames'?: readonly string[];
      };
      const isNamed = new Set(names.filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name))).size === values.length;
      if (values.some((one) => !/^[A-Za-z_]\w*$/.test(one)) && !isNamed) unnamed.push([values, names]);
      return value;
    });
    expect(unnamed).toEqual([]);
  });

  it('should have no default of a parameter that excludes others, for generated clients send it', () => {
    const defaults = operations.flatMap(([path, { parameters = [] }]) =>
      parameters.flatMap((parameter) =>
        'schema' in parameter && 'default' in (parameter.schema ?? {}) ? [[path, parameter.name]] : [],
      ),
    );
    expect(defaults).toEqual([['/candles', 'interval']]);
  });

  it('should be shown by a page that asks no other host, with a content policy and a charset', async () => {
    for (const [path, type] of [
      ['/docs', /^text\/html; charset=utf-8$/i],
      ['/docs/swagger-ui-init.js', /javascript; charset=utf-8$/i],
      ['/docs/swagger-ui.css', /^text\/css; charset=utf-8$/i],
      ['/docs/swagger-ui-bundle.js', /javascript; charset=utf-8$/i],
    ] as const) {
      const { statusCode, headers, body } = await app.inject({ method: 'GET', url: path });
      expect([path, statusCode, headers['content-type']]).toEqual([path, 200, expect.stringMatching(type)]);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(headers['content-security-policy']).not.toMatch(/https?:|\*/);
      if (path === '/docs') expect(body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      // Swagger UI would show a badge of a validator on another host.
      if (path.endsWith('init.js')) expect(body).toContain('"validatorUrl": null');
    }
    const { headers } = await app.inject({ method: 'GET', url: '/livez' });
    expect(headers['content-security-policy']).toBeUndefined();
  });

  it('should fill in for whoever tries a route only what the route takes together', async () => {
    const { body } = await app.inject({ method: 'GET', url: '/docs/swagger-ui-init.js' });
    const shown = JSON.parse(/let options = (\{.*?^\});/ms.exec(body)?.[1] ?? '') as { swaggerDoc: OpenAPIObject };
    const filledIn = Object.entries(shown.swaggerDoc.paths).map(([path, { get }]) => [
      path,
      (get?.parameters ?? [])
        .filter((parameter) => 'schema' in parameter && 'example' in (parameter.schema ?? {}))
        .map((parameter) => 'name' in parameter && parameter.name),
    ]);
    expect(Object.fromEntries(filledIn)).toMatchObject({
      '/bi/daily_ohlc.csv': ['symbol', 'days'],
      '/bi/latest_prices.csv': ['symbol'],
      '/candles': ['symbol', 'limit', 'interval'],
      '/trades/range': ['symbol', 'limit', 'start', 'end'],
      '/symbols': ['symbol', 'limit'],
    });
    expect(shown.swaggerDoc.paths['/candles']?.get?.parameters).toContainEqual(
      expect.objectContaining({ name: 'as_of', description: expect.stringMatching(/For example `2026-/) as unknown }),
    );
  });

  it('should describe every answer, with an example of its body', () => {
    for (const [path, { responses }] of operations) {
      for (const [status, response] of Object.entries(responses)) {
        const { description, content } = response as {
          description?: string;
          content?: Record<string, { example?: unknown }>;
        };
        expect([path, status, description]).toEqual([path, status, expect.stringMatching(/\w/)]);
        if (status === '302' || status === '304') continue;
        // A part of a page is no page.
        if (status === '206' && content === undefined) continue;
        const media = Object.entries(content ?? {});
        expect([path, status, media.length > 0]).toEqual([path, status, true]);
        for (const [type, { example }] of media) {
          expect([path, status, type, example]).not.toEqual([path, status, type, undefined]);
          if (Number(status) >= 400) expect(type).toBe('application/problem+json');
        }
      }
    }
  });

  it('should give each problem an example of its own route, and no route that of another', () => {
    const instances = operations.flatMap(([path, { responses }]) =>
      Object.values(
        responses as Record<string, { content?: Record<string, { example?: { instance?: string } }> }>,
      ).flatMap(({ content }) => {
        const instance = content?.['application/problem+json']?.example?.instance;
        return instance === undefined ? [] : [[path, instance]];
      }),
    );
    expect(instances.length).toBeGreaterThan(60);
    expect(instances.filter(([path, instance]) => path !== instance)).toEqual([]);
  });

  it('should say which headers tell the budget, versions, pages and when to come back', () => {
    const headersOf = (path: string, status: string): string[] =>
      Object.keys((document.paths[path]?.get?.responses[status] as { headers?: object }).headers ?? {});
    const budget = ['RateLimit', 'RateLimit-Policy'];
    expect(headersOf('/candles', '200')).toEqual(['ETag', 'Cache-Control', 'Link', 'X-Feed-Position', ...budget]);
    expect(headersOf('/bi/daily_ohlc.csv', '200')).toEqual(
      expect.arrayContaining(['ETag', 'Last-Modified', ...budget]),
    );
    expect(headersOf('/bi/daily_ohlc.csv', '416')).toEqual(['Content-Range', ...budget]);
    for (const path of ['/candles', '/stream/prices', '/bi/symbols.csv', '/health']) {
      expect([path, headersOf(path, '429')]).toEqual([path, ['Retry-After', ...budget]]);
    }
    expect(headersOf('/livez', '200')).toEqual([]);
  });

  it('should be the document that is committed; `npm run openapi` writes it anew', () => {
    const committed: unknown = JSON.parse(readFileSync(resolve(__dirname, '../../docs/openapi.json'), 'utf8'));
    expect(JSON.parse(JSON.stringify(document))).toEqual(committed);
  });

  it('should say null as OpenAPI 3.1 does', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(JSON.stringify(document)).not.toContain('"nullable"');
    expect(document.components?.schemas?.['SymbolDto']).toMatchObject({
      properties: { base_asset: { type: ['string', 'null'] } },
    });
  });
});
