/** What a promise is rejected with; undefined when it is not. Whoever asks at once may take the answer later. */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
