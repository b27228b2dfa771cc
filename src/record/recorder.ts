import type { RecordConfig } from '../config/model.ts';
import type { EventHub, SessionView } from '../observe/events.ts';
import { RecordFiles } from './record-file.ts';
import { Recording, type OpenedSink, type RecordingLimits } from './recording.ts';

const LIMITS: RecordingLimits = { queue: 1024 * 1024, stall: 30_000 };

/** What a recording asks of the session that it records. */
export interface Recorded {
  /** Nothing more may pass, because the disk is behind. */
  hold(): void;
  release(): void;
}

export interface RecorderOptions {
  readonly limits?: RecordingLimits;
  /** Creates the file of a session; by default a new one of the file system. */
  readonly create?: (config: RecordConfig, number: number) => Promise<OpenedSink>;
}

/** Makes the recordings of a bridge, and knows which are not finished yet. */
export class Recorder {
  readonly #events: EventHub;
  readonly #limits: RecordingLimits;
  readonly #create: (config: RecordConfig, number: number) => Promise<OpenedSink>;
  readonly #files = new Map<string, RecordFiles>();
  readonly #unfinished = new Set<Recording>();

  constructor(events: EventHub, options: RecorderOptions = {}) {
    this.#events = events;
    this.#limits = options.limits ?? LIMITS;
    this.#create = options.create ?? (({ path }, number) => this.#filesOf(path).create(number));
  }

  /** Begins to record a session. */
  start(config: RecordConfig, session: SessionView, recorded: Recorded): Recording {
    const events = this.#events;
    const recording = new Recording(
      config.path,
      () => this.#create(config, session.id),
      {
        onFull: () => recorded.hold(),
        onDrain: () => recorded.release(),
        onOpen: (file) => events.publish('record:start', { session, file }),
        onEnd: (file) => events.publish('record:end', { session, file }),
        onError: (error, file) => events.publish('record:error', { session, file, error }),
      },
      this.#limits,
    );
    this.#unfinished.add(recording);
    void recording.finished.then(() => this.#unfinished.delete(recording));
    return recording;
  }

  /** Recordings that are not closed yet. */
  get size(): number {
    return this.#unfinished.size;
  }

  /** Ends all recordings and resolves when they are on the disk; those that are not after `deadline` ms are given up. */
  async close(deadline: number): Promise<void> {
    const recordings = [...this.#unfinished];
    for (const recording of recordings) recording.end();
    const timer = setTimeout(() => {
      for (const recording of recordings) recording.abandon();
    }, deadline);
    await Promise.all(recordings.map(({ finished }) => finished));
    clearTimeout(timer);
  }

  #filesOf(path: string): RecordFiles {
    let files = this.#files.get(path);
    if (!files) this.#files.set(path, (files = new RecordFiles(path)));
    return files;
  }
}
