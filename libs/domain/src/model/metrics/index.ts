export { METRICS_REACH, METRICS_VERSION, metricsOfDays, type DailyMetrics } from './daily-metrics';
export type { MetricsDay } from './metrics-day';
