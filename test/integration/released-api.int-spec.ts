import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import { describeOasdiff, releasedApiCheck } from '../support/oasdiff';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
interface Schema {
  type: unknown;
  enum: unknown[];
  default: unknown;
  maximum: number;
  pattern: string;
}
interface Parameter {
  name: string;
  required: boolean;
  schema: Schema;
}
interface Answer {
  content: Record<string, object>;
  headers: Record<string, object>;
}
interface Item {
  properties: Record<string, Schema>;
  required: string[];
}

type Change = (document: OpenAPIObject) => void;

const CURRENT = resolve(__dirname, '../../docs/openapi.json');

const operation = (document: OpenAPIObject, path: string): Operation => {
  const found = document.paths[path]?.get;
  if (!found) throw new Error(`no ${path} in the description`);
  return found;
};
const parameter = (document: OpenAPIObject, path: string, name: string): Parameter => {
  const found = (operation(document, path).parameters as Parameter[]).find((one) => one.name === name);
  if (!found) throw new Error(`no ${name} of ${path} in the description`);
  return found;
};
const answer = (document: OpenAPIObject, path: string, status: string): Answer =>
  operation(document, path).responses[status] as Answer;
const item = (document: OpenAPIObject, name: string): Item => document.components?.schemas?.[name] as Item;
const field = (document: OpenAPIObject, schema: string, name: string): Schema => {
  const found = item(document, schema).properties[name];
  if (!found) throw new Error(`no ${name} of ${schema} in the description`);
  return found;
};
function rename(values: Record<string, unknown>, from: string, to: string): void {
  values[to] = values[from];
  Reflect.deleteProperty(values, from);
}

const BREAKING: Readonly<Record<string, Change>> = {
  'a path is removed': (api) => delete api.paths['/coverage'],
  'a path is renamed': (api) => {
    rename(api.paths, '/candles', '/klines');
  },
  'an operation is renamed': (api) => (operation(api, '/candles').operationId = 'listKlines'),
  'a parameter is removed': (api) => {
    const { parameters } = operation(api, '/candles') as { parameters: Parameter[] };
    parameters.splice(0, parameters.length, ...parameters.filter(({ name }) => name !== 'as_of'));
  },
  'a parameter is renamed': (api) => (parameter(api, '/candles', 'as_of').name = 'asOf'),
  'a parameter becomes required': (api) => (parameter(api, '/candles', 'symbol').required = true),
  'a parameter has another type': (api) => (parameter(api, '/candles', 'symbol').schema.type = 'integer'),
  'a parameter has a smaller range': (api) => (parameter(api, '/candles', 'limit').schema.maximum = 100),
  'a parameter has a pattern': (api) => (parameter(api, '/candles', 'start').schema.pattern = '^\\d{13}$'),
  'a parameter takes one value less': (api) => parameter(api, '/candles', 'interval').schema.enum.pop(),
  'a value of a parameter is renamed': (api) => {
    const { schema } = parameter(api, '/candles', 'format');
    schema.enum = schema.enum.map((value) => (value === 'ndjson' ? 'jsonl' : value));
  },
  'a field is removed': (api) => {
    const candle = item(api, 'CandleDto');
    delete candle.properties['taker_buy_volume'];
    candle.required = candle.required.filter((name) => name !== 'taker_buy_volume');
  },
  'a field is renamed': (api) => {
    const candle = item(api, 'CandleDto');
    rename(candle.properties, 'open_time', 'openTime');
    candle.required = candle.required.map((name) => (name === 'open_time' ? 'openTime' : name));
  },
  'a field may be absent': (api) => {
    const candle = item(api, 'CandleDto');
    candle.required = candle.required.filter((name) => name !== 'close');
  },
  'a field has another type': (api) => (field(api, 'CandleDto', 'close').type = 'number'),
  'a field may be null': (api) => (field(api, 'CandleDto', 'close').type = ['string', 'null']),
  'a field has a value that clients do not know': (api) => field(api, 'CoverageDto', 'state').enum.push('unknown'),
  'a schema is renamed': (api) => {
    const text = JSON.stringify(api).replaceAll('"CandleDto"', '"KlineDto"').replaceAll('/CandleDto"', '/KlineDto"');
    Object.assign(api, JSON.parse(text));
  },
  'a format is removed': (api) => delete answer(api, '/candles', '200').content['text/csv'],
  'a header is removed': (api) => delete answer(api, '/candles', '200').headers['X-Feed-Position'],
  'the tag of an operation is another': (api) => (operation(api, '/candles').tags = ['history']),
  'a default is another': (api) => (parameter(api, '/candles', 'interval').schema.default = '1h'),
  'a default is added, which clients send': (api) => (parameter(api, '/candles', 'limit').schema.default = 500),
  'an answer is removed': (api) => delete operation(api, '/candles').responses['200'],
};

const COMPATIBLE: Readonly<Record<string, Change>> = {
  'nothing changes': () => undefined,
  'a path is added': (api) =>
    (api.paths['/more'] = { get: { ...operation(api, '/coverage'), operationId: 'listMore' } }),
  'a parameter is added that may be left out': (api) => {
    operation(api, '/candles').parameters?.push({ name: 'more', in: 'query', schema: { type: 'string' } });
  },
  'a parameter takes one value more': (api) => parameter(api, '/candles', 'format').schema.enum.push('avro'),
  'a parameter has a larger range': (api) => (parameter(api, '/candles', 'limit').schema.maximum *= 2),
  'a field is added': (api) => (item(api, 'CandleDto').properties['more'] = { type: 'string' } as Schema),
  'a format is added': (api) =>
    (answer(api, '/candles', '200').content['application/avro'] = { schema: { type: 'string' } }),
  'a description is put better': (api) => (operation(api, '/candles').description = 'Candles.'),
};

/** `npm run lint:released` with one change at a time. */
describeOasdiff('the check of the API against the released one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'csp-released-'));

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function changed(change: Change): string {
    const document = JSON.parse(readFileSync(CURRENT, 'utf8')) as OpenAPIObject;
    change(document);
    const file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(document));
    return file;
  }

  it.each(Object.entries(BREAKING))('should fail where %s (25)', async (_, change) => {
    const { code, output } = await releasedApiCheck(CURRENT, changed(change));
    expect([code, output]).toEqual([1, expect.stringMatching(/^(?:error|warning)\b/m)]);
  });

  it.each(Object.entries(COMPATIBLE))('should pass where %s', async (_, change) => {
    const { code, output } = await releasedApiCheck(CURRENT, changed(change));
    expect([code, output]).toEqual([0, expect.not.stringMatching(/^(?:error|warning)\b/m)]);
  });

  it('should let a version break clients that says so: the second number before 1.0, the first after it', async () => {
    const of = (version: string): string =>
      changed((api) => {
        delete api.paths['/coverage'];
        api.info.version = version;
      });
    expect((await releasedApiCheck(CURRENT, of('0.2.0'))).code).toBe(0);
    expect((await releasedApiCheck(CURRENT, of('0.1.1'))).code).toBe(1);
  });
});
