// How instants are written between web app and server.
import * as z from 'zod/mini';

/** An instant as an ISO 8601 date-time in UTC. */
export const instantSchema = z.lazy(() => z.iso.datetime());
