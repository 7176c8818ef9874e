import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** Keys that were made for clients; one that was revoked stays, so that it is known what it was. */
@Entity('api_keys')
@Index('api_keys_name', ['name'], { unique: true, where: '"revoked_at" IS NULL' })
export class ApiKeyEntity {
  @PrimaryGeneratedColumn('increment')
  id!: number;

  @Column('text')
  name!: string;

  /** Hex digits of the SHA-256 of the key; the key itself is nowhere. */
  @Column('text', { unique: true })
  sha256!: string;

  /** Real time in microseconds, as are the others. */
  @Column('integer', { name: 'created_at' })
  createdAt!: number;

  /** From when on it does not hold any more; null for never. */
  @Column('integer', { name: 'expires_at', nullable: true })
  expiresAt!: number | null;

  /** Requests in a window; null for that of all keys. */
  @Column('integer', { name: 'request_limit', nullable: true })
  requestLimit!: number | null;

  @Column('integer', { name: 'revoked_at', nullable: true })
  revokedAt!: number | null;
}
