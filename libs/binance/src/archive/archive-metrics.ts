import { Counter, type MetricsRegistry } from '@app/observability';

/** What the archive client counts. Labels are from short fixed lists: never a symbol, a host or a file. */
export class ArchiveMetrics {
  readonly requests: Counter<'outcome'>;
  readonly retries: Counter<'reason'>;
  readonly bytes: Counter;
  readonly rows: Counter;
  readonly duplicates: Counter;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
    this.requests = new Counter({
      name: 'csp_archive_requests_total',
      help: 'Requests sent to the file archive, checksums included, by outcome.',
      labelNames: ['outcome'],
      registers,
    });
    this.retries = new Counter({
      name: 'csp_archive_retries_total',
      help: 'Files fetched again, by what went wrong before.',
      labelNames: ['reason'],
      registers,
    });
    this.bytes = new Counter({
      name: 'csp_archive_bytes_total',
      help: 'Bytes of archive files fetched.',
      registers,
    });
    this.rows = new Counter({
      name: 'csp_archive_rows_total',
      help: 'Rows read from verified archive files.',
      registers,
    });
    this.duplicates = new Counter({
      name: 'csp_archive_duplicate_rows_total',
      help: 'Rows passed over because the file has them more than once.',
      registers,
    });
  }
}
