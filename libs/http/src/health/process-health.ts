import { Injectable } from '@nestjs/common';

/** How one part of the process does. */
export interface CheckResult {
  readonly ok: boolean;
  /** One readable line without paths; may be empty when ok. */
  readonly detail: string;
}

export type Check = () => CheckResult | Promise<CheckResult>;

export interface CheckReport {
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

async function run(checks: ReadonlyMap<string, Check>): Promise<CheckReport> {
  const results: Record<string, CheckResult> = {};
  for (const [name, check] of checks) {
    try {
      results[name] = await check();
    } catch {
      results[name] = { ok: false, detail: 'the check itself failed' };
    }
  }
  return { ok: Object.values(results).every(({ ok }) => ok), checks: results };
}

/**
 * What is asked before this process is called alive or ready. Alive speaks of the process alone (a restart would cure
 * it); ready also of what it depends on.
 */
@Injectable()
export class ProcessHealth {
  private readonly liveChecks = new Map<string, Check>();
  private readonly readyChecks = new Map<string, Check>();
  private readonly noteSources: (() => readonly string[])[] = [];

  addLiveCheck(name: string, check: Check): void {
    this.liveChecks.set(name, check);
  }

  addReadyCheck(name: string, check: Check): void {
    this.readyChecks.set(name, check);
  }

  /** `source` tells what is not as it should be and stops nothing, one readable line each, without paths. */
  addNotes(source: () => readonly string[]): void {
    this.noteSources.push(source);
  }

  notes(): string[] {
    return this.noteSources.flatMap((source) => source());
  }

  live(): Promise<CheckReport> {
    return run(this.liveChecks);
  }

  ready(): Promise<CheckReport> {
    return run(this.readyChecks);
  }
}
