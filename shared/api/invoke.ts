// What the web app and the routes of direct invokes say to each other: named endpoints, and which agent uses which.
import * as z from 'zod/mini';
import { agentAssignmentSchema, endpointConfigurationSchema } from '../invoke.ts';

/** GET /api/invoke. */
export const invokeSettingsSchema = z.object({
  endpoints: z.array(endpointConfigurationSchema),
  assignments: z.array(agentAssignmentSchema),
});

/** DELETE /api/invoke/endpoints: which of those with one name. */
export const endpointQuerySchema = z.object({
  name: z.string().check(z.minLength(1)),
  environment: z._default(z.string(), '*'),
  model: z.string().check(z.minLength(1)),
});

/** DELETE /api/invoke/assignments. */
export const assignmentQuerySchema = z.object({
  agent: z.string().check(z.minLength(1)),
  environment: z._default(z.string(), '*'),
});
