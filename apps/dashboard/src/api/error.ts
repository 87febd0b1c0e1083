import { strings } from "@/strings";

/** What the server answered instead of what was asked for, or why there was no answer. */
export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    /** The HTTP status; 0 when no answer came. */
    readonly status: number,
    /** The stable code, `network` when no answer came. */
    readonly code: string,
    message: string,
    /** Field path to what is wrong with it. */
    readonly details: Record<string, string> = {},
    /** For the people who look into the server's log. */
    readonly requestId: string | null = null,
    /** Seconds after which a repeat makes sense. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** No answer: the network, or a server that is gone. */
export function unreachable(): ApiError {
  return new ApiError(0, "network", strings.common.unreachable);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Reads both shapes of error: the envelope, and that of the projects API, which has the same words at its top. */
export function readError(response: Response, body: unknown): ApiError {
  const found = isRecord(body) && isRecord(body.error) ? body.error : isRecord(body) ? body : {};
  const text = (name: string) => (typeof found[name] === "string" ? (found[name] as string) : null);
  const details: Record<string, string> = {};
  if (isRecord(found.details)) {
    for (const [path, reason] of Object.entries(found.details)) details[path] = String(reason);
  } else if (text("details")) {
    details[""] = text("details") ?? "";
  }
  const code = text("code") ?? text("key") ?? (response.status >= 500 ? "internal" : "unknown");
  const message = text("message") || strings.common.codes[code] || strings.common.failed(response.status);
  const requestId = text("request_id") ?? response.headers.get("x-request-id");
  const after = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new ApiError(response.status, code, message, details, requestId, Number.isNaN(after) ? null : after);
}

/** Any thrown thing as an `ApiError`, for places that show errors. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, "unexpected", error instanceof Error ? error.message : String(error));
}
