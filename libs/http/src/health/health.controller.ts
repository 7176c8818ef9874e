import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { JobRunner } from '@app/jobs';
import { problemBody } from '../problem.error';
import { problemOfStatus } from '../problem-from-error';
import { HealthReport, type HealthStatus } from './health-report';

const TIME_OR_NULL = { type: 'string', format: 'date-time', nullable: true };

const JOB_SCHEMA = {
  type: 'object',
  required: ['name', 'scope', 'state', 'last_run_at', 'last_result', 'last_seconds', 'next_run_at'],
  properties: {
    name: { type: 'string' },
    scope: { type: 'string', enum: ['capture', 'history', 'process'] },
    state: { type: 'string', enum: ['off', 'stopped', 'waiting', 'running', 'done'] },
    last_run_at: TIME_OR_NULL,
    last_result: { type: 'string', enum: ['ok', 'failed', null], nullable: true },
    last_seconds: { type: 'number', nullable: true },
    next_run_at: TIME_OR_NULL,
  },
};

const JOB_EXAMPLE = {
  name: 'candle-sync',
  scope: 'capture',
  state: 'waiting',
  last_run_at: '2026-01-15T14:03:05.001Z',
  last_result: 'ok',
  last_seconds: 0.214,
  next_run_at: '2026-01-15T14:04:05.000Z',
};

/** The summary for people; always 200, `status` says how things are. */
@ApiTags('operations')
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthReport,
    private readonly jobs: JobRunner,
  ) {}

  @Get('health')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    operationId: 'getHealth',
    summary: 'How capture, store and the other processes do.',
    description:
      '`status` is `degraded` where something needs attention, and `reasons` has a readable line for each thing that does. The API ' +
      'adds the state of each symbol, and what the other processes say of themselves. For people and monitoring: probes ask ' +
      '`/livez` and `/readyz`.',
  })
  @ApiOkResponse({
    description: 'Always, whatever `status` says.',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          additionalProperties: true,
          required: ['status', 'reasons'],
          properties: {
            status: { type: 'string', enum: ['ok', 'degraded'] },
            reasons: { type: 'array', items: { type: 'string' }, description: 'What is degraded, in words.' },
            jobs: {
              type: 'array',
              items: JOB_SCHEMA,
              description: 'The background jobs of this process; those of others stand in what they say of themselves.',
            },
          },
        },
        example: { status: 'ok', reasons: [], version: '0.1.0', broker_mode: 'direct', jobs: [JOB_EXAMPLE] },
      },
    },
  })
  @ApiResponse({
    status: 429,
    description: 'The request budget is used up; `Retry-After` says when to go on.',
    headers: { 'Retry-After': { description: 'Seconds after which to ask again.', schema: { type: 'string' } } },
    content: {
      'application/problem+json': {
        schema: { type: 'object', additionalProperties: true },
        example: problemBody(problemOfStatus(429), '/health'),
      },
    },
  })
  async report(): Promise<HealthStatus> {
    return { ...(await this.health.report()), jobs: this.jobs.reports() };
  }
}
