import { ApiProperty } from '@nestjs/swagger';

const SHA256 = '6f1f1a0e6cfbd5fb1c9d2a4b3e5d7c8091a2b3c4d5e6f708192a3b4c5d6e7f80';

/** A file of a build. */
export class BuildFileDto {
  @ApiProperty({ description: 'Name of the file.', example: 'hourly_ohlcv.parquet' })
  readonly name!: string;

  @ApiProperty({
    description: 'Its address, which never leads to other bytes: path of this server.',
    example: '/data/12-4a7d1ed41447/hourly_ohlcv.parquet',
  })
  readonly url!: string;

  @ApiProperty({ description: 'Size in bytes.', type: 'integer', minimum: 0, example: 41822310 })
  readonly bytes!: number;

  @ApiProperty({
    description: 'SHA-256 of the file, hexadecimal; its `ETag` too.',
    pattern: '^[0-9a-f]{64}$',
    example: SHA256,
  })
  readonly sha256!: string;

  @ApiProperty({
    description: 'Rows of the table; null for `datapackage.json`, and where the build is of a release that did not tell.',
    type: 'integer',
    minimum: 0,
    nullable: true,
    example: 1000200,
  })
  readonly rows!: number | null;
}

/** A build: all tables as they were at one moment. */
export class BuildDto {
  @ApiProperty({ description: 'Name of the build, which no other ever has.', example: '12-4a7d1ed41447' })
  readonly build!: string;

  @ApiProperty({
    description: 'When it was made, UTC.',
    type: 'string',
    format: 'date-time',
    example: '2026-01-16T00:30:07.412Z',
  })
  readonly made_at!: string;

  @ApiProperty({ description: 'Whether `/data/latest/` leads to it.', type: 'boolean', example: true })
  readonly latest!: boolean;

  @ApiProperty({ description: 'Its files.', type: [BuildFileDto] })
  readonly files!: BuildFileDto[];
}

/** Answer of `/data/`. */
export class BuildListDto {
  @ApiProperty({ description: 'The builds that are kept, newest first.', type: [BuildDto] })
  readonly data!: BuildDto[];
}

/** The plain object that {@link BuildDto} describes. */
export type BuildItem = Omit<Readonly<BuildDto>, 'files'> & {
  readonly files: readonly { readonly [Key in keyof BuildFileDto]: BuildFileDto[Key] }[];
};

/** The list as the documentation shows it. */
export const BUILD_LIST_EXAMPLE = {
  data: [
    {
      build: '12-4a7d1ed41447',
      made_at: '2026-01-16T00:30:07.412Z',
      latest: true,
      files: [
        {
          name: 'hourly_ohlcv.parquet',
          url: '/data/12-4a7d1ed41447/hourly_ohlcv.parquet',
          bytes: 41_822_310,
          sha256: SHA256,
          rows: 1_000_200,
        },
      ],
    },
  ],
} as const;
