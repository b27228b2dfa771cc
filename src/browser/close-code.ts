/** The codes that this library closes with, besides those that its user gives; 4000 to 4999 are free for applications. */
export const CLOSE_CODE = {
  /** The user is done. */
  normal: 1000,
  /** The peer sent what is not base64. */
  badBase64: 4007,
  /** More is waiting than the limit allows. */
  limit: 4008,
} as const;
