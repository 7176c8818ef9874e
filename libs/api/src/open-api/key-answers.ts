import type { OpenAPIObject } from '@nestjs/swagger';
import { KEY_PROBLEMS, problemBody, type ProblemOptions } from '@app/http';
import { answerHeaders, type HeaderName } from './answer-headers';
import { problemResponse } from './answers.decorator';

type Responses = NonNullable<OpenAPIObject['paths'][string]['get']>['responses'];

/** What every route may answer to whoever sends a key, beside what the route says of these statuses itself. */
export function withKeyAnswers(responses: Responses): Responses {
  return {
    400: described(KEY_PROBLEMS.contradictory, 'Two different keys were sent.'),
    503: described(
      KEY_PROBLEMS['not readable'],
      'A key was sent, and the store that has the keys cannot be read yet.',
      'Retry-After',
    ),
    ...responses,
    401: unauthorized(),
  } as Responses;
}

function described(problem: ProblemOptions, description: string, ...says: HeaderName[]): object {
  const { content } = problemResponse(400) as { readonly content: Readonly<Record<string, object>> };
  const [[type, media] = ['', {}]] = Object.entries(content);
  return {
    description,
    headers: answerHeaders(...says),
    content: { [type]: { ...media, example: problemBody(problem, '/') } },
  };
}

function unauthorized(): object {
  const { description, headers, content } = problemResponse(401) as Readonly<Record<string, unknown>>;
  return { description, headers, content };
}
