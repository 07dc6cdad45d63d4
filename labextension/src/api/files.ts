import type { ApiClient } from './client';
import { ApiError, Reason } from './errors';
import type { FileList } from './types';

/** Seconds after which the server says what it still waits for. */
const WAIT = 1;

/** After so long nobody waits any more; milliseconds. */
const PATIENCE = 10 * 60 * 1000;

export interface IListing {
  snapshot: string;

  /** The folder; empty for the root. */
  path: string;

  /** Only names with these letters; empty for all. */
  match: string;
}

/**
 * What a folder of a snapshot holds; first waits until the snapshot can be read.
 *
 * @param onStep - Told what is waited for.
 */
export async function listFiles(
  api: ApiClient,
  listing: IListing,
  onStep: (step: string) => void,
  signal: AbortSignal
): Promise<FileList> {
  const deadline = Date.now() + PATIENCE;
  let step = '';
  while (Date.now() < deadline) {
    const answer = await api.files(listing, WAIT, signal);
    if ('items' in answer) {
      return answer;
    }
    step = answer.step;
    onStep(step);
  }
  throw new ApiError({ reason: Reason.timeout, message: step });
}
