import type { OpenAPIObject } from '@nestjs/swagger';

type Schemes = NonNullable<NonNullable<OpenAPIObject['components']>['securitySchemes']>;
type Security = NonNullable<OpenAPIObject['security']>;

/** The three ways in which a key is sent; one is enough. */
export const KEY_SCHEMES: Schemes = {
  apiKeyHeader: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The key in a header.' },
  bearerKey: { type: 'http', scheme: 'bearer', description: 'The key as a bearer token.' },
  apiKeyParameter: {
    type: 'apiKey',
    in: 'query',
    name: 'api_key',
    description: 'The key in the address, for tools that send no headers.',
  },
};

/** Without a key, or with one in any way; the operator may require one (`REQUIRE_API_KEY`). */
export const KEY_IS_OPTIONAL: Security = [{}, ...Object.keys(KEY_SCHEMES).map((name) => ({ [name]: [] }))];

/** What is open to everybody also where a key is required. */
export const NO_KEY: Security = [];
