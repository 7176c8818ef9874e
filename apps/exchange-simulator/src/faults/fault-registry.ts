import { Injectable } from '@nestjs/common';
import { hash32, hashText } from '../market/simulated/hash';
import { ARCHIVE_ROUTE, type AnswerFaultKind, type Fault, type FaultKind, type FaultOf } from './fault';

/** What of a request decides whether a fault meets it. */
export interface FaultTarget {
  readonly path: string;
  readonly symbols: readonly string[];
  /** Where in the answer, for faults that say so. */
  readonly at?: 'request' | 'body';
}

interface ActiveFault {
  readonly fault: Fault;
  remaining: number;
}

const DRAW_KEY = hashText('fault draws');

/** The faults that are switched on. */
@Injectable()
export class FaultRegistry {
  private active: ActiveFault[] = [];
  private draws = 0;
  private listeners: (() => void)[] = [];

  /** Replaces all faults. */
  replace(faults: readonly Fault[]): void {
    this.active = faults.map((fault) => ({
      fault,
      remaining: 'times' in fault && fault.times !== undefined ? fault.times : Infinity,
    }));
    this.draws = 0;
    for (const listener of this.listeners) {
      listener();
    }
  }

  /** Calls `listener` after each replacement. */
  onReplaced(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** The faults that are on, with what is left of their `times`. */
  list(): Record<string, unknown>[] {
    return this.active.map(({ fault, remaining }) => ({
      ...fault,
      ...(Number.isFinite(remaining) ? { times: remaining } : {}),
    }));
  }

  of<K extends FaultKind>(kind: K): FaultOf<K>[] {
    return this.active.map(({ fault }) => fault).filter((fault): fault is FaultOf<K> => fault.kind === kind);
  }

  /** The first fault of a kind that meets the request; it counts as used. */
  take<K extends AnswerFaultKind>(kind: K, target: FaultTarget): FaultOf<K> | undefined {
    const found = this.active.find(({ fault }) => fault.kind === kind && this.meets(fault as FaultOf<K>, target));
    if (found === undefined) {
      return undefined;
    }
    found.remaining -= 1;
    if (found.remaining === 0) {
      this.active = this.active.filter((entry) => entry !== found);
    }
    return found.fault as FaultOf<K>;
  }

  private meets(fault: FaultOf<AnswerFaultKind>, { path, symbols, at }: FaultTarget): boolean {
    if ('at' in fault && fault.at !== at) {
      return false;
    }
    if (fault.route === '*' ? path === ARCHIVE_ROUTE : fault.route !== path) {
      return false;
    }
    if (fault.symbol !== undefined && !symbols.includes(fault.symbol)) {
      return false;
    }
    return fault.probability === undefined || this.draw() < fault.probability;
  }

  /** Evenly spread over [0, 1) and the same in every run. */
  private draw(): number {
    this.draws += 1;
    return hash32(DRAW_KEY, this.draws) / 2 ** 32;
  }
}
