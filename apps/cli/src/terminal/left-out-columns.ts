import { formatBucketTime, type LeftOutMinutes } from '@app/domain';
import type { TableColumn } from './table';

/** Minutes that a command left out, and why. */
export const LEFT_OUT_COLUMNS: readonly TableColumn<LeftOutMinutes & { readonly symbol: string }>[] = [
  { title: 'left out', cell: ({ symbol }) => symbol },
  { title: 'start', cell: ({ start }) => formatBucketTime(start) },
  { title: 'end', cell: ({ end }) => formatBucketTime(end) },
  { title: 'reason', cell: ({ detail }) => detail },
];
