/**
 * One thing on the server that is fetched again and again.
 *
 * Requests that come while one is under way share the next one, so that a burst costs two fetches
 * and what is accepted is never older than the newest request.
 */
export class Fetcher<T> {
  /**
   * @param fetch - Gets the thing.
   * @param accept - Takes what was got.
   */
  constructor(fetch: () => Promise<T>, accept: (value: T) => void) {
    this._fetch = fetch;
    this._accept = accept;
  }

  /** Whether a fetch is under way. */
  get isRunning(): boolean {
    return this._running !== null;
  }

  /** Fetch; resolves when a value that is not older than this call was accepted. */
  run(): Promise<void> {
    if (this._running) {
      this._again = true;
      return this._running;
    }
    this._running = this._loop().finally(() => {
      this._running = null;
    });
    return this._running;
  }

  /** Something newer than the fetch under way is known: what that brings is out of date. */
  outdate(): void {
    this._again = this._running !== null;
  }

  private async _loop(): Promise<void> {
    for (let round = 0; ; round++) {
      this._again = false;
      const value = await this._fetch();
      if (!this._again || round >= ROUNDS) {
        this._accept(value);
      }
      if (!this._again) {
        return;
      }
    }
  }

  private readonly _fetch: () => Promise<T>;
  private readonly _accept: (value: T) => void;
  private _running: Promise<void> | null = null;
  private _again = false;
}

/** After so many fetches without an end of the burst, what comes is shown all the same. */
const ROUNDS = 2;
