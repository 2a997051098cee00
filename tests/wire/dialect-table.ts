// What every recorded error reply must be understood as.
import type { ProviderFailure } from '#shared/failures.ts';

type Expected = Pick<ProviderFailure, 'kind'> & Partial<Omit<ProviderFailure, 'message' | 'status'>>;

const badCredential: Expected = { kind: 'bad_credential', covers: 'credential' };
const missing: Expected = { kind: 'model_missing', covers: 'model' };
const limited: Expected = { kind: 'rate_limited', covers: 'model' };
const notEntitled: Expected = { kind: 'not_entitled', covers: 'model' };
const tooLong: Expected = { kind: 'context_exceeded' };

/** By the name of the recording; message and status aside. */
export const expectedFailures: Readonly<Record<string, Expected>> = {
  'anthropic/chat-err400-claude_3_opus_20240229-e1e2e8.json': { kind: 'rejected' },
  'anthropic/chat-err400-claude_opus_4_6-1f2ed3.json': { kind: 'rejected' },
  'anthropic/chat-err401-claude_3_opus_20240229-5f7dfa.json': badCredential,
  'anthropic/chat-err401-claude_haiku_4_5_20251001-c73a63.json': badCredential,
  'anthropic/chat-err404-claude_sonet_4_5-e13ab4.json': missing,
  'azure/chat-err401-gpt_4.1-81949c.json': badCredential,
  'azure/chat-err404-gpt_4.1_mini-ff75ba.json': missing,
  'azure/chat-err429-grok_4_1_fast_non_reasoning-d99316.json': { ...limited, retryAfterMs: 1000 },
  'bedrock/chat-err400-us.amazon.nova_2_lite_v1-5985b1.json': tooLong,
  'bedrock/chat-err403-meta.llama2_13b_chat_v1-a4004e.json': badCredential,
  'bedrock/chat-err403-us.amazon.nova_2_lite_v1-28e3d4.json': badCredential,
  'cohere/chat-err400-command_a_03_2025-943850.json': tooLong,
  'cohere/chat-err401-command_a_03_2025-b0d8a4.json': badCredential,
  'cohere/chat-err404-command_r-c45141.json': missing,
  'cohere/chat-err404-command_r_plus-630e86.json': missing,
  'cohere/embed-err404-nonexistent-9ec76d.json': missing,
  'deepseek/chat-err400-deepseek_chat-76d073.json': tooLong,
  'gemini/chat-err400-gemini_2.5_flash-851fb1.json': badCredential,
  'gemini/chat-err404-gemini_3.6_flahs-c22dee.json': missing,
  'gemini/chat-err429-gemini_2.0_flash-d092d8.json': limited,
  'gemini/chat-stream-err400-gemini_2.0_flash_exp-10a7f4.json': badCredential,
  'groq/chat-err404-non_existent-eeaf50.json': missing,
  'ollama/chat-err404-nonexistent_model_latest-cf944e.json': missing,
  'openai/chat-err400-gpt_4o_mini-282e7a.json': { kind: 'rejected' },
  'openai/chat-err400-o1_mini-319823.json': { kind: 'rejected', field: 'stop' },
  'openai/chat-err403-text_embedding_3_small-3591aa.json': notEntitled,
  'openai/chat-err404-gpt_3.5_turbo_instruct-82ff42.json': missing,
  'openai/embed-err403-gpt_3.5_turbo_instruct-314019.json': notEntitled,
  'openai/embed-err404-non_existent_embedding_model-865766.json': missing,
  'openai/embed-err404-nonexistent-51b2de.json': missing,
  'openai/image-err400-gpt_image_1.5-0c92fe.json': { kind: 'rejected', param: 'images[0].image_url' },
  'openai/responses-err400-gpt_5.2_proo-e9c7ba.json': missing,
  'openai/responses-err400-gpt_5_nano-94f4f5.json': tooLong,
  'openai/responses-err401-gpt_4.1_nano-36ca1d.json': badCredential,
  'openai/responses-err401-gpt_4.1_nano-49d42a.json': badCredential,
  'openai/responses-err401-gpt_5_nano-3e28de.json': badCredential,
  'openrouter/chat-err400-anthropic_claude_haiku_4.5-afe1dc.json': tooLong,
  'openrouter/chat-err429-google_gemini_2.0_flash_exp_free-fbb0e8.json': limited,
  'reported-429/anthropic-account.json': limited,
  'reported-429/anthropic-input-tokens.json': limited,
  'reported-429/anthropic-openai-compat.json': limited,
  'reported-429/anthropic-rate-limited-short.json': limited,
  'reported-429/cerebras-rpm.json': limited,
  'reported-429/gemini-free-rpd.json': { kind: 'quota_exhausted', covers: 'model', untilReset: true },
  'reported-429/gemini-free-tpm.json': { ...limited, retryAfterMs: 26_000 },
  'reported-429/groq-413-tpm.json': { kind: 'too_large' },
  'reported-429/groq-tpm-minutes.json': { kind: 'too_large' },
  'reported-429/groq-tpm.json': { ...limited, retryAfterMs: 6781 },
  'reported-429/mistral-1300-new.json': limited,
  'reported-429/mistral-1300.json': limited,
  'reported-429/mistral-old.json': limited,
  'reported-429/openai-insufficient-quota.json': { kind: 'quota_exhausted', covers: 'credential' },
  'reported-429/openai-request-too-large.json': { kind: 'too_large' },
  'reported-429/openrouter-402.json': { kind: 'quota_exhausted', covers: 'model' },
  'reported-429/openrouter-free-per-day.json': { kind: 'quota_exhausted', covers: 'model', untilReset: true },
  'reported-429/together-60qpm.json': limited,
  'reported-429/xai-tpm.json': limited,
  'vertex/chat-err404-gemini_does_not_exist-16f08e.json': missing,
  'vertex/embed-err401-gemini_embedding_001-c354d5.json': badCredential,
  'xai/responses-err400-grok_4.3-fe7fda.json': badCredential,
};
