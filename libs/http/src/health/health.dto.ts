import { ApiProperty } from '@nestjs/swagger';

const CHECKS_EXAMPLE = { store: { ok: true, detail: '' } };

/** Answer of `/livez` and `/readyz` when no check fails. */
export class ProbeDto {
  @ApiProperty({ enum: ['ok'], example: 'ok' })
  readonly status!: 'ok';

  @ApiProperty({ type: 'object', additionalProperties: true, example: CHECKS_EXAMPLE })
  readonly checks!: object;
}

export interface Probe {
  readonly status: 'ok';
  readonly checks: object;
}
