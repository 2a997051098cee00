// What Freeway uses of the models that packages of the Vercel AI SDK make; of their specification, versions 2 to 4.

/** A part of a prompt, an answer or a stream: told apart by `type`. */
export type Part = Readonly<Record<string, unknown>> & { readonly type: string };

export interface CallOptions {
  readonly prompt: readonly unknown[];
  readonly abortSignal: AbortSignal;
  readonly [option: string]: unknown;
}

export interface Generated {
  readonly content: readonly Part[];
  readonly finishReason: unknown;
  readonly usage: unknown;
}

export interface LanguageModel {
  readonly specificationVersion: string;
  doGenerate(options: CallOptions): PromiseLike<Generated>;
  doStream(options: CallOptions): PromiseLike<{ readonly stream: ReadableStream<Part> }>;
}

export interface EmbeddingModel {
  doEmbed(options: { readonly values: readonly string[]; readonly abortSignal: AbortSignal }): PromiseLike<{
    readonly embeddings: readonly (readonly number[])[];
    readonly usage?: { readonly tokens: number };
  }>;
}

export interface TranscriptionModel {
  doGenerate(options: {
    readonly audio: Uint8Array;
    readonly mediaType: string;
    readonly abortSignal: AbortSignal;
  }): PromiseLike<{
    readonly text: string;
    readonly language?: string;
    readonly durationInSeconds?: number;
    readonly segments?: readonly {
      readonly text: string;
      readonly startSecond: number;
      readonly endSecond: number;
    }[];
  }>;
}

type Make<T> = (modelId: string) => T;

/** What a package's `create...` answers. */
export interface SdkProvider {
  readonly languageModel?: Make<LanguageModel>;
  readonly embeddingModel?: Make<EmbeddingModel>;
  readonly textEmbeddingModel?: Make<EmbeddingModel>;
  readonly transcriptionModel?: Make<TranscriptionModel>;
}

type Create = (settings: Readonly<Record<string, unknown>>) => SdkProvider;

/** The function of a package that makes its provider; null when it has none. */
export function findCreate(loaded: Readonly<Record<string, unknown>>): Create | null {
  const name = Object.keys(loaded).find((key) => /^create[A-Z]/.test(key) && typeof loaded[key] === 'function');
  return name === undefined ? null : (loaded[name] as Create);
}
