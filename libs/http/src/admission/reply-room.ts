import type { FastifyReply } from 'fastify';
import { AdmittedResponse } from './admitted-response';
import type { AnswerRoom } from './answer-room';

/** The room of a reply; undefined for one that goes to no socket. */
function roomOf({ raw }: FastifyReply): AnswerRoom | undefined {
  return raw instanceof AdmittedResponse ? raw.room : undefined;
}

/**
 * Waits until an answer of at most so many bytes may be made and handed over. Whatever may become larger than 64 kB asks
 * for it before it reads anything: so what waits takes no memory.
 * @throws ProblemError 503 when there is no room in time, or the reader is gone
 */
export async function reserveRoom(reply: FastifyReply, bytes: number): Promise<void> {
  await roomOf(reply)?.reserve(bytes);
}

/** Whether an answer that is at hand can be handed over without a wait. */
export function hasRoomFor(reply: FastifyReply, bytes: Buffer): boolean {
  return roomOf(reply)?.isThereFor(bytes) ?? true;
}

/** Makes what several answers share, of at most so many bytes, when there is room. @throws ProblemError 503 when there is none in time */
export async function withRoomToMake<T>(reply: FastifyReply, bytes: number, make: () => Promise<T>): Promise<T> {
  const room = roomOf(reply);
  return room ? room.whileMaking(bytes, make) : make();
}

/**
 * Makes a piece of an answer that is written piece by piece, of at most so many bytes, when there is room for it: what
 * waits has nothing in memory but its place. @throws ProblemError 503 when there is none in time, or the reader is gone
 */
export async function makePiece(
  reply: FastifyReply,
  bytes: number,
  make: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const room = roomOf(reply);
  return room ? room.makePiece(bytes, make) : make();
}

/**
 * Writes an answer to a file before it is sent, when there is a place for it: few are written at once, and few files wait
 * for their readers. @throws ProblemError 503 when there is none in time, or the reader is gone
 */
export async function whileWriting<T>(reply: FastifyReply, write: () => Promise<T>): Promise<T> {
  const room = roomOf(reply);
  return room ? room.whileWriting(write) : write();
}
