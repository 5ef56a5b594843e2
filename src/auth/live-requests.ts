/** A request under way whose credential was accepted when it began. */
interface LiveRequest {
  authorization: string;
  /** Whether it may go on for hours, as a stream of events does. */
  isStream: () => boolean;
  end: () => void;
}

/** The requests under way, so that those of a credential that ends can be ended too. */
export interface LiveRequests {
  /** @returns a function that takes the request off the list */
  add(request: LiveRequest): () => void;
  /**
   * Ends the requests whose credential is not accepted any more.
   *
   * @param hasChanged whether credentials have changed since the last call. If not, a credential may only have
   *   expired, which ends streams: a file that is being sent may be finished
   */
  check(hasChanged: boolean): Promise<void>;
}

export function createLiveRequests(isAccepted: (authorization: string) => Promise<boolean>): LiveRequests {
  const live = new Set<LiveRequest>();
  return {
    add: (request) => {
      live.add(request);
      return () => live.delete(request);
    },
    check: async (hasChanged) => {
      const verdicts = new Map<string, boolean>();
      for (const request of [...live]) {
        if (!hasChanged && !request.isStream()) continue;
        const { authorization } = request;
        const verdict = verdicts.get(authorization) ?? (await isAccepted(authorization));
        verdicts.set(authorization, verdict);
        if (!verdict) request.end();
      }
    },
  };
}
