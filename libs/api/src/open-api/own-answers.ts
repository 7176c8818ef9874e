import type { OpenAPIObject } from '@nestjs/swagger';
import { answerHeaders } from './answer-headers';

type Item = OpenAPIObject['paths'][string];
type Operation = NonNullable<Item['get']>;
type Responses = Operation['responses'];

interface Response {
  readonly headers?: object;
  readonly content?: Readonly<Record<string, { readonly example?: unknown }>>;
}

const PROBLEM = 'application/problem+json';

/**
 * Says of every route what only the whole document knows: problems name the route that they are of, and answers of
 * routes that cost a request tell what is left of the budget. No key is needed anywhere.
 */
export function withOwnAnswers(document: OpenAPIObject): OpenAPIObject {
  const paths = Object.entries(document.paths).map(([path, item]): [string, Item] => {
    if (!item.get) return [path, item];
    return [path, { ...item, get: { ...item.get, responses: ownResponses(path, item.get.responses) } }];
  });
  return { ...document, paths: Object.fromEntries(paths), security: [] };
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
