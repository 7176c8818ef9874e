import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020';
import type { Question } from './random-questions';
import type { RawAnswer } from './raw-request';

interface DescribedResponse {
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;
}

export interface DescribedAnswers {
  readonly responses: Readonly<Record<string, DescribedResponse>>;
}

const LIST_TYPES = /^(?:text\/csv|application\/(?:x-ndjson|vnd\.apache\.parquet))$/;
const JSON_TYPES = /^application\/(?:problem\+)?json$/;

/** Holds answers against the description that the service gives of itself. */
export class AnswerCheck {
  private readonly ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: { date: true, 'date-time': true },
  });

  constructor(document: object) {
    this.ajv.addSchema(document, 'api');
  }

  /** What of the answer the description does not have; nothing where all is as it says. */
  faultsOf(path: string, { responses }: DescribedAnswers, asked: Question, answer: RawAnswer): unknown[] {
    const { status, headers, body } = answer;
    const described = responses[String(status)];
    if (!described || status >= 500) return [`status ${status}: ${body.toString().slice(0, 300)}`];
    const type = String(headers['content-type']).split(';')[0] ?? '';
    const faults: unknown[] = this.missingHeaders(described, asked, answer, type);
    if (asked.method === 'HEAD' && body.length > 0) faults.push(`a body of ${body.length} bytes to HEAD`);
    if (status >= 400 && headers['cache-control'] !== 'no-store') faults.push('an error that caches may keep');
    const types = Object.keys(described.content ?? {});
    if (types.length === 0) {
      // Parts are of the type of the whole.
      if (status !== 206 && body.length > 0) faults.push(`a body of ${body.length} bytes`);
      return faults;
    }
    if (!types.includes(type)) return [...faults, `type ${type}`];
    // A part is no whole, and items with some of their fields only are no items of the schema.
    const isPart = status === 206 || (status === 200 && /[?&]columns=/.test(asked.path));
    // A path with names in it leads to a file, which is described as its bytes.
    const isFile = status === 200 && path.includes('{');
    return asked.method === 'GET' && !isPart && !isFile
      ? [...faults, ...this.bodyFaults(path, answer, type, described)]
      : faults;
  }

  private missingHeaders(
    { headers = {} }: DescribedResponse,
    asked: Question,
    answer: RawAnswer,
    type: string,
  ): string[] {
    // A list of more than a page is not one buffer, of which the version would be known before it is sent.
    const isLong =
      LIST_TYPES.test(type) && (answer.headers['content-length'] === undefined || type.includes('parquet'));
    return Object.keys(headers)
      .filter((name) => name !== 'Link' && !(isLong && /^(?:ETag|Accept-Ranges)$/.test(name)))
      .filter((name) => answer.headers[name.toLowerCase()] === undefined)
      .map((name) => `${asked.method} without ${name}`);
  }

  private bodyFaults(path: string, answer: RawAnswer, type: string, { content = {} }: DescribedResponse): unknown[] {
    const text = decoded(answer).toString();
    if (JSON_TYPES.test(type)) return this.schemaFaults(pointerTo(path, answer.status, type), JSON.parse(text));
    if (type === 'application/x-ndjson') {
      const page = pointerTo(path, answer.status, 'application/json');
      const data = text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown);
      return this.schemaFaults(page, { data, next_cursor: null, next_url: null });
    }
    if (type === 'text/csv') return csvFaults(text, String(content[type]?.example));
    return [];
  }

  private schemaFaults(pointer: string, value: unknown): unknown[] {
    const validate = this.ajv.getSchema(pointer);
    if (!validate) return [`no schema at ${pointer}`];
    return validate(value) === true ? [] : (validate.errors ?? []);
  }
}

function pointerTo(path: string, status: number, type: string): string {
  const parts = ['paths', path, 'get', 'responses', String(status), 'content', type, 'schema'];
  return `api#/${parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
}

function decoded({ headers, body }: RawAnswer): Buffer {
  if (headers['content-encoding'] === 'br') return brotliDecompressSync(body);
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** Lines as the options want them; without any, below the header of the example. */
function csvFaults(text: string, example: string): string[] {
  const lines = text.split('\r\n');
  if (lines.pop() !== '') return ['a last line that does not end'];
  const header = lines[0]?.replace(/^\ufeff/, '').split(/[,;\t]/) ?? [];
  const wanted = example.split('\r\n')[0]?.split(',') ?? [];
  const isWide = !header.includes('symbol') && /^(?:date|open_time)$/.test(header[0] ?? '');
  return isWide || header.join() === wanted.join() ? [] : [`columns ${header.join()}`];
}
