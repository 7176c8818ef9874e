/** What a generator of clients reads of `/openapi.json`. */
export interface ApiDescription {
  readonly paths: Readonly<Record<string, { readonly get: DescribedOperation }>>;
  readonly components: object;
}

interface DescribedParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly example?: unknown;
  readonly schema: { readonly example?: unknown };
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly parameters?: readonly DescribedParameter[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

/** A call as a program makes it that was written with the description in hand. */
export interface DescribedCall {
  readonly operationId: string;
  readonly path: string;
  /** Of the path, and of the query. */
  readonly values: {
    readonly path?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string | number>>;
  };
  readonly kind: 'json' | 'stream' | 'text';
  /** What may come of it. */
  readonly statuses: readonly number[];
}

const NAMED = ['symbol', 'start', 'end'] as const;

export type CallValues = Readonly<Record<(typeof NAMED)[number], string>>;

function kindOf({ responses }: DescribedOperation): DescribedCall['kind'] {
  const [type = ''] = Object.keys(responses['200']?.content ?? {});
  if (type === 'text/event-stream') return 'stream';
  return type === 'application/json' ? 'json' : 'text';
}

/** Examples of what has to be there; a part of a path is of somebody else's store, so it may be unknown here. */
function examplesOf(parameters: readonly DescribedParameter[], place: string): Record<string, string> {
  const wanted = parameters.filter((parameter) => parameter.in === place && parameter.required === true);
  return Object.fromEntries(wanted.map(({ name, example, schema }) => [name, String(example ?? schema.example)]));
}

/**
 * Two calls of each route: one that leaves out the time, and one with `start` and `end` where the route takes them; both
 * with a symbol, where it takes one.
 */
export function describedCalls({ paths }: ApiDescription, values: CallValues): DescribedCall[] {
  return Object.entries(paths).flatMap(([path, { get: operation }]) => {
    const { operationId, parameters = [], responses } = operation;
    const names = new Set(parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name));
    const taken = (wanted: readonly (typeof NAMED)[number][]): Record<string, string> =>
      Object.fromEntries(wanted.filter((name) => names.has(name)).map((name) => [name, values[name]]));
    const inPath = examplesOf(parameters, 'path');
    const isFixed = Object.keys(inPath).length === 0;
    const call = (query: Record<string, string | number>): DescribedCall => ({
      operationId,
      path,
      values: {
        ...(isFixed ? {} : { path: inPath }),
        ...(Object.keys(query).length === 0 ? {} : { query }),
      },
      kind: kindOf(operation),
      statuses: isFixed
        ? [200]
        : Object.keys(responses)
            .map(Number)
            .filter((status) => status < 500),
    });
    const timeless = {
      ...examplesOf(parameters, 'query'),
      ...taken(['symbol']),
      ...(names.has('last') ? { last: 5 } : {}),
    };
    return names.has('start') ? [call(timeless), call(taken(NAMED))] : [call(timeless)];
  });
}
