import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** One wrong field of a request. */
export class FieldProblemDto {
  @ApiProperty({ description: 'Name of the parameter.', example: 'limit' })
  readonly field!: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'The value as sent, cut to 100 characters; null when there was none.',
    example: '0',
  })
  readonly value!: string | null;

  @ApiProperty({ description: 'What is allowed.', example: 'one whole number from 1 to 5000' })
  readonly allowed!: string;
}

/** Every error: RFC 9457 problem details. */
export class ProblemDto {
  @ApiProperty({ description: 'Identifies the kind of problem.', example: 'urn:csp:problem:request-invalid-parameter' })
  readonly type!: string;

  @ApiProperty({ description: 'The kind of problem in words.', example: 'A parameter is not allowed' })
  readonly title!: string;

  @ApiProperty({ type: 'integer', description: 'The HTTP status.', example: 400 })
  readonly status!: number;

  @ApiProperty({
    description: 'What is wrong this time.',
    example: 'limit: "0" is not allowed; expected one whole number from 1 to 5000',
  })
  readonly detail!: string;

  @ApiProperty({ description: 'Path of the request.', example: '/trades/latest' })
  readonly instance!: string;

  @ApiProperty({ description: 'Stable code of the problem.', example: 'REQUEST.INVALID_PARAMETER' })
  readonly code!: string;

  @ApiPropertyOptional({ type: [FieldProblemDto], description: 'The wrong fields, where there are any.' })
  readonly errors?: FieldProblemDto[];
}
