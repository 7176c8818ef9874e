import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '@app/config';
import { SymbolReader, type FieldProblem, type SymbolsQuery } from '@app/domain';
import { ProblemError, shownValue } from '@app/http';
import { ServedSymbols } from './served-symbols';

/** Most configured symbols that an error lists. */
const LISTED = 20;

/**
 * What a cursor says of the symbols of its question. One that names none goes on when there are more of them, or fewer: it
 * is about all of them, whichever these are.
 */
export function scopeOf({ symbol, symbols }: SymbolsQuery, resolved: readonly string[]): readonly string[] | 'all' {
  return symbol || symbols ? resolved : 'all';
}

/** Which symbols a request is about. */
@Injectable()
export class SymbolSelection {
  private readonly configured: ReadonlySet<string>;

  constructor(
    @Inject(APP_CONFIG) config: AppConfig,
    private readonly reader: SymbolReader,
    private readonly served: ServedSymbols,
  ) {
    this.configured = new Set(config.symbols);
  }

  /**
   * The union of `symbol` and `symbols`, or all that `SYMBOLS` means when neither is given. Symbols that are stored but
   * no longer configured are served. @throws ProblemError 404 naming the symbols that are neither
   */
  async resolve({ symbol, symbols }: SymbolsQuery): Promise<readonly string[]> {
    if (!symbol && !symbols) return this.served.all();
    const asked = [...new Set([...(symbol ?? []), ...(symbols ?? [])])];
    if (asked.every((name) => this.configured.has(name))) return asked;
    const stored = new Set(await this.reader.known());
    const unknown = Object.entries({ symbol, symbols }).flatMap(([field, names = []]) => {
      const others = names.filter((name) => !this.configured.has(name) && !stored.has(name));
      return others.length > 0 ? [{ field, value: shownValue(others.join(',')) }] : [];
    });
    if (unknown.length > 0) throw unknownSymbols(unknown, await this.served.all());
    return asked;
  }
}

function unknownSymbols(
  unknown: readonly Pick<FieldProblem, 'field' | 'value'>[],
  served: readonly string[],
): ProblemError {
  const listed = served.slice(0, LISTED).join(', ');
  const allowed = `a symbol that is captured or stored: ${listed}${served.length > LISTED ? ', ...' : ''} (all in /symbols)`;
  const named = unknown.map(({ field, value }) => `${field}: ${JSON.stringify(value)}`).join(' and ');
  return new ProblemError({
    status: 404,
    code: 'SYMBOL.UNKNOWN',
    title: 'The symbol is not known here',
    detail: `${named} is not known here; expected ${allowed}`,
    errors: unknown.map((problem) => ({ ...problem, allowed })),
  });
}
