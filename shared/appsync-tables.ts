// Where older apps keep what direct invokes are configured by.
import * as z from 'zod/mini';

/** Names of the tables in which an Amplify or AppSync app keeps such settings, as it made them; absent ones are not read. */
export const appSyncTablesSchema = z.lazy(() =>
  z.strictObject({
    ProviderTemplate: z.optional(z.string()),
    EndpointConfiguration: z.optional(z.string()),
    AgentModelAssignment: z.optional(z.string()),
  }),
);
export type AppSyncTables = z.infer<typeof appSyncTablesSchema>;
