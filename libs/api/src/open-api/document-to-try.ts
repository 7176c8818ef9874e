import type { OpenAPIObject } from '@nestjs/swagger';

interface Parameter {
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: unknown;
  readonly schema?: { readonly default?: unknown; readonly example?: unknown };
}

/** What makes the first answer short, and is there in every store that was set up as the examples are. */
const FILLED_IN = 'symbol';

/** What a route wants together, though each of it may be left out for something else. */
const WANTED: Readonly<Record<string, readonly string[]>> = { '/trades/range': ['start', 'end'] };

/** It excludes what is filled in. */
const EXCLUDING = 'last';

/**
 * The description for Swagger UI, which fills in every example when somebody tries a route: a cursor of another question,
 * or a window given twice, would be refused. So parameters that may be left out show their example in words only.
 */
export function documentToTry(document: OpenAPIObject): OpenAPIObject {
  const paths = Object.entries(document.paths).map(([path, item]) => {
    if (!item.get) return [path, item] as const;
    const parameters = (item.get.parameters ?? []).map((parameter) => leftEmpty(path, parameter as Parameter));
    return [path, { ...item, get: { ...item.get, parameters } }] as const;
  });
  const description = `${document.info.description ?? ''} For machines: [openapi.json](openapi.json).`;
  return {
    ...document,
    info: { ...document.info, description },
    paths: Object.fromEntries(paths) as OpenAPIObject['paths'],
  };
}

function leftEmpty(path: string, parameter: Parameter): Parameter {
  const { name, required = false, description = '', example: ownExample, schema, ...rest } = parameter;
  const isWanted = required || name === FILLED_IN || WANTED[path]?.includes(name) === true;
  if (isWanted || schema?.default !== undefined) return parameter;
  const { example = ownExample, ...kind } = schema ?? {};
  if (typeof example !== 'string' && name !== EXCLUDING) return parameter;
  return { ...rest, name, required, description: `${description} For example \`${String(example)}\`.`, schema: kind };
}
