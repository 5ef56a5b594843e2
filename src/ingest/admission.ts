import { AppError } from "../errors.ts";
import type { Room } from "../kit/room.ts";
import { type BodyHold, holdBody } from "../kit/sent-bytes.ts";

/**
 * Bounds the memory, whatever arrives. A request beyond the largest number is refused at once, before any of it is
 * read. Room for bodies is taken as they arrive, so a slow sender holds no more than it has sent.
 */
export interface Admission {
  /** @throws AppError too_many_requests */
  enter(): Admitted;
  /**
   * The figures that let a client slow down in time. `remaining`: how many more requests are taken, 0 while bodies wait
   * for room.
   */
  limits(): { requests: number; remaining: number };
  readonly room: Room;
}

export interface Admitted {
  /** Room for the held part of its body. */
  readonly body: BodyHold;
  leave(): void;
}

export function createAdmission(maxRequests: number, room: Room): Admission {
  let requests = 0;
  return {
    room,
    limits: () => ({
      requests: maxRequests,
      remaining: room.isFull("bodies") ? 0 : Math.max(0, maxRequests - requests),
    }),
    enter: () => {
      if (requests >= maxRequests) {
        const detail = `${maxRequests} requests are under way already; nothing was read of this one.`;
        throw new AppError("too_many_requests", detail, {}, { retryAfterSeconds: 1 });
      }
      requests++;
      const body = holdBody(room);
      let inside = true;
      return {
        body,
        leave: () => {
          if (!inside) return;
          inside = false;
          requests--;
          body.release();
        },
      };
    },
  };
}
