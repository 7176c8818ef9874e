const IGNORE_UNKNOWN = 'csp:ignore-unknown-parameters';

/** Parameters that a query DTO does not know are ignored instead of refused: sheets append cache-busters. */
export function IgnoreUnknownParameters(): ClassDecorator {
  return (target) => {
    Reflect.defineMetadata(IGNORE_UNKNOWN, true, target);
  };
}

export function ignoresUnknownParameters(dto: object): boolean {
  return Reflect.getMetadata(IGNORE_UNKNOWN, dto) === true;
}
