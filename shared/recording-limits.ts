// How large recordings may be, whoever uploads them.

/** Recordings may be so large: eleven hours of speech as an uncompressed telephone call, a day as mp3. */
export const MAX_RECORDING_BYTES = 1024 * 1024 * 1024;
