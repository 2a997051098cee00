// What was refused, as a code with its values, where people meet it in forms: pages say it in words of their own.

/** Every refusal that has a code; where there is none, the message alone says it. */
export const refusals = [
  // Anywhere.
  'missing',
  'not_allowed',
  'fault',
  'store_away',
  'disk_full',
  'other_site',
  'session_ended',
  'too_many_tries',
  'sign_in',
  // Credentials.
  'no_provider',
  'provider_retired',
  'no_address',
  'field_missing',
  'field_unknown',
  'no_models',
  'key_moves',
  'changed_meanwhile',
  'deleted_long_ago',
  // People, keys and settings.
  'on_the_list',
  'not_yourself',
  'in_environment',
  'past',
  'provider_exists',
  'catalog_refuses',
  'keys_of_others',
  'mail_needs_sender',
  'too_many_experiments',
  'nothing_recognised',
  'range_backwards',
  'range_too_long',
  // Requests.
  'nobody_serves',
  // Recordings.
  'no_uploads',
  'recording_empty',
  'recording_too_large',
  'no_room',
  'recording_gone',
  'parts_missing',
  'too_many_jobs',
  'job_incomplete',
  'not_audio',
  'no_sound',
  'codec_unknown',
  'recording_damaged',
  'recording_protected',
  'length_impossible',
  'unsplittable',
  'nobody_transcribes',
  'nobody_takes',
  'nobody_offers',
] as const;
export type Refusal = (typeof refusals)[number];

/** Numbers, and names that people or providers gave; of lists, their count. */
export type Values = Readonly<Record<string, string | number>>;

/** The reason of a refusal. */
export const refused = (
  what: Refusal,
  values: Values = {},
): { code: 'refused'; what: Refusal; values: Record<string, string | number> } => ({
  code: 'refused',
  what,
  values: { ...values },
});

/** Why somebody is not let in: `reason` of a refusal `sign_in`. */
export type SignInReason =
  | 'malformed'
  | 'algorithm'
  | 'unknown_signer'
  | 'forged'
  | 'expired'
  | 'not_yet_valid'
  | 'wrong_audience'
  | 'wrong_issuer'
  | 'email_unverified'
  | 'nonce_missing'
  | 'nonce_unknown'
  | 'nonce_used'
  | 'not_invited'
  | 'not_managed'
  | 'invitation_expired'
  | 'unknown_role'
  | 'blocked'
  | 'other_account'
  | 'google_unreachable'
  | 'google_off'
  | 'local_off'
  | 'local_proxied'
  | 'wrong_token';
