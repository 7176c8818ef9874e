import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';

const CONNECTOR = join(__dirname, '../../bi/looker/Code.js');

/** A field that answers every setter with itself, as the builders of Apps Script do. */
interface Field {
  readonly kind: string;
  readonly values: Record<string, unknown>;
}

export interface LookerStudio {
  /** Addresses that the connector has fetched, in their order. */
  readonly asked: readonly string[];
  /** Calls a function of the connector as Looker Studio does. */
  readonly call: (name: string, request: object) => Record<string, unknown>;
}

/** Looker Studio's side of the connector: enough of the Apps Script services to run it. */
export function looker(answer: (url: string) => { status: number; text: string }): LookerStudio {
  const asked: string[] = [];
  const builder = (kind: string, values: Record<string, unknown> = {}): unknown =>
    new Proxy(
      { kind, values },
      {
        get: (target, name: string, self) => {
          if (name.startsWith('set')) {
            return (value: unknown) => {
              target.values[name.slice(3)] = value;
              return self as unknown;
            };
          }
          if (name === 'getId') return () => target.values['Id'];
          return Reflect.get(target, name) as unknown;
        },
      },
    );
  const fieldSet = (fields: Field[]): object => ({
    newDimension: () => fields[fields.push(builder('dimension') as Field) - 1],
    newMetric: () => fields[fields.push(builder('metric') as Field) - 1],
    forIds: (ids: string[]) => fieldSet(ids.map((id) => fields.find(({ values }) => values['Id'] === id)!)),
    asArray: () => fields,
    build: () => fields.map(({ kind, values }) => ({ kind, ...values })),
  });
  const names = new Proxy({}, { get: (_, name) => name });
  const context = createContext({
    DataStudioApp: {
      createCommunityConnector: () => ({
        FieldType: names,
        AggregationType: names,
        getFields: () => fieldSet([]),
        newUserError: () => {
          const error = {
            setText: (text: string) => ((error.text = text), error),
            setDebugText: () => error,
            text: '',
          } as {
            text: string;
            setText: (text: string) => unknown;
            setDebugText: () => unknown;
            throwException?: () => never;
          };
          error.throwException = () => {
            throw new Error(error.text);
          };
          return error;
        },
      }),
    },
    CacheService: { getScriptCache: () => ({ get: () => null, put: () => undefined }) },
    Utilities: { parseCsv: (text: string) => text.split('\r\n').map((line) => line.split(',')) },
    UrlFetchApp: {
      fetch: (url: string) => {
        asked.push(url);
        const { status, text } = answer(url);
        return { getResponseCode: () => status, getContentText: () => text };
      },
    },
  });
  runInContext(readFileSync(CONNECTOR, 'utf8'), context);
  return {
    asked,
    call: (name, request) => {
      Object.assign(context, { request });
      return JSON.parse(runInContext(`JSON.stringify(${name}(request))`, context) as string) as Record<string, unknown>;
    },
  };
}
