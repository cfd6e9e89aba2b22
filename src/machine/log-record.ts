/** Where a record comes from: the guest's serial console, the hypervisor's own output, the life of the instance. */
export const LOG_STREAMS = ['console', 'hypervisor', 'lifecycle'] as const
export type LogStream = (typeof LOG_STREAMS)[number]

/** One line of an instance's log, as it is stored and sent. spec/runtime.md */
export interface LogRecord {
  /** When the daemon saw it; RFC 3339 in UTC. */
  readonly time: string
  readonly stream: LogStream
  /** The text without its line end; U+FFFD stands for what is not UTF-8. */
  readonly line: string
  /** The line goes on in the next record of the stream. */
  readonly partial?: true
  /** The bytes of {@link line} where they are not UTF-8. */
  readonly base64?: string
  /** Bytes of the stream up to the end of this record, line end included. */
  readonly offset?: number
}
