import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiResponse, getSchemaPath, type ApiResponseOptions } from '@nestjs/swagger';
import { ProblemDto } from '@app/domain';
import { KEY_PROBLEMS, problemBody } from '@app/http';
import { answerHeaders, type HeaderName } from './answer-headers';

const PROBLEMS = {
  400: {
    description: 'A parameter is not allowed; `errors` names field, value and what is allowed.',
    code: 'REQUEST.INVALID_PARAMETER',
    title: 'A parameter is not allowed',
    field: { field: 'limit', value: '0', allowed: 'one whole number from 1 to 5000' },
    detail: 'limit: "0" is not allowed; expected one whole number from 1 to 5000',
  },
  401: {
    description: 'The key is unknown, expired or revoked, or one is required here and none was sent.',
    code: KEY_PROBLEMS.unknown.code,
    title: KEY_PROBLEMS.unknown.title,
    field: undefined,
    detail: KEY_PROBLEMS.unknown.detail,
  },
  404: {
    description: 'The symbol is neither captured nor stored.',
    code: 'SYMBOL.UNKNOWN',
    title: 'The symbol is not known here',
    field: {
      field: 'symbol',
      value: 'NOPE',
      allowed: 'a symbol that is captured or stored: BTCUSDT, ETHUSDT (all in /symbols)',
    },
    detail:
      'symbol: "NOPE" is not known here; expected a symbol that is captured or stored: BTCUSDT, ETHUSDT (all in /symbols)',
  },
  409: {
    description: 'The exchange has not told yet where the three-day candles of the symbol begin.',
    code: 'CANDLE.GRID_UNKNOWN',
    title: 'Where three-day candles begin is not known yet',
    field: undefined,
    detail:
      'interval: "3d" cannot be served for BTCUSDT yet; expected another interval, until the exchange has told when its ' +
      'history of the symbol begins, which three-day candles are counted from',
  },
  414: {
    description: 'A part of the path is longer than any name here.',
    code: 'REQUEST.URL_TOO_LONG',
    title: 'The address is too long',
    field: undefined,
    detail: 'The address is too long.',
  },
  416: {
    description: 'The `Range` is past the end of the file; `Content-Range` has its length.',
    code: 'REQUEST.RANGE_NOT_SATISFIABLE',
    title: 'The range is past the end',
    field: undefined,
    detail: 'Range is past the end; the file has 1820 bytes.',
  },
  422: {
    description: 'A value of the list does not fit its column of a Parquet file; other formats have it.',
    code: 'LIST.VALUE_DOES_NOT_FIT',
    title: 'A value does not fit its column',
    field: undefined,
    detail:
      'volume: "0.000000001" does not fit a Parquet column of decimal text of at most 30 digits before and 8 behind the ' +
      'point; ask for csv or ndjson',
  },
  429: {
    description: 'The request budget is used up; `Retry-After` says when to go on.',
    code: 'THROTTLE.LIMIT_EXCEEDED',
    title: 'Too many requests',
    field: undefined,
    detail: 'The request budget is used up; Retry-After says when to go on.',
  },
  503: {
    description:
      'The store cannot be read yet, too many large answers are asked for, or there is no room for the temporary file of a ' +
      'Parquet list; `Retry-After` says when to ask again.',
    code: 'STORE.NOT_READY',
    title: 'The store cannot be read yet',
    field: undefined,
    detail: 'There is no database yet: start capture first.',
  },
} as const;

/** What a problem says in its headers. */
const PROBLEM_HEADERS = {
  400: [],
  401: ['WWW-Authenticate'],
  404: [],
  409: ['Retry-After'],
  414: [],
  416: ['Content-Range'],
  422: [],
  429: ['Retry-After'],
  503: ['Retry-After'],
} as const satisfies Readonly<Record<number, readonly HeaderName[]>>;

export type ProblemStatus = keyof typeof PROBLEMS;

/** How a problem is described. */
export function problemResponse(status: ProblemStatus): ApiResponseOptions {
  const { description, code, title, field, detail } = PROBLEMS[status];
  const options = { status, code, title, detail, ...(field ? { errors: [field] } : {}) };
  return {
    status,
    description,
    headers: answerHeaders(...PROBLEM_HEADERS[status]),
    content: {
      'application/problem+json': {
        schema: { $ref: getSchemaPath(ProblemDto) },
        example: problemBody(options, '/trades/latest'),
      },
    },
  };
}

/** Documents the problems that a route may answer with. */
export function AnswersProblems(...statuses: readonly ProblemStatus[]): MethodDecorator & ClassDecorator {
  return applyDecorators(ApiExtraModels(ProblemDto), ...statuses.map((status) => ApiResponse(problemResponse(status))));
}

/** Documents a list with an example, and the problems of every route that reads the store. */
export function AnswersList(type: Type, example: { readonly data: readonly object[] }): MethodDecorator {
  const [item = {}] = example.data;
  return applyDecorators(
    ApiExtraModels(type),
    ApiOkResponse({
      description: 'One page; `next_url` is null on the last, and `Link` says the same in every format.',
      headers: answerHeaders('ETag', 'Cache-Control', 'Link', 'X-Feed-Position'),
      content: {
        'application/json': { schema: { $ref: getSchemaPath(type) }, example },
        'text/csv': {
          schema: { type: 'string' },
          example: `${Object.keys(item).join(',')}\r\n${Object.values(item).join(',')}\r\n`,
        },
        'application/x-ndjson': { schema: { type: 'string' }, example: `${JSON.stringify(item)}\n` },
        // Its first bytes: no text can show more.
        'application/vnd.apache.parquet': { schema: { type: 'string', format: 'binary' }, example: 'PAR1' },
      },
    }),
    ApiResponse({
      status: 206,
      // Without content, although it has that of the whole: a part of a page is no page, and any type here would become one
      // of the types that lists have in generated clients.
      description:
        'The bytes asked for with `Range`, of an answer of up to 5,000 rows, with the content type of the whole.',
      headers: answerHeaders('ETag', 'Cache-Control', 'Link', 'X-Feed-Position', 'Content-Range'),
    }),
    ApiResponse({ status: 304, description: 'Unchanged since the `ETag` sent.', headers: answerHeaders('ETag') }),
    AnswersProblems(400, 404, 416, 422, 429, 503),
  );
}

const TABLE_HEADERS = ['ETag', 'Last-Modified', 'Cache-Control'] as const;

/** Documents a CSV answer with an example, and the problems of every route that reads the store. */
export function AnswersCsv(description: string, example: string): MethodDecorator {
  const content = { 'text/csv': { schema: { type: 'string' }, example } } as const;
  return applyDecorators(
    ApiOkResponse({
      description,
      content,
      headers: answerHeaders(...TABLE_HEADERS, 'Accept-Ranges', 'Content-Disposition'),
    }),
    ApiResponse({
      status: 206,
      description: 'The bytes asked for with `Range`.',
      content,
      headers: answerHeaders(...TABLE_HEADERS, 'Content-Range', 'Content-Disposition'),
    }),
    ApiResponse({
      status: 304,
      description: 'Unchanged since the `ETag` or date sent.',
      headers: answerHeaders(...TABLE_HEADERS),
    }),
    AnswersProblems(400, 404, 416, 429, 503),
  );
}

/** Documents a stream with an example, and the problems of every route that reads the store. */
export function AnswersStream(example: string): MethodDecorator {
  return applyDecorators(
    ApiOkResponse({
      description: 'Events without end; a comment every 15 s while there are none.',
      headers: answerHeaders('Cache-Control'),
      content: { 'text/event-stream': { schema: { type: 'string' }, example } },
    }),
    AnswersProblems(400, 404, 429, 503),
  );
}
