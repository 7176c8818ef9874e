import type { OpenAPIObject } from '@nestjs/swagger';
import { isOpenRoute } from '@app/http';
import { answerHeaders } from './answer-headers';
import { withKeyAnswers } from './key-answers';
import { KEY_IS_OPTIONAL, KEY_SCHEMES, NO_KEY } from './key-schemes';

type Item = OpenAPIObject['paths'][string];
type Operation = NonNullable<Item['get']>;
type Responses = Operation['responses'];

type Parameters = NonNullable<Operation['parameters']>;

interface Response {
  readonly headers?: object;
  readonly content?: Readonly<Record<string, { readonly example?: unknown }>>;
}

const PROBLEM = 'application/problem+json';

/** As many as a table shows. */
const SHOWN_COLUMNS = 3;

/**
 * Says of every route what only the whole document knows: problems name the route that they are of, columns are shown
 * that its rows have, answers of routes that cost a request tell what is left of the budget, and a key may be sent with
 * every request.
 */
export function withOwnAnswers(document: OpenAPIObject): OpenAPIObject {
  const paths = Object.entries(document.paths).map(([path, item]): [string, Item] => {
    if (!item.get) return [path, item];
    const { parameters = [], responses } = item.get;
    // Said once for all: generators take a scheme at an operation for one that it cannot do without.
    const security = isOpenRoute(path) ? { security: NO_KEY } : {};
    const own = {
      parameters: ownParameters(parameters, responses),
      responses: ownResponses(path, withKeyAnswers(responses)),
      ...security,
    };
    return [path, { ...item, get: { ...item.get, ...own } }];
  });
  const components = { ...document.components, securitySchemes: KEY_SCHEMES };
  return { ...document, components, paths: Object.fromEntries(paths), security: KEY_IS_OPTIONAL };
}

/** Rows of a list are those of its example. */
function ownParameters(parameters: Parameters, responses: Responses): Parameters {
  const { content } = (responses['200'] ?? {}) as Response;
  const { data: [row] = [] } = (content?.['application/json']?.example ?? {}) as { data?: readonly object[] };
  if (row === undefined) return parameters;
  const example = Object.keys(row).slice(0, SHOWN_COLUMNS).join(',');
  return parameters.map((parameter) => {
    if (!('schema' in parameter) || parameter.name !== 'columns') return parameter;
    return { ...parameter, schema: { ...parameter.schema, example } };
  });
}

function ownResponses(path: string, responses: Responses): Responses {
  const budget = '429' in responses ? answerHeaders('RateLimit', 'RateLimit-Policy') : {};
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => {
      const { headers, content, ...rest } = response as Response;
      return [
        status,
        {
          ...rest,
          headers: { ...headers, ...budget },
          ...(content ? { content: ownContent(path, content) } : {}),
        },
      ];
    }),
  ) as Responses;
}

function ownContent(path: string, content: NonNullable<Response['content']>): NonNullable<Response['content']> {
  return Object.fromEntries(
    Object.entries(content).map(([type, media]) => {
      if (type !== PROBLEM || typeof media.example !== 'object') return [type, media];
      return [type, { ...media, example: { ...media.example, instance: path } }];
    }),
  );
}
