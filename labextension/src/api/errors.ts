import type { ErrorBody } from './types';

/**
 * Reasons that only the front end can see; the server's own are the class names of its errors.
 */
export namespace Reason {
  /** The Jupyter server does not answer. */
  export const offline = 'Offline';

  /** The Jupyter server answers, but does not know the interface. */
  export const missing = 'NoServerExtension';

  /** The server extension speaks another version of the interface. */
  export const version = 'VersionMismatch';

  /** The answer is not what the interface promises. */
  export const unexpected = 'Unexpected';

  /** What was waited for did not come. */
  export const timeout = 'Timeout';

  /** The request was given up here. */
  export const cancelled = 'Cancelled';
}

/**
 * A request that failed, with what happened and what to do about it.
 */
export class ApiError extends Error {
  constructor(options: ApiError.IOptions) {
    super(options.message);
    this.name = 'ApiError';
    this.reason = options.reason;
    this.hint = options.hint ?? '';
    this.status = options.status ?? 0;
  }

  /** Stable and comparable. */
  readonly reason: string;

  /** What the user can do; may be empty. */
  readonly hint: string;

  /** HTTP status; 0 where there was no answer. */
  readonly status: number;

  /** Make an error of whatever was thrown. */
  static from(error: unknown): ApiError {
    return error instanceof ApiError
      ? error
      : new ApiError({ reason: Reason.unexpected, message: String(error) });
  }

  /** Whether the body of an answer is the interface's own error. */
  static isBody(value: unknown): value is ErrorBody {
    const body = value as Partial<ErrorBody> | null;
    return (
      typeof body === 'object' &&
      typeof body?.reason === 'string' &&
      typeof body.message === 'string'
    );
  }
}

export namespace ApiError {
  export interface IOptions {
    reason: string;
    message: string;
    hint?: string;
    status?: number;
  }
}
