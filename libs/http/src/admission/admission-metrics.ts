import { Counter, Gauge, type MetricsRegistry } from '@app/observability';
import type { AnswerAdmission } from './answer-admission';
import type { CutReason } from './connection';

/** Counts what the admission holds, holds up and cuts off. */
export function admissionMetrics(registry: MetricsRegistry): {
  readonly onCut: (reason: CutReason) => void;
  readonly observe: (admission: AnswerAdmission) => void;
} {
  const registers = [registry];
  const cuts = new Counter({
    name: 'csp_http_connections_cut_total',
    help: 'Connections that were cut off, by reason.',
    labelNames: ['reason'],
    registers,
  });
  return {
    onCut: (reason) => {
      cuts.inc({ reason });
    },
    observe: (admission) => {
      new Gauge({
        name: 'csp_http_answer_bytes',
        help: 'Bytes of answers that were handed over and that their readers have not taken yet.',
        registers,
        collect() {
          this.set(admission.process.bytes);
        },
      });
      new Gauge({
        name: 'csp_http_answers_waiting',
        help: 'Large answers that wait for room.',
        registers,
        collect() {
          this.set(admission.waitingCount);
        },
      });
    },
  };
}
