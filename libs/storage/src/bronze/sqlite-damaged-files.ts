import { DamagedFiles, type FileDamage } from '@app/bronze';
import { BRONZE_ALTERED_FACT, BRONZE_DAMAGE_FACT, type StoreFacts } from '../database/store-facts';

const FACTS: Readonly<Record<FileDamage, string>> = { shorter: BRONZE_DAMAGE_FACT, altered: BRONZE_ALTERED_FACT };

/** Bronze files that were found damaged, among the facts of the database. */
export class SqliteDamagedFiles extends DamagedFiles {
  constructor(private readonly facts: StoreFacts) {
    super();
  }

  found(damage: FileDamage): string[] {
    const fact = this.facts.get(FACTS[damage]);
    return fact === undefined ? [] : (JSON.parse(fact) as string[]);
  }

  note(damage: FileDamage, files: readonly string[]): void {
    this.facts.set(FACTS[damage], files.length === 0 ? undefined : JSON.stringify(files));
  }
}
